// What an arriving object may do (design, section 4, rules 4 and 5): each rule is played with it and without it.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@Suite struct ReceivingRuleTests {
    /// Rule 4: an object names its minter's second event. The first one is another key's, and has not come.
    @Test(arguments: [OmittedRules(), .namedEvents]) func anObjectTellsOnlyOfTheEventsThatItNames(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        let group = cluster.layout.group(for: key("a"), n: 3)
        let other = try #require(
            (0 ..< 500).map { "b\($0)" }.first { cluster.layout.group(for: key($0), n: 3) == group })
        cluster.swallow { message, _, to in message.isStore && to == 3 }
        #expect(cluster.call(1, put("a", "missed")).isStored)
        cluster.onSend = nil
        #expect(cluster.call(1, put(other, "v") { $0.w = .all }).isStored)
        cluster.pass(.seconds(10))
        #expect((cluster.held(3, "a")?.values == ["missed"]) == omitted.isEmpty)
        if !omitted.isEmpty {
            cluster.pass(.seconds(60))
            #expect(cluster.held(3, "a") == nil, "nobody brings it any more: the clock says that it is there")
        }
    }

    /// Rule 5, directed schedule 3: an owner loses a record without noticing; an object with one older event of it arrives.
    @Test(arguments: [OmittedRules(), .regression]) func anObjectThatShowsALossIsRefusedWhole(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "first") { $0.w = .all })
        cluster.settle()
        let older = try #require(cluster.held(1, "k"))
        _ = cluster.call(2, put("k", "second") { $0.w = .all })
        cluster.pass(.seconds(5))
        cluster[3].engine.lose(cluster.layout.group(for: key("k"), n: 3), key("k").bytes)
        cluster.deliver(cluster.repair("k", older, round: cluster.reclaim(1).round), from: 1, to: 3)
        if omitted.isEmpty {
            #expect(cluster[3].machine.counters.causalityFaults == 1)
            #expect(cluster[3].notes.contains(.quarantined))
        }
        cluster.pass(.seconds(30))
        #expect(cluster[3].machine.isServing)
        let read = cluster.call(3, get("k") { $0.r = .one })
        if omitted.isEmpty {
            #expect(read.values == ["first", "second"])
        } else {
            #expect(read.values == ["first"], "a replica vouches for an acknowledged write that it has not")
        }
    }
}
