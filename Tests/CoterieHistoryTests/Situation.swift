// A tiny language for histories: `s.put(1, by: 0, over: [a1])`, one operation a line, calls and returns in order.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

let a = ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 10))
let b = ReplicaID(member: MemberNumber(2), incarnation: Incarnation(nonce: 20))
let c = ReplicaID(member: MemberNumber(3), incarnation: Incarnation(nonce: 30))

func vector(_ dots: Dot...) -> VersionVector { VersionVector(dots) }

/// What a read shows: values under their dots, and the context.
func shows(_ values: [(Dot, UInt64)], _ context: VersionVector) -> Reply {
    Reply(context: context, siblings: values.map { SeenValue(dot: $0.0, value: ValueID($0.1)) })
}

struct Situation {
    var history: History
    var promise = Promise()
    var key = ObjectKey(type: "t", bucket: "b", key: "k")
    var final: Reply?
    private var time: Int64 = 0

    init(_ kind: TypeKind = .siblings) {
        history = History(rules: ["t": BucketRule(n: 3, kind: kind)])
    }

    mutating func now() -> Instant {
        time += 1_000
        return Instant(nanoseconds: time)
    }

    static func receipt(_ coordinator: ReplicaID, _ members: [UInt32], isWrite: Bool) -> Receipt {
        Receipt(
            coordinator: coordinator.member, epoch: Epoch(1),
            asked: AskedQuorum(n: 3, quorum: members.count, durable: isWrite ? members.count : 0), met: members.count,
            metPrimary: members.count, metDurable: isWrite ? members.count : 0,
            responders: members.map {
                Responder(member: MemberNumber($0), role: .primary, answer: isWrite ? .durable : .value)
            })
    }

    /// A write from call to return, acknowledged by `by` replicas, minted where `dot` says.
    @discardableResult
    mutating func put(
        _ value: UInt64?, _ dot: Dot, over sent: VersionVector? = nil, process: UInt32 = 0,
        acknowledgedBy: [UInt32] = [1, 2],
        outcome: Outcome = .ok, context: VersionVector? = nil
    ) -> RecordID {
        let id = call(value, over: sent, process: process)
        finish(id, dot, over: sent, acknowledgedBy: acknowledgedBy, outcome: outcome, context: context)
        return id
    }

    mutating func call(_ value: UInt64?, over sent: VersionVector? = nil, process: UInt32 = 0) -> RecordID {
        history.call(
            value.map { .put(ValueID($0)) } ?? .delete, key: key, by: ProcessNumber(process), context: sent,
            replacesFound: value == nil && sent == nil, at: now())
    }

    mutating func finish(
        _ id: RecordID, _ dot: Dot, over sent: VersionVector? = nil, acknowledgedBy: [UInt32] = [1, 2],
        outcome: Outcome = .ok, context: VersionVector? = nil
    ) {
        var own = context ?? sent ?? VersionVector()
        own.observe(dot)
        var receipt = Self.receipt(dot.replica, acknowledgedBy, isWrite: true)
        receipt.written = dot
        history.complete(
            id, outcome, reply: outcome == .ok ? Reply(context: own) : nil, receipt: outcome == .ok ? receipt : nil,
            at: now())
    }

    @discardableResult
    mutating func get(
        _ reply: Reply, by members: [UInt32] = [1, 2], process: UInt32 = 1, floor: VersionVector? = nil,
        meanwhile: (inout Self) -> Void = { _ in }
    ) -> RecordID {
        let id = history.call(.get, key: key, by: ProcessNumber(process), floor: floor, at: now())
        meanwhile(&self)
        let receipt = Self.receipt(a, members, isWrite: false)
        history.complete(id, .ok, reply: reply, receipt: receipt, at: now())
        return id
    }

    func judged(_ checkers: Checker...) -> [Violation] {
        var judge = Judge(promise: promise)
        if !checkers.isEmpty { judge.checkers = Set(checkers) }
        var end: FinalState?
        if let final {
            end = FinalState()
            end?.set(key, final)
        }
        return judge.judge(history, final: end)
    }

    /// Exactly this checker objects, and names these operations.
    func expect(
        _ checker: Checker, _ records: [RecordID], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = judged(checker)
        #expect(found.map(\.checker) == [checker], "\(found)", sourceLocation: sourceLocation)
        #expect(Set(found.first?.records ?? []) == Set(records), "\(found)", sourceLocation: sourceLocation)
    }

    func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) {
        let found = judged()
        #expect(found.isEmpty, "\(found)", sourceLocation: sourceLocation)
    }
}
