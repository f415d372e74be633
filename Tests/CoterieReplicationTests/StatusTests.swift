// What a node says of itself: who is seen how and why, what is missing between whom, what waits and for what.

import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@Suite struct StatusTests {
    private let three = MemberNumber(3)

    private func status(_ cluster: TestCluster, _ number: Int) -> MachineStatus {
        cluster[number].machine.status(at: cluster.now.monotonic)
    }

    private func peer(_ cluster: TestCluster, _ member: MemberNumber, at viewer: Int) throws -> PeerStatus {
        try #require(status(cluster, viewer).peers.first { $0.member == member })
    }

    private func exchange(_ cluster: TestCluster, _ member: MemberNumber, at viewer: Int) throws -> PeerExchange {
        try #require(status(cluster, viewer).exchange.peers.first { $0.member == member })
    }

    @Test func aSuspectIsShownWithItsAccusersAndWhenItIsDead() throws {
        let cluster = try TestCluster()
        cluster.pass(.seconds(3))
        let quiet = try peer(cluster, three, at: 1)
        #expect(quiet.state == .alive && quiet.cause == nil && quiet.accusers.isEmpty && quiet.deadIn == nil)
        #expect(quiet.since >= .seconds(3))
        cluster.kill(3)
        while try peer(cluster, three, at: 1).state != .suspect { cluster.pass(.milliseconds(20)) }
        let suspect = try peer(cluster, three, at: 1)
        #expect(!suspect.isConnected && !suspect.accusers.isEmpty && suspect.cause != nil)
        #expect(suspect.since < .milliseconds(100))
        #expect(try #require(suspect.deadIn) <= .seconds(4))
        cluster.pass(.seconds(5))
        let dead = try peer(cluster, three, at: 1)
        #expect(dead.state == .dead && dead.cause == .suspicionRanOut || dead.cause == .toldBy(MemberNumber(2)))
        #expect(status(cluster, 1).membership.counters.deaths == 1)
    }

    @Test func whoHasAllThatTheOthersToldIsInSyncAsOfTheLastTick() throws {
        let cluster = try TestCluster()
        #expect(status(cluster, 1).exchange.inSyncAgo == nil)
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.pass(.seconds(4))
        #expect(try #require(status(cluster, 1).exchange.inSyncAgo) <= .seconds(1))
        #expect(try exchange(cluster, three, at: 1).groups >= 16)
        // What is away is not vouched for.
        cluster.kill(3)
        cluster.pass(.seconds(20))
        #expect(try #require(status(cluster, 1).exchange.inSyncAgo) >= .seconds(20))
        #expect(try #require(exchange(cluster, MemberNumber(2), at: 1).inSyncAgo) <= .seconds(1))
    }

    @Test func whatIsMissingIsCountedForEachPairAndWhatWaitsSaysWhy() throws {
        let cluster = try TestCluster()
        cluster.pass(.seconds(3))
        // What anti-entropy would bring to the third node, and the writes themselves, are lost.
        cluster.onSend = { message, _, to in
            switch message {
            case .store, .offer: to != MemberNumber(3)
            default: true
            }
        }
        for key in ["a", "b", "c"] { #expect(cluster.call(1, put(key, "v") { $0.w = .count(2) }).isStored) }
        cluster.pass(.seconds(4))
        let lacking = status(cluster, 3)
        #expect(lacking.exchange.missing.reduce(0) { $0 + $1.events } == 6)
        #expect(Set(lacking.exchange.missing.map(\.member)) == [MemberNumber(1), MemberNumber(2)])
        #expect(try exchange(cluster, MemberNumber(1), at: 3).lackedHere == 3)
        #expect(try exchange(cluster, three, at: 1).lackedThere == 3)
        #expect(try #require(exchange(cluster, MemberNumber(1), at: 3).lackingFor) >= .seconds(2))
        #expect(lacking.waiting.contains { $0.what == "events" && $0.why == "they are being fetched" })
        // Their only sources go away.
        cluster.kill(1)
        cluster.kill(2)
        cluster.pass(.seconds(6))
        let waiting = status(cluster, 3).waiting.filter { $0.what == "events" }
        #expect(waiting.map(\.member) == [MemberNumber(1), MemberNumber(2)])
        #expect(waiting.allSatisfy { $0.why == "it is dead, not connected" && $0.span >= .seconds(6) })
        cluster.onSend = nil
        cluster.restart(1)
        cluster.restart(2)
        cluster.pass(.seconds(10))
        #expect(status(cluster, 3).waiting == [])
        #expect(status(cluster, 3).exchange.missing == [])
    }

    @Test func aRefillNamesTheSourcesThatItWaitsFor() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.pass(.seconds(2))
        cluster.kill(2)
        cluster.restart(3, wiped: true)
        cluster.pass(.seconds(8))
        let status = status(cluster, 3)
        #expect(status.service != .serving)
        #expect(status.serviceFor >= .seconds(7))
        let wait = status.waiting.first { $0.member == MemberNumber(2) }
        let introduction = status.waiting.first { $0.what == "introduction" }
        #expect(wait?.why == "it is dead, not connected", "\(status.waiting)")
        #expect(introduction == nil || introduction?.why == "1 of the 2 other members needed have answered")
        cluster.restart(2)
        cluster.pass(.seconds(5))
        #expect(self.status(cluster, 3).waiting == [])
        #expect(self.status(cluster, 3).service == .serving)
    }
}
