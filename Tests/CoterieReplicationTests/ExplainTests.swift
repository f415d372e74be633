import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

extension TestCluster {
    /// What a node's own replica is said to hold.
    fileprivate func inspect(_ number: Int, _ key: ObjectKey, token: UInt64) -> ClientResult? {
        feed(.inspect(ReplyToken(rawValue: 1 << 40 + token), key), to: MemberNumber(UInt32(number)))
        settle()
        return reply(1 << 40 + token)?.result
    }

    fileprivate func merges(_ number: Int, _ name: String) -> [RememberedMerge] {
        self[number].machine.rememberedMerges(of: key(name))
    }
}

/// An operation on a key of the type that `default` has.
private func update(_ name: String, _ operation: SetOperation) -> ClientRequest {
    ClientRequest(key: key(name), operation: .update(operation.canonicalBytes(), context: nil, id: nil))
}

@Suite struct ExplainTests {
    @Test func writesThatFollowEachOtherAreNotRemembered() throws {
        let cluster = try TestCluster()
        let first = cluster.call(1, put("k", "a")).context
        _ = cluster.call(2, put("k", "b", context: first))
        cluster.settle()
        for number in 1 ... 3 { #expect(cluster.merges(number, "k").isEmpty) }
    }

    @Test func aWriteBesideWhatItHasNotSeenIsRememberedWhereItWasMinted() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        cluster.settle()
        let first = try #require(cluster.held(2, "k")).liveDots
        let second = cluster.call(2, put("k", "b")).receipt.written
        let merge = try #require(cluster.merges(2, "k").first)
        #expect(merge.from == nil && merge.event == second)
        #expect(merge.stayed == first && merge.replaced.isEmpty)
        #expect(cluster.merges(2, "other").isEmpty)
        let context = cluster.call(2, get("k")).context
        let third = cluster.call(2, put("k", "c", context: context)).receipt.written
        let resolution = try #require(cluster.merges(2, "k").first)
        #expect(resolution.event == third && resolution.stayed.isEmpty)
        let beside = try #require(second)
        #expect(Set(resolution.replaced) == Set(first + [beside]))
    }

    @Test func statesThatHaveNotSeenEachOtherAreRememberedWhereTheyMeet() throws {
        let cluster = try TestCluster()
        let a = cluster.ask(1, put("k", "a"))
        let b = cluster.ask(2, put("k", "b"))
        cluster.settle()
        let first = try #require(cluster.reply(a)?.receipt.written)
        let second = try #require(cluster.reply(b)?.receipt.written)
        let merge = try #require(cluster.merges(1, "k").first { $0.from == MemberNumber(2) })
        #expect(merge.event == second && merge.arrived == [second] && merge.stayed == [first])
        #expect(cluster.merges(2, "k").contains { $0.from == MemberNumber(1) && $0.arrived == [first] })
    }

    @Test func anUpdateThatOnlyTookAwayIsRememberedAndOneThatAddedIsNot() throws {
        let cluster = try TestCluster(types: [BucketType(name: "default", n: 3, kind: .set)])
        let added = cluster.call(1, update("k", SetOperation(adds: [ByteBuffer(string: "milk")]))).receipt.written
        _ = cluster.call(1, update("k", SetOperation(adds: [ByteBuffer(string: "tea")])))
        #expect(cluster.merges(1, "k").isEmpty)
        let removed = cluster.call(1, update("k", .remove(ByteBuffer(string: "milk")))).receipt.written
        let merge = try #require(cluster.merges(1, "k").first)
        let first = try #require(added)
        #expect(merge.event == removed && merge.replaced == [first] && merge.stayed.count == 1)
    }

    @Test func theOldestAreForgottenFirst() throws {
        var settings = ReplicationSettings()
        settings.mergesRemembered = 2
        let cluster = try TestCluster(settings: settings)
        for value in ["a", "b", "c", "d"] { _ = cluster.call(1, put("k", value)) }
        let merges = cluster.merges(1, "k")
        #expect(merges.count == 2)
        #expect(merges.map(\.stayed.count) == [3, 2])
        settings.mergesRemembered = 0
        let forgetful = try TestCluster(settings: settings)
        for value in ["a", "b"] { _ = forgetful.call(1, put("k", value)) }
        #expect(forgetful.merges(1, "k").isEmpty)
    }

    @Test func theOwnReplicaIsToldAsItIs() throws {
        let cluster = try TestCluster(nodes: 4)
        _ = cluster.call(1, put("k", "a"))
        cluster.settle()
        for (index, owner) in cluster.owners("k").enumerated() {
            let told = cluster.inspect(owner, key("k"), token: UInt64(index))
            #expect(told == cluster.held(owner, "k").map { .object($0) })
        }
        #expect(cluster.inspect(cluster.owners("none")[0], key("none"), token: 8) == .object(CausalObject()))
        guard case .failed(let failure)? = cluster.inspect(cluster.stranger(to: "k"), key("k"), token: 9) else {
            Issue.record("a stranger tells of a key that it does not keep")
            return
        }
        #expect(failure.code == .notOwner)
    }

    @Test func aReplicaThatLiesOnDiskIsToldWhenTheDiskHasAnswered() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        cluster.settle()
        cluster[1].engine.readsAreSlow = true
        let told = cluster.inspect(1, key("k"), token: 1)
        #expect(cluster[1].engine.readsAreSlow)
        #expect(told == cluster.held(1, "k").map { .object($0) } && told != nil)
    }
}
