// What a replica's word is worth (design, section 4, rules 11, 12 and 14): each rule is played with it and without it.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@Suite struct VouchingRuleTests {
    private func cluster(without omitted: OmittedRules) throws -> TestCluster {
        var settings = ReplicationSettings()
        settings.omitted = omitted
        settings.repairTimeout = .milliseconds(500)
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.pass(.seconds(3))
        return cluster
    }

    /// Rule 11: a record is gone and the store's own digest says so. No other owner is asked.
    @Test(arguments: [OmittedRules(), .vouching]) func aReplicaWhoseDigestDisagreesTakesEverythingFromTheOthers(
        without omitted: OmittedRules
    ) throws {
        let cluster = try cluster(without: omitted)
        cluster.swallow { message, _, _ in if case .compare = message { true } else { false } }
        let group = cluster.layout.group(for: key("k5"), n: 3)
        cluster[2].engine.lose(group, key("k5").bytes)
        cluster[2].engine.disagreeing = [group]
        cluster.pass(.seconds(60))
        #expect(cluster[2].machine.isServing)
        let read = cluster.call(2, get("k5") { $0.r = .one })
        if omitted.isEmpty {
            #expect(read.values == ["v5"])
        } else {
            #expect(read.values == [], "a replica serves that knows that it has lost an acknowledged write")
        }
    }

    /// Rule 12: a record is gone, and nothing at its own replica tells.
    @Test(arguments: [OmittedRules(), .comparison]) func aLossThatNothingTellsIsFoundByTheNextOwner(
        without omitted: OmittedRules
    ) throws {
        let cluster = try cluster(without: omitted)
        cluster[2].engine.lose(cluster.layout.group(for: key("k5"), n: 3), key("k5").bytes)
        cluster.pass(.seconds(60))
        let read = cluster.call(2, get("k5") { $0.r = .one })
        if omitted.isEmpty {
            #expect(read.values == ["v5"])
        } else {
            #expect(read.values == [], "an acknowledged write is missed for ever")
        }
    }

    /// Rule 14: who wrote at two owners reads at the third, which was away.
    @Test(arguments: [OmittedRules(), .floors]) func aReadWithAFloorIsAnsweredFromWhatCoversIt(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        cluster.kill(3)
        let write = cluster.call(1, put("k", "mine"))
        let floor = try #require(write.context.map { write.receipt.floor($0) })
        cluster.swallow { message, from, _ in message.isPull && from == 3 }
        cluster.restart(3)
        cluster.settle()
        let read = cluster.call(
            3,
            get("k") {
                $0.r = .one
                $0.floor = floor
            })
        if omitted.isEmpty {
            #expect(read.values == ["mine"])
        } else {
            #expect(read.values == [], "a session does not read its own write")
        }
    }
}
