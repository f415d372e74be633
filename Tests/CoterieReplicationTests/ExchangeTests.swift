// Anti-entropy: an owner gets what it missed without anybody reading it, and nothing is moved that is not missing.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore
import Testing

@Suite struct ExchangeTests {
    private func indexed(_ cluster: TestCluster, _ node: Int) -> Int { status(cluster, node).indexedEvents }
    private func status(_ cluster: TestCluster, _ node: Int) -> ExchangeStatus {
        cluster[node].machine.status(at: cluster.now.monotonic).exchange
    }

    @Test func anOwnerThatWasAwayGetsWhatItMissed() throws {
        let cluster = try TestCluster()
        cluster.kill(3)
        for i in 0 ..< 100 { _ = cluster.call(1, put("k\(i)", "v\(i)")) }
        _ = cluster.call(2, delete("k7"))
        cluster.restart(3)
        cluster.pass(.seconds(10))
        for i in 0 ..< 100 where i != 7 { #expect(cluster.held(3, "k\(i)")?.values == ["v\(i)"]) }
        #expect(cluster.held(3, "k7")?.isMarker == true)
        for node in 1 ... 3 {
            #expect(status(cluster, node).lackedEvents == 0)
            #expect(cluster[node].machine.counters.readRepairs == 0)
        }
    }

    @Test func onlyWhatIsMissingIsMoved() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 200 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        cluster.kill(3)
        for i in 0 ..< 3 { _ = cluster.call(1, put("new\(i)", "v")) }
        cluster.restart(3)
        cluster.pass(.seconds(10))
        #expect(cluster[3].machine.counters.offersTaken == 3)
    }

    @Test func ownersInSyncSayNothing() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        var said = 0
        cluster.onSend = { message, _, _ in
            switch message {
            case .adverts, .pull, .offer: said += 1
            default: break
            }
            return true
        }
        cluster.pass(.seconds(60))
        #expect(said == 0)
    }

    @Test func theIndexForgetsWhatEveryOwnerHasAndNothingElse() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        for node in 1 ... 3 { #expect(indexed(cluster, node) == 0) }
        cluster.kill(3)
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "w") { $0.w = .quorum }) }
        cluster.pass(.seconds(60))
        for node in 1 ... 2 { #expect(indexed(cluster, node) == 50) }
        cluster.restart(3)
        cluster.pass(.seconds(10))
        for node in 1 ... 3 { #expect(indexed(cluster, node) == 0) }
    }

    /// A clock that was advertised before it was durable, then a crash: somebody would have forgotten the event.
    @Test func whatIsNotDurableIsNotTold() throws {
        let cluster = try TestCluster()
        cluster[3].engine.barrierFailure = .io("told so")
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v")) }
        cluster.pass(.seconds(10))
        for node in 1 ... 2 { #expect(indexed(cluster, node) == 10) }
    }

    @Test func aLargeObjectThatBothHaveIsNotSent() throws {
        let cluster = try TestCluster()
        let large = String(repeating: "x", count: 5_000)
        let first = cluster.call(1, put("k", "small") { $0.w = .all })
        // The third owner gets the second write's object by a repair, and never hears of an event in between.
        cluster.onSend = { message, _, to in
            if case .store = message { return to != MemberNumber(3) }
            return true
        }
        let owner = cluster.owners("k").first { $0 != 3 }!
        let second = cluster.call(owner, put("k", "between", context: first.context))
        _ = cluster.call(owner, put("k", large, context: second.context))
        cluster.onSend = { message, _, _ in
            if case .pull = message { return false }
            return true
        }
        _ = cluster.call(owner, get("k") { $0.r = .all })
        cluster.settle()
        #expect(cluster.held(3, "k")?.values == [large])
        var bytes = 0
        cluster.onSend = { message, _, _ in
            if case .offer(let offer) = message, case .batch(let items, _, _) = offer.status {
                bytes += items.reduce(0) { $0 + ($1.object?.readableBytes ?? 0) }
            }
            return true
        }
        cluster.pass(.seconds(20))
        #expect(status(cluster, 3).lackedEvents == 0)
        #expect(bytes == 0)
    }

    @Test func aLargeObjectThatIsMissingIsSentWhenItIsAskedFor() throws {
        let cluster = try TestCluster()
        let large = String(repeating: "x", count: 5_000)
        cluster.kill(3)
        _ = cluster.call(1, put("k", large))
        cluster.restart(3)
        cluster.pass(.seconds(10))
        #expect(cluster.held(3, "k")?.values == [large])
    }

    /// Its clock is lost and its objects are not; the others have forgotten the events: the content brings them.
    @Test func whatEveryIndexHasForgottenComesWithTheContent() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        cluster.kill(3)
        cluster[3].engine.loseNotes()
        cluster.restart(3)
        cluster.pass(.seconds(60))
        for node in 1 ... 3 {
            #expect(status(cluster, node).lackedEvents == 0)
            #expect(indexed(cluster, node) == 0)
            #expect(cluster[node].machine.isServing)
        }
    }

    /// What the others have told of themselves, they tell once: a replica that gives up what it knows keeps that.
    @Test func aReplicaThatWasRefilledForgetsWhatEveryOwnerHas() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.restart(2, wiped: true)
        cluster.pass(.seconds(10))
        for node in 1 ... 3 { #expect(indexed(cluster, node) == 0) }
    }

    /// Directed schedule 3: an owner silently loses a record; an object with an older event of it arrives. It is refused
    /// whole, and the owner, which vouched for what it has not, takes everything from the others.
    @Test func anOwnerThatVouchesForWhatItLostIsQuarantined() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        let group = cluster.layout.group(for: key("k3"), n: 3)
        cluster[3].engine.lose(group, key("k3").bytes)
        let read = cluster.call(1, get("k3") { $0.r = .all })
        #expect(read.values == ["v3"])
        cluster.settle()
        #expect(cluster[3].machine.counters.causalityFaults == 1)
        cluster.pass(.seconds(30))
        #expect(cluster[3].machine.isServing)
        #expect(cluster[3].notes.contains(.quarantined))
        for i in 0 ..< 20 { #expect(cluster.held(3, "k\(i)")?.values == ["v\(i)"]) }
    }

    /// Directed schedule 5: the minter is gone; whoever has its events serves them.
    @Test func theEventsOfAMinterThatIsGoneAreServedByWhoeverHasThem() throws {
        let cluster = try TestCluster()
        let owners = cluster.owners("k")
        let third = owners[2]
        cluster.onSend = { message, _, to in
            if case .store = message { return to != MemberNumber(UInt32(third)) }
            return true
        }
        _ = cluster.call(owners[0], put("k", "v"))
        cluster.kill(owners[0])
        cluster.onSend = nil
        cluster.pass(.seconds(10))
        #expect(cluster.held(third, "k")?.values == ["v"])
    }

    @Test func aRestartForgetsNothingOfWhatSomebodyMayLack() throws {
        let cluster = try TestCluster()
        cluster.kill(3)
        for i in 0 ..< 30 { _ = cluster.call(1, put("k\(i)", "v\(i)")) }
        for node in [1, 2, 1] { cluster.restart(node) }
        cluster.settle()
        for node in 1 ... 2 { #expect(indexed(cluster, node) == 30) }
        cluster.restart(3)
        cluster.pass(.seconds(10))
        for i in 0 ..< 30 { #expect(cluster.held(3, "k\(i)")?.values == ["v\(i)"]) }
    }
}
