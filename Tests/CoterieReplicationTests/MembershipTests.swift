// What a node's requests and its membership tell each other.

import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore
import Testing

@Suite struct MembershipTests {
    private let one = MemberNumber(1)
    private let two = MemberNumber(2)

    private func state(_ cluster: TestCluster, of member: Int, at viewer: Int) -> MemberStatus? {
        cluster[viewer].machine.standings.first { $0.member == MemberNumber(UInt32(member)) }?.status
    }

    /// Its connections stand, and it says nothing any more.
    private func hang(_ number: Int, _ cluster: TestCluster) {
        let hung = MemberNumber(UInt32(number))
        cluster.onSend = { _, from, _ in from != hung }
    }

    private func sent(_ cluster: TestCluster, by sender: MemberNumber, _ act: () -> Void) -> [(Message, MemberNumber)] {
        var sent: [(Message, MemberNumber)] = []
        let before = cluster.onSend
        cluster.onSend = { message, from, to in
            if from == sender { sent.append((message, to)) }
            return before?(message, from, to) ?? true
        }
        act()
        cluster.onSend = before
        return sent
    }

    @Test func anOwnerThatHangsIsAskedWhileItIsSuspectAndNotWhenItIsDead() throws {
        let cluster = try TestCluster()
        hang(3, cluster)
        func fetches() -> [MemberNumber] {
            sent(cluster, by: one) { _ = cluster.call(1, get("k")) }.compactMap { message, to in
                if case .fetch = message { to } else { nil }
            }
        }
        while state(cluster, of: 3, at: 1) != .suspect { cluster.pass(.milliseconds(100)) }
        #expect(fetches() == [two, MemberNumber(3)])
        while state(cluster, of: 3, at: 1) != .dead { cluster.pass(.milliseconds(100)) }
        #expect(fetches() == [two])
        // A write that needs all three is refused before anything is written.
        let refused = cluster.call(1, put("k", "v") { $0.w = .all })
        #expect(refused.failure?.code == .insufficientReplicas)
        #expect(refused.failure?.outcome == .notApplied)
        cluster.onSend = nil
        cluster.pass(.seconds(2))
        #expect(cluster.call(1, put("k", "v") { $0.w = .all }).isStored)
    }

    @Test func aWriteIsPassedToAnOwnerThatIsAliveBeforeOneThatIsSuspect() throws {
        let cluster = try TestCluster(nodes: 4, replicas: 3)
        let first = cluster.owners("k")[0]
        let stranger = cluster.stranger(to: "k")
        hang(first, cluster)
        while state(cluster, of: first, at: stranger) != .suspect { cluster.pass(.milliseconds(50)) }
        let asked = sent(cluster, by: MemberNumber(UInt32(stranger))) {
            #expect(cluster.call(stranger, put("k", "v")).isStored)
        }
        let forwards = asked.compactMap { message, to in if case .request = message { Int(to.rawValue) } else { nil } }
        #expect(forwards.count == 1 && forwards != [first])
    }

    @Test func aRequestThatWaitedInVainMakesItsOwnersProbedAtOnce() throws {
        let cluster = try TestCluster()
        cluster.pass(.seconds(3))
        hang(3, cluster)
        let began = cluster.now.monotonic
        let token = cluster.ask(
            1,
            get("k") {
                $0.r = .all; $0.timeout = .milliseconds(20)
            })
        let gossip = sent(cluster, by: one) { cluster.pass(.milliseconds(21)) }.filter { message, to in
            guard case .gossip(let gossip) = message, to == MemberNumber(3) else { return false }
            if case .probe = try? MembershipMessage(decoding: gossip.content) { return true }
            return false
        }
        #expect(cluster.reply(token)?.failure?.code == .timeout)
        #expect(gossip.count == 1)
        // Which alone makes nobody suspect.
        #expect(state(cluster, of: 3, at: 1) == .alive)
        #expect(cluster.now.monotonic - began < .milliseconds(30))
    }

    @Test func answersToRequestsCountAsAnswersToProbes() throws {
        let cluster = try TestCluster()
        // Nothing of the membership comes from the third node, but its answers to requests do.
        cluster.onSend = { message, from, _ in
            if case .gossip = message { from != MemberNumber(3) } else { true }
        }
        for _ in 0 ..< 200 {
            _ = cluster.call(1, get("k") { $0.r = .all })
            _ = cluster.call(2, get("k") { $0.r = .all })
            cluster.pass(.milliseconds(50))
        }
        #expect(state(cluster, of: 3, at: 1) == .alive)
        cluster.pass(.seconds(10))
        #expect(state(cluster, of: 3, at: 1) == .dead)
    }

    @Test func whoStopsIsDeadAtOnceAndAliveAgainWhenItIsBack() throws {
        let cluster = try TestCluster()
        cluster.feed(.stop, to: two)
        cluster.settle()
        #expect(state(cluster, of: 2, at: 1) == .dead)
        #expect(state(cluster, of: 2, at: 3) == .dead)
        cluster.restart(2)
        cluster.pass(.milliseconds(500))
        #expect(state(cluster, of: 2, at: 1) == .alive)
        #expect(state(cluster, of: 2, at: 3) == .alive)
    }

    @Test func gossipCarriesTheNewsOfANewerLayout() throws {
        let cluster = try TestCluster()
        let asked = sent(cluster, by: one) {
            let content = ByteBuffer(bytes: [1, 5])  // Gossip without news.
            cluster.feed(.peer(.gossip(Gossip(epoch: Epoch(9), content: content)), from: two), to: one)
        }
        #expect(asked.contains { $0.0 == .layoutRequest(LayoutRequest(epoch: Epoch(1))) && $0.1 == two })
    }

    @Test func gossipThatCannotBeReadIsNamed() throws {
        let cluster = try TestCluster()
        cluster.feed(
            .peer(.gossip(Gossip(epoch: Epoch(1), content: ByteBuffer(bytes: [9, 1]))), from: two), to: one)
        let notes = cluster[1].notes.compactMap {
            if case .malformedGossip(let member, let text) = $0 { (member, text) } else { nil }
        }
        #expect(notes.count == 1 && notes[0].0 == two && notes[0].1.contains("version 9"))
    }

    @Test func aNodeInServiceHasNothingToTryAgain() throws {
        let cluster = try TestCluster()
        cluster.pass(.seconds(5))
        #expect(cluster[1].timers[.retry] == nil)
        #expect(cluster[1].timers[.membership] != nil)
    }
}
