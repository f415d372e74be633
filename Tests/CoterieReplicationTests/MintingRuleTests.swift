// What a write goes over (design, section 4, rules 2 and 3): each rule is played with it and without it.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@Suite struct MintingRuleTests {
    /// Rule 2: two writes of one key wait for the same record on disk. The second goes over what the first has stored.
    @Test(arguments: [OmittedRules(), .reloading]) func aWriteThatWaitedForTheDiskGoesOverWhatCameMeanwhile(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "old") { $0.w = .all })
        cluster.settle()
        cluster.swallow { message, _, _ in message.isStore }
        cluster[1].engine.readsAreSlow = true
        let tokens = ["x", "y"].map { value in cluster.ask(1, put("k", value) { $0.w = .one }) }
        cluster.settle()
        for token in tokens { #expect(cluster.reply(token)?.isStored == true) }
        let held = cluster.held(1, "k")?.values
        if omitted.isEmpty {
            #expect(held == ["old", "x", "y"])
        } else {
            #expect(held?.count == 2, "an acknowledged write is lost at its own minter")
        }
    }

    /// Rule 3: an owner loses a record without noticing, in the life in which it wrote it, and writes the key again.
    @Test(arguments: [OmittedRules(), .memory]) func aWriteWhoseMinterForgotAnEventIsRefused(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "first") { $0.w = .all })
        cluster.settle()
        cluster[1].engine.lose(cluster.layout.group(for: key("k"), n: 3), key("k").bytes)
        let second = cluster.call(1, put("k", "second") { $0.w = .all })
        cluster.settle()
        let held = [2, 3].map { cluster.held($0, "k")?.values }
        if omitted.isEmpty {
            #expect(second.failure?.outcome == .unknown)
            #expect(held == [["first"], ["first"]])
            #expect(cluster[1].machine.counters.renewals >= 1)
        } else {
            #expect(second.isStored)
            #expect(held == [["second"], ["second"]], "an acknowledged write is covered by one that never saw it")
        }
    }

    /// Rule 3: whoever is told that it forgot looks at its own digest.
    @Test(arguments: [false, true]) func aMinterThatForgotVerifiesItsDigest(disagrees: Bool) throws {
        let cluster = try TestCluster(settings: .fastRounds())
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.settle()
        let group = cluster.layout.group(for: key("k3"), n: 3)
        cluster[1].engine.lose(group, key("k3").bytes)
        if disagrees { cluster[1].engine.disagreeing = [group] }
        _ = cluster.call(1, put("k3", "second") { $0.w = .all })
        cluster.settle()
        #expect(cluster[1].notes.contains(.digestDisagrees(group)) == disagrees)
        #expect(cluster[1].notes.contains(.quarantined) == disagrees)
        cluster.pass(.seconds(10))
        #expect(cluster[1].machine.isServing)
    }
}
