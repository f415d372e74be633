// Who mints (INV 1, 2; design, section 4, rules 1 and 13): each rule is played with it and without it. What goes wrong
// without it is what it is for.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@Suite struct IdentityRuleTests {
    // MARK: Rule 1

    /// INV 1: an old copy of a directory comes back, and its node writes before it has heard of anything.
    @Test(arguments: [OmittedRules(), .incarnation]) func aStoreThatWentBackMintsNothingTwice(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        let first = cluster.call(3, put("k", "a") { $0.w = .all })
        cluster.settle()
        let backup = cluster[3].engine.backup()
        #expect(cluster.call(3, put("k", "b", context: first.context) { $0.w = .all }).isStored)
        cluster.restart(3, from: backup)
        cluster.settle()
        #expect(cluster.call(3, put("k", "c", context: first.context) { $0.w = .all }).isStored)
        let read = cluster.call(1, get("k") { $0.r = .all })
        if omitted.isEmpty {
            #expect(read.values == ["b", "c"])
        } else {
            #expect(read.values?.count == 1, "two writes under one dot, and one of them is lost")
        }
    }

    /// INV 2: the record of an event that only its minter had is lost, the key is written elsewhere and comes back, and is
    /// written here; then the lost event's message, which was late, arrives.
    @Test(arguments: [OmittedRules(), .renewal]) func whoHasLostARecordMintsUnderAnotherIdentity(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        var delayed: Message?
        cluster.swallow { message, _, to in
            if message.isStore, to == 2 { delayed = message }
            return message.isStore
        }
        #expect(cluster.call(1, put("k", "first") { $0.w = .one }).isStored)
        cluster.onSend = nil
        cluster[1].engine.corrupt.insert(key("k").bytes)
        _ = cluster.call(1, get("k") { $0.r = .all })
        #expect(cluster.call(2, put("k", "second")).isStored)
        cluster.settle()
        #expect(cluster.held(1, "k")?.values == ["second"], "what the others have is laid over the lost record")
        #expect(cluster.call(1, put("k", "third") { $0.w = .all }).isStored)
        cluster.deliver(try #require(delayed), from: 1, to: 2)
        let held = cluster.held(2, "k")?.values
        if omitted.isEmpty {
            #expect(held == ["first", "second", "third"])
        } else {
            #expect(held == ["second", "third"], "an acknowledged write is covered by one that never saw it")
        }
    }

    // MARK: Rule 13

    /// Directed schedule 4: a fallback mints, delivers, and mints again on a key of which it knows nothing any more.
    @Test(arguments: [OmittedRules(), .fallbackIdentity]) func aFallbackThatHasDeliveredMintsUnderAnotherIdentity(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(nodes: 5, settings: .fastRounds(without: omitted))
        let list = cluster.layout.preferenceList(for: cluster.layout.group(for: key("k"), n: 3))
        let owners = list.primaries.map { Int($0.rawValue) }
        let fallback = try #require(list.fallbacks.first.map { Int($0.rawValue) })
        for value in ["first", "second"] {
            for owner in owners { cluster.kill(owner) }
            cluster.pass(.seconds(11))
            #expect(cluster.call(fallback, put("k", value)).isStored)
            for owner in owners { cluster.restart(owner) }
            cluster.pass(.seconds(2))
            #expect(cluster[fallback].machine.hintsWaiting == 0)
        }
        let read = cluster.call(owners[0], get("k") { $0.r = .all })
        if omitted.isEmpty {
            #expect(read.values == ["first", "second"])
        } else {
            #expect(read.values == ["second"], "the second covers the first, which it never saw")
        }
    }
}
