// Recording: from requests and replies, with bounded memory, values that name themselves.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

@Suite struct RecordingTests {
    let key = ObjectKey(type: "default", bucket: "b", key: "k")
    let now = Instant(nanoseconds: 0)

    @Test func aValueNamesItselfAndNoTornOneDoes() {
        for (id, bytes) in [(1 as UInt64, 0), (42, 64), (1 << 52, 1_000), (9_999_999, 37)] {
            let payload = ValueID(id).payload(bytes: bytes)
            #expect(payload.readableBytes >= bytes)
            #expect(ValueID(reading: payload) == ValueID(id))
            for length in 0 ..< payload.readableBytes {
                #expect(ValueID(reading: payload.getSlice(at: 0, length: length) ?? payload) == .unreadable)
            }
            for index in 0 ..< payload.readableBytes {
                var changed = payload
                changed.setInteger(payload.getInteger(at: index, as: UInt8.self)! ^ 1, at: index)
                #expect(ValueID(reading: changed) == .unreadable, "byte \(index) of \(id)")
            }
        }
    }

    @Test func requestsAndRepliesBecomeRecords() throws {
        var history = History()
        let value = history.freshValue()
        var options = RequestOptions()
        options.w = .all
        options.dw = .one
        let put = history.call(
            ClientRequest(
                key: key, operation: .put(Content(value.payload()), context: nil, condition: .present), options: options
            ),
            by: ProcessNumber(3), at: now)
        let delete = history.call(
            ClientRequest(key: key, operation: .delete(context: nil, condition: nil)), by: ProcessNumber(3), at: now)
        let get = history.call(ClientRequest(key: key, operation: .get), by: ProcessNumber(4), at: now)
        let late = history.call(ClientRequest(key: key, operation: .get), by: ProcessNumber(4), at: now)
        let receipt = Situation.receipt(a, [1, 2], isWrite: true)
        history.complete(
            put, with: ClientReply(result: .stored(context: vector(Dot(a, 1)), object: nil), receipt: receipt), at: now)
        var object = CausalObject()
        object.write(dot: Dot(a, 1), payload: Content(value.payload()).encoded(), observed: VersionVector())
        history.complete(get, with: ClientReply(result: .object(object), receipt: receipt), at: now)
        history.complete(delete, with: ClientReply(result: .object(CausalObject()), receipt: receipt), at: now)
        history.complete(late, failure: Failure(.timeout, "late", outcome: .unknown), at: now)
        #expect(history.records.map(\.outcome) == [.ok, .nothingToDelete, .ok, .unknown])
        let first = try #require(history[put])
        #expect(first.action == .put(value) && first.replacesFound && first.isConditional)
        #expect(first.asked == Asked(quorum: .all, durable: .one))
        #expect(history[get]?.reply?.siblings == [SeenValue(dot: Dot(a, 1), value: value)])
        #expect(history[late]?.code == .timeout)
    }

    @Test func aBoundedHistoryDropsWholeKeys() {
        var history = History(retention: Retention(maximumRecords: 100, receipts: false))
        let keys = (0 ..< 40).map { ObjectKey(type: "default", bucket: "b", key: "\($0)") }
        var called = [ObjectKey: Int]()
        for index in 0 ..< 1_000 {
            let key = keys[index % 40]
            called[key, default: 0] += 1
            let id = history.call(.get, key: key, by: ProcessNumber(1), at: now)
            if index % 3 > 0 { history.complete(id, .ok, at: now) }
        }
        #expect(history.records.count <= 100 && !history.records.isEmpty)
        #expect(history.records.count + history.dropped == 1_000)
        for (key, records) in Dictionary(grouping: history.records, by: \.key) {
            #expect(records.count == called[key], "\(key) is there in part")
        }
        #expect(history.records.filter { $0.outcome == .open }.count < history.records.count / 2)
    }

    @Test func oneKeyThatDoesNotFitIsDroppedAndNotCut() {
        var history = History(retention: Retention(maximumRecords: 10))
        for _ in 0 ..< 20 { history.call(.get, key: key, by: ProcessNumber(1), at: now) }
        #expect(history.records.isEmpty)
        #expect(history.dropped == 20)
    }

    @Test func whatIsMissingInAReplicaIsFoundByConvergence() {
        var one = ReplicaState(member: MemberNumber(1), objects: [key: ByteBuffer(string: "x")])
        let two = ReplicaState(member: MemberNumber(2))
        let owners = [MemberNumber(1), MemberNumber(2)]
        #expect(Convergence.check([one, two]) { _ in owners }.count == 1)
        #expect(Convergence.check([one, two]) { _ in [MemberNumber(1)] }.isEmpty)
        one.objects = [:]
        one.queued = ["hints": 2]
        let group = Group(partition: PartitionIndex(1), n: 3)
        one.clocks = [group: ByteBuffer(string: "a")]
        let found = Convergence.check([one, two]) { _ in
            owners
        } holders: { _ in
            owners
        }
        #expect(found.map(\.checker) == [.convergence, .convergence])
        #expect(found[0].text == "m1 still has 2 of hints")
    }
}
