// What owners tell and offer each other (design, section 4, rule 6): each half of it is played with it and without it.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import Testing

@Suite struct AdvertRuleTests {
    /// Directed schedule 13: a clock is told while its owner's disk fails, and then the owner goes back to what was durable.
    /// The others have the delete for it still.
    @Test(arguments: [OmittedRules(), .durableClock]) func nobodyForgetsForWhatACrashTakesBack(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        let written = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.pass(.seconds(5))
        let durable = cluster[3].engine.backup()
        cluster[3].engine.barrierFailure = .io("told so")
        #expect(cluster.call(1, delete("k", context: written.context)).failure == nil)
        cluster.settle()
        #expect(cluster.held(3, "k")?.isMarker == true, "it has come, and is not durable")
        for other in [1, 2] {
            cluster.disconnect(MemberNumber(UInt32(other)), MemberNumber(3))
            cluster.connect(MemberNumber(UInt32(other)), MemberNumber(3))
        }
        cluster.pass(.seconds(3))
        cluster.restart(3, from: durable)
        cluster.swallow { message, from, _ in message.isPull && from == 3 }
        cluster.pass(.seconds(30))
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        let read = cluster.call(3, get("k") { $0.r = .one })
        if omitted.isEmpty {
            #expect(cluster.copies("k") == 0)
            #expect(read.object?.isEmpty == true)
        } else {
            #expect(read.values == ["v"], "a deleted value lives")
        }
    }

    /// An owner's record went back to an older one. What its index says that the record had, it does not offer.
    @Test(arguments: [OmittedRules(), .provenEvents]) func anEventComesWithAnObjectThatKnowsIt(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        let (group, bytes) = (cluster.layout.group(for: key("k"), n: 3), key("k").bytes)
        let first = cluster.call(1, put("k", "old") { $0.w = .all })
        cluster.pass(.seconds(5))
        let old = try #require(cluster.held(1, "k")).encoded()
        cluster.swallow { message, _, to in message.isStore && to == 3 }
        #expect(cluster.call(1, put("k", "new", context: first.context)).isStored)
        cluster.settle()
        cluster.onSend = nil
        try cluster[1].engine.apply(Batch([Change(group: group, key: bytes, action: .put(old))]))
        cluster.pass(.seconds(30))
        #expect(cluster[1].notes.contains(.quarantined) == omitted.isEmpty)
        for node in [1, 3] {
            #expect(
                cluster.held(node, "k")?.values == (omitted.isEmpty ? ["new"] : ["old"]),
                "without the rule two of three owners vouch for an acknowledged write that they have not")
        }
    }
}
