import CoteriePrimitives
import CoterieWire
import Testing

@testable import CoterieClientMachine

@Suite struct LinkTests {
    @Test func theLayoutBringsAConnectionToEveryMember() {
        var rig = Rig()
        _ = rig.start()
        #expect(rig.up(1) == ["layout? e0 → 1"])
        #expect(rig.tell(1, Rig.layout()) == ["learnt e1", "connect 2", "connect 3", "connect 4"])
    }

    @Test func aKnownEpochIsNotAskedForAgain() {
        var rig = Rig.connected()
        _ = rig.down(2)
        #expect(rig.up(2) == [])
    }

    @Test func aPauseGrowsWithEachFailure() {
        var rig = Rig { $0.reconnectDelay = .milliseconds(100) }
        _ = rig.start()
        #expect(rig.refuse(1) == [])
        #expect(rig.wait(49) == [])
        #expect(rig.wait(52) == ["connect 1"])
        _ = rig.refuse(1)
        #expect(rig.wait(99) == [])
        #expect(rig.wait(102) == ["connect 1"])
        for _ in 0 ..< 20 {
            _ = rig.refuse(1)
            _ = rig.wait(5_000)
        }
        _ = rig.refuse(1)
        #expect(rig.wait(2_499) == [])
        #expect(rig.wait(2_502) == ["connect 1"], "never more than maxReconnectDelay")
    }

    @Test func aConnectionThatWasOfUseIsMadeAnewAtOnce() {
        var rig = Rig.connected()
        _ = rig.get()
        let node = Rig.owners("k")[0]
        _ = rig.put()
        _ = rig.stored(node, 2)
        #expect(rig.down(node).contains("connect \(node)"))
    }

    @Test func aConnectionThatFallsRightAfterTheHelloIsNotMadeAnewAtOnce() {
        var rig = Rig()
        _ = rig.start()
        _ = rig.up(1)
        #expect(rig.down(1) == [])
    }

    @Test func aConnectionWithoutAHelloIsGivenUp() {
        var rig = Rig()
        _ = rig.start()
        #expect(rig.wait(1_999) == [])
        #expect(rig.wait(1) == ["disconnect 1"])
        #expect(rig.up(1) == [], "too late")
    }

    @Test func anotherClustersNodeIsRefused() {
        var rig = Rig(clusterName: "mine")
        _ = rig.start()
        #expect(rig.up(1) == ["disconnect 1"])
        #expect(rig.machine.unreachableText.contains("cluster \"test\", not to \"mine\""))
    }

    @Test func theFirstNodesClusterIsTheClientsCluster() {
        var rig = Rig(seeds: [1, 2])
        _ = rig.start()
        _ = rig.up(1)
        #expect(rig.up(2, cluster: "other") == ["disconnect 2"])
    }

    @Test func aNodeOfAnotherProtocolIsRefused() {
        var rig = Rig()
        _ = rig.start()
        #expect(rig.up(1, versions: 2 ... 3) == ["disconnect 1"])
    }

    @Test func whoAnswersUnderAnothersAddressIsNotTrusted() {
        var rig = Rig.connected()
        _ = rig.down(2)
        #expect(rig.wait(50) == ["connect 2"])
        #expect(rig.up(2, member: 3) == ["layout? e1 → 3", "disconnect 2"])
    }

    @Test func aSeedUnderAnotherNameIsOneNodeWithItsMember() {
        var rig = Rig(seeds: [1, 12])
        _ = rig.start()
        _ = rig.up(1)
        _ = rig.tell(1, Rig.layout())
        #expect(rig.machine.nodes.filter { !$0.isRetired }.count == 4, "a seed that is no member's address is let go")
    }

    @Test func aMemberReachedByASeedsAddressKeepsIt() {
        var rig = Rig(seeds: [11])
        _ = rig.start()
        _ = rig.up(11, member: 1)
        #expect(rig.tell(11, Rig.layout()) == ["learnt e1", "connect 2", "connect 3", "connect 4"])
    }

    @Test func aMembersTwoAddressesAreTriedInTurn() {
        var rig = Rig(seeds: [11])
        _ = rig.start()
        _ = rig.up(11, member: 1)
        _ = rig.tell(11, Rig.layout())
        #expect(rig.down(11) == ["connect 11"], "the address that worked")
        _ = rig.refuse(11)
        #expect(rig.wait(50) == ["connect 1"], "the layout's")
        _ = rig.refuse(1)
        #expect(rig.wait(100) == ["connect 11"])
    }

    @Test func whenNobodyIsLeftTheSeedsAreTriedAgain() {
        var rig = Rig(seeds: [1, 12])
        #expect(rig.start() == ["connect 1", "connect 12"])
        _ = rig.up(1)
        #expect(rig.tell(1, Rig.layout(members: 3)).contains("disconnect 12"))
        for node in [1, 2, 3] { _ = rig.down(node) }
        #expect(rig.refuse(1) == ["connect 12"])
    }

    @Test func aMemberThatLeavesIsDisconnectedWhenItOwesNothing() {
        var rig = Rig.connected()
        let key = (0 ..< 100).map { "k\($0)" }.first { Rig.owners($0)[0] == 4 } ?? ""
        #expect(rig.put(key) == ["put #1 → 4"])
        #expect(rig.tell(1, Rig.layout(epoch: 2, members: 3)) == ["learnt e2"])
        #expect(rig.stored(4, 1) == ["1 stored by 4", "disconnect 4"])
    }

    @Test func severalConnectionsShareTheLoad() {
        var rig = Rig { $0.connectionsPerNode = 2 }
        #expect(rig.start() == ["connect 1"], "one is tried first")
        #expect(rig.up(1) == ["connect 1", "layout? e0 → link 1"])
        let first = rig.machine.nodes[0].links[0]?.id
        #expect(rig.put() == ["put #1 → \(first.map { "\($0)" } ?? "")"])
        _ = rig.up(1)
        #expect(rig.put() == ["put #2 → 1"], "the freer one")
    }

    @Test func aSilentConnectionIsProbedSuspectedAndAbandoned() {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        let owners = Rig.owners("k")
        _ = rig.put(timeout: 60_000)
        #expect(rig.wait(500) == ["layout? e1 → \(owners[0])"])
        #expect(rig.put() == ["put #2 → \(owners[0])"], "not yet suspect")
        #expect(rig.wait(1_000) == [])
        #expect(rig.put() == ["put #3 → \(owners[1])"], "suspect: the next owner")
        _ = rig.stored(owners[1], 3)
        #expect(rig.wait(3_500) == ["disconnect \(owners[0])"])
        #expect(rig.wait(50) == ["connect \(owners[0])"])
    }

    @Test func aSignOfLifeEndsSuspicion() {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        let owners = Rig.owners("k")
        _ = rig.put(timeout: 60_000)
        _ = rig.wait(1_500)
        _ = rig.tell(owners[0], Rig.layout())
        #expect(rig.put() == ["put #2 → \(owners[0])"])
    }

    @Test func aQuietConnectionThatOwesNothingIsLeftAlone() {
        var rig = Rig.connected()
        _ = rig.get()
        for node in 1 ... 4 { _ = rig.found(node, 1) }
        #expect(rig.wait(60_000) == [])
        #expect(rig.timers.isEmpty, "\(rig.timers)")
    }
}
