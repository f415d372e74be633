import CoteriePrimitives
import CoterieRing
import CoterieWire
import Testing

@testable import CoterieClientMachine

@Suite struct RoutingTests {
    @Test func writesGoToTheFirstOwner() {
        var rig = Rig.connected()
        for i in 0 ..< 50 {
            #expect(rig.put("k\(i)") == ["put #\(i + 1) → \(Rig.owners("k\(i)")[0])"])
        }
    }

    @Test func readsAreSharedByTheOwners() {
        var rig = Rig.connected()
        let owners = Rig.owners("k")
        var asked: [Int: Int] = [:]
        for i in 1 ... 30 {
            let line = rig.get()
            for owner in owners where line == ["get #\(i) → \(owner)"] { asked[owner, default: 0] += 1 }
        }
        #expect(owners.map { asked[$0] } == [10, 10, 10])
    }

    @Test func aBucketTypeWithOneReplicaHasOneOwner() {
        var rig = Rig.connected()
        for i in 1 ... 20 {
            let key = ObjectKey(type: "n1", bucket: "b", key: "k\(i)")
            let layout = Rig.layout()
            let owner = layout.preferenceList(for: layout.group(for: key, n: 1)).primaries[0].rawValue
            let lines = rig.feed(.call(CallID(UInt64(i)), ClientRequest(key: key, operation: .get)))
            #expect(lines == ["get #\(i) → \(owner)"])
        }
    }

    @Test func aBucketTypeNobodyKnowsIsAskedOfAnyNode() {
        var rig = Rig.connected()
        let key = ObjectKey(type: "nosuch", bucket: "b", key: "k")
        let lines = rig.feed(.call(CallID(1), ClientRequest(key: key, operation: .get)))
        #expect(lines.count == 1 && lines[0].hasPrefix("get #1 → "))
    }

    @Test func withTheFirstOwnerDownTheSecondTakesTheWrite() {
        var rig = Rig.connected()
        let owners = Rig.owners("k")
        _ = rig.down(owners[0])
        #expect(rig.put() == ["put #1 → \(owners[1])"])
    }

    @Test func withAllOwnersDownAnotherNodePassesItOn() {
        var rig = Rig.connected()
        let owners = Rig.owners("k")
        for owner in owners { _ = rig.down(owner) }
        let other = [1, 2, 3, 4].first { !owners.contains($0) } ?? 0
        #expect(rig.put() == ["put #1 → \(other)"])
    }

    @Test func withNobodyThereACallFailsWhenItsPatienceEnds() {
        var rig = Rig { $0.reachPatience = .milliseconds(300) }
        _ = rig.start()
        _ = rig.refuse(1)
        #expect(rig.put() == [])
        var lines: [String] = []
        while rig.time < 1_000, lines.isEmpty {
            lines = rig.wait(10).filter { $0 != "connect 1" }
            if rig.machine.nodes[0].isConnecting { lines += rig.refuse(1) }
        }
        #expect(lines == ["1 unreachable notApplied"])
        #expect((300 ... 420).contains(rig.time), "\(rig.time)")
    }

    @Test func withoutPatienceACallFailsAsSoonAsEverySeedHasFailed() {
        var rig = Rig(seeds: [1, 2]) { $0.reachPatience = .zero }
        _ = rig.start()
        #expect(rig.get() == [])
        #expect(rig.refuse(1) == [])
        #expect(rig.refuse(2) == ["1 unreachable notApplied"])
    }

    @Test func aClientOfItsSeedsAsksNobodyElse() {
        var rig = Rig(seeds: [2]) { $0.routing = .seeds }
        _ = rig.start()
        #expect(rig.up(2) == ["layout? e0 → 2"])
        #expect(rig.tell(2, Rig.layout()) == ["learnt e1"], "names for members, but no connections")
        for i in 1 ... 10 { #expect(rig.put("k\(i)") == ["put #\(i) → 2"]) }
    }

    @Test func aReadThatTakesLongIsAlsoAskedOfAnotherOwner() {
        var rig = Rig.connected { $0.hedgeAfter = .milliseconds(100) }
        let owners = Rig.owners("k")
        let first = rig.get()
        let asked = owners.first { first == ["get #1 → \($0)"] } ?? 0
        let second = rig.wait(100)
        let hedge = owners.first { second == ["get #1 → \($0)"] } ?? 0
        #expect(hedge != 0 && hedge != asked)
        #expect(rig.wait(100) == [], "one hedge")
        #expect(rig.found(hedge, 1) == ["1 found by \(hedge)"])
        #expect(rig.found(asked, 1) == [])
    }

    @Test func aWriteIsNeverHedged() {
        var rig = Rig.connected { $0.hedgeAfter = .milliseconds(100) }
        _ = rig.put()
        #expect(rig.wait(400) == [])
    }

    @Test func withoutABudgetNothingIsHedged() {
        var rig = Rig.connected {
            $0.hedgeAfter = .milliseconds(100)
            $0.retryCapacity = 0
        }
        _ = rig.get()
        #expect(rig.wait(400) == [])
    }

    @Test func aHedgedReadWaitsForTheOtherAfterARefusal() {
        var rig = Rig.connected { $0.hedgeAfter = .milliseconds(100) }
        let owners = Rig.owners("k")
        let first = rig.get()
        let asked = owners.first { first == ["get #1 → \($0)"] } ?? 0
        _ = rig.wait(100)
        #expect(rig.refuses(asked, 1, .overloaded) == [])
        let hedge = owners.first { rig.machine.calls[1]?.awaits(rig.links[$0]!) == true } ?? 0
        #expect(rig.found(hedge, 1) == ["1 found by \(hedge)"])
    }
}
