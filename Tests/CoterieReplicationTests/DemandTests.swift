// A bounded counter on nodes: rights are where units were added, and go where they are asked for.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieTypes
import CoterieWire
import Testing

@Suite struct DemandTests {
    private static let types = [
        BucketType(name: "default", n: 3, kind: .siblings), BucketType(name: "bcounters", n: 3, kind: .bcounter),
    ]

    private func stock(_ operation: BoundedCounterOperation, _ change: (inout RequestOptions) -> Void = { _ in })
        -> ClientRequest
    {
        update("k", BoundedCounter.self, operation, change)
    }

    private func amount(_ cluster: TestCluster, through node: Int) -> Int64? {
        cluster.call(node, get("k", type: "bcounters") { $0.r = .all }).value(BoundedCounter.self)?.amount
    }

    @Test func whatAnotherOwnerHasTheRightToIsAskedFor() throws {
        let cluster = try TestCluster(types: Self.types)
        #expect(cluster.call(1, stock(.add(10))).isStored)
        for node in [2, 3, 2, 3] { #expect(cluster.call(node, stock(.take(1))).isStored) }
        #expect(amount(cluster, through: 1) == 6)
        // Half of the rights came at once: not each unit was asked for.
        #expect(cluster[2].machine.counters.demands == 1)
        #expect(cluster[3].machine.counters.demands == 1)
    }

    @Test func theLastUnitIsSoldOnceFromWhereverItLies() throws {
        let cluster = try TestCluster(nodes: 5, types: Self.types)
        #expect(cluster.call(1, stock(.add(10))).isStored)
        var sold = 0
        for turn in 0 ..< 25 where cluster.call(turn % 5 + 1, stock(.take(1))).isStored { sold += 1 }
        #expect(sold == 10)
        #expect(amount(cluster, through: 4) == 0)
        let refused = cluster.call(2, stock(.take(1)))
        #expect(refused.failure?.code == .operationRefused)
        #expect(refused.failure?.outcome == .notApplied)
    }

    @Test func moreThanOneHasIsCollectedFromSeveral() throws {
        let cluster = try TestCluster(types: Self.types)
        for node in 1 ... 3 { #expect(cluster.call(node, stock(.add(4))).isStored) }
        #expect(cluster.call(2, stock(.take(12))).isStored)
        #expect(amount(cluster, through: 1) == 0)
        #expect(cluster.call(3, stock(.take(1))).failure?.code == .operationRefused)
    }

    /// Whoever cannot hear the others sells what it has the right to, and nothing else.
    @Test func inAPartitionEachSideSellsWhatItHas() throws {
        let cluster = try TestCluster(types: Self.types)
        #expect(cluster.call(1, stock(.add(6))).isStored)
        #expect(cluster.call(3, stock(.take(1))).isStored)  // Node 3 has got half of them.
        for other in 1 ... 2 { cluster.disconnect(MemberNumber(UInt32(other)), MemberNumber(3)) }
        var sold = [0, 0]
        for (side, node) in [1, 3].enumerated() {
            for _ in 0 ..< 10 where cluster.call(node, stock(.take(1)) { $0.w = .one }).isStored { sold[side] += 1 }
        }
        #expect(sold == [3, 2])
        for other in 1 ... 2 { cluster.connect(MemberNumber(UInt32(other)), MemberNumber(3)) }
        cluster.pass(.seconds(10))
        #expect(amount(cluster, through: 2) == 0)
    }

    @Test func anOwnerThatGoesAwayIsNotWaitedFor() throws {
        let cluster = try TestCluster(types: Self.types)
        #expect(cluster.call(1, stock(.add(5))).isStored)
        #expect(cluster.call(3, stock(.add(1))).isStored)
        cluster.swallow { message, _, to in if case .request = message { to == 1 } else { false } }
        let token = cluster.ask(2, stock(.take(1)))
        cluster.settle()
        #expect(cluster.reply(token) == nil)
        cluster.kill(1)
        cluster.settle()
        #expect(cluster.reply(token)?.isStored == true, "node 3 has given")
        #expect(amount(cluster, through: 2) == nil)
        #expect(
            cluster.call(2, get("k", type: "bcounters")).value(BoundedCounter.self)?.amount == 5)
    }

    @Test func whereNobodyAnswersNothingIsApplied() throws {
        let cluster = try TestCluster(types: Self.types)
        #expect(cluster.call(1, stock(.add(5))).isStored)
        cluster.swallow { message, _, to in if case .request = message { to == 1 } else { false } }
        let token = cluster.ask(2, stock(.take(1)) { $0.timeout = .seconds(1) })
        cluster.settle()
        cluster.pass(.seconds(2))
        #expect(cluster.reply(token)?.failure?.code == .timeout)
        #expect(cluster.reply(token)?.failure?.outcome == .notApplied)
        cluster.onSend = nil
        #expect(amount(cluster, through: 3) == 5)
    }
}
