// Hints: kept durably, delivered once their target is there again, deleted only on its durable acknowledgement (INV 23, 29,
// 30), and in no clock.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore
import Testing

@Suite struct HintTests {
    private func places(_ cluster: TestCluster) -> (owners: [Int], fallbacks: [Int]) {
        let list = cluster.layout.preferenceList(for: cluster.layout.group(for: key("k"), n: 3))
        return (list.primaries.map { Int($0.rawValue) }, list.fallbacks.map { Int($0.rawValue) })
    }

    private func waiting(_ cluster: TestCluster) -> Int {
        cluster.numbers.reduce(0) { $0 + cluster[Int($1.rawValue)].machine.hintsWaiting }
    }

    /// No anti-entropy: what arrives has come by hints.
    private func cluster(_ change: (inout ReplicationSettings) -> Void = { _ in }) throws -> TestCluster {
        var settings = ReplicationSettings()
        settings.exchangeInterval = .seconds(3_600)
        change(&settings)
        return try TestCluster(nodes: 5, settings: settings)
    }

    @Test func aHintIsDeliveredWhenItsTargetIsThereAgain() throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        cluster.kill(owners[1])
        for i in 0 ..< 20 { #expect(cluster.call(owners[0], put("k", "v\(i)")).isStored) }
        cluster.settle()
        let keeper = try #require(fallbacks.first { cluster[$0].machine.hintsWaiting > 0 })
        #expect(cluster[keeper].machine.hintsWaiting == 1, "the hints of one key and target are one")
        let status = cluster[keeper].machine.status(at: cluster.now.monotonic).hints
        #expect(status.map { Int($0.target.rawValue) } == [owners[1]])
        #expect(status.first?.waitsFor.contains("is not connected") == true)
        cluster.restart(owners[1])
        cluster.pass(.seconds(1))
        #expect(waiting(cluster) == 0)
        #expect(cluster.held(owners[1], "k") == cluster.held(owners[0], "k"))
        #expect(cluster.held(owners[1], "k")?.siblings.count == 20)
        for node in 1 ... 5 { cluster[node].machine.checkInvariants() }
    }

    /// INV 29: found again after any restart, of whoever keeps it and of whom it is kept for.
    @Test func aHintSurvivesRestartsOfItsKeeper() throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        cluster.kill(owners[1])
        cluster.kill(owners[2])
        #expect(cluster.call(owners[0], put("k", "v")).isStored)
        cluster.settle()
        let before = waiting(cluster)
        #expect(before == 2)
        for fallback in fallbacks { cluster.restart(fallback) }
        #expect(waiting(cluster) == before)
        cluster.kill(owners[0])
        cluster.restart(owners[1])
        cluster.restart(owners[2])
        cluster.pass(.seconds(1))
        #expect(waiting(cluster) == 0)
        for owner in owners.dropFirst() { #expect(cluster.held(owner, "k")?.values == ["v"]) }
    }

    /// INV 23: neither an acknowledgement that is not durable nor a refusal, nor silence, lets a hint die.
    @Test(arguments: ["not durable", "refused", "lost"])
    func aHintThatIsNotDurablyAcknowledgedStays(answer: String) throws {
        let cluster = try cluster()
        let (owners, _) = places(cluster)
        cluster.kill(owners[1])
        #expect(cluster.call(owners[0], put("k", "v")).isStored)
        cluster.settle()
        let target = MemberNumber(UInt32(owners[1]))
        var spoilt = 0
        cluster.onSend = { message, from, to in
            guard case .storeReply(var reply) = message, from == target, spoilt < 3 else { return true }
            spoilt += 1
            if answer == "lost" { return false }
            reply.status = answer == "refused" ? .refused(.diskFull) : .stored(durable: false)
            cluster.feed(.peer(.storeReply(reply), from: from), to: to)
            return false
        }
        cluster.restart(owners[1])
        cluster.pass(.milliseconds(200))
        #expect(spoilt == 1)
        #expect(waiting(cluster) == 1)
        if answer != "lost" {
            let keeper = try #require(cluster.numbers.first { cluster[Int($0.rawValue)].machine.hintsWaiting > 0 })
            let status = cluster[Int(keeper.rawValue)].machine.status(at: cluster.now.monotonic).hints
            #expect(status.first?.waitsFor.contains("tried again in") == true, "\(status)")
        }
        // 500 ms, 1 s, 2 s; or so long as an answer is waited for.
        cluster.pass(answer == "lost" ? .seconds(40) : .seconds(8))
        #expect(spoilt == 3)
        #expect(waiting(cluster) == 0)
    }

    @Test func whatComesWhileAHintIsOnItsWayKeepsItAlive() throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        cluster.kill(owners[1])
        #expect(cluster.call(owners[0], put("k", "first")).isStored)
        cluster.settle()
        let keeper = try #require(fallbacks.first { cluster[$0].machine.hintsWaiting > 0 })
        let target = MemberNumber(UInt32(owners[1]))
        var late: (StoreReply, MemberNumber)?
        cluster.onSend = { message, from, to in
            guard case .storeReply(let reply) = message, from == target, late == nil else { return true }
            late = (reply, to)
            return false
        }
        cluster.restart(owners[1])
        cluster.pass(.milliseconds(200))
        let (reply, to) = try #require(late)
        #expect(Int(to.rawValue) == keeper)
        var object = CausalObject()
        let stranger = ReplicaID(member: MemberNumber(UInt32(owners[0])), incarnation: Incarnation(nonce: 77))
        object.write(dot: Dot(stranger, 1), payload: ByteBuffer(string: "x"), observed: VersionVector())
        let store = Store(
            exchange: 0, epoch: Epoch(1), group: cluster.layout.group(for: key("k"), n: 3), key: key("k"),
            object: object.encoded(), event: nil, durable: true, hintFor: target)
        cluster.feed(.peer(.store(store), from: MemberNumber(UInt32(owners[0]))), to: to)
        cluster.feed(.peer(.storeReply(reply), from: target), to: to)
        #expect(cluster[keeper].machine.hintsWaiting == 1)
        cluster.pass(.seconds(1))
        #expect(waiting(cluster) == 0)
        #expect(cluster.held(owners[1], "k")?.liveDots.contains(Dot(stranger, 1)) == true)
    }

    @Test func aHintIsInNoClock() throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        #expect(cluster.call(fallbacks[0], put("k", "v")).isStored)
        cluster.settle()
        for node in fallbacks {
            #expect(cluster[node].machine.status(at: cluster.now.monotonic).exchange.indexedEvents == 0)
            #expect(cluster.held(node, "k") == nil)
        }
    }

    /// INV 30: hints never make a write refused that owners can take; past the quota they are dropped, counted and named, and
    /// anti-entropy brings what they would have brought.
    @Test func pastTheQuotaHintsAreDroppedAndTheWriteIsTakenAllTheSame() throws {
        var settings = ReplicationSettings()
        settings.maxHints = 2
        let cluster = try TestCluster(nodes: 5, settings: settings)
        let away = 2
        cluster.kill(away)
        for i in 0 ..< 60 { #expect(cluster.call(1, put("k\(i)", "v")).isStored) }
        cluster.settle()
        let up = [1, 3, 4, 5]
        #expect(up.allSatisfy { cluster[$0].machine.hintsWaiting <= 2 })
        #expect(up.contains { cluster[$0].machine.counters.hintsDropped > 0 })
        let notes = up.flatMap { cluster[$0].notes }
        #expect(notes.contains { if case .hintsDropped(MemberNumber(2), _, _) = $0 { true } else { false } })
        cluster.restart(away)
        cluster.pass(.seconds(20))
        #expect(waiting(cluster) == 0)
        for i in 0 ..< 60 where cluster.owners("k\(i)").contains(away) {
            #expect(cluster.held(away, "k\(i)")?.values == ["v"], "k\(i)")
        }
    }

    /// Acknowledged hints are never dropped to make room.
    @Test func atTheQuotaWhatWasAcknowledgedStays() throws {
        let cluster = try cluster { $0.maxHints = 1 }
        let (owners, fallbacks) = places(cluster)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        #expect(cluster.call(fallbacks[0], put("k", "kept")).isStored)
        let refused = cluster.call(fallbacks[0], put("k", "kept too"))
        #expect(refused.isStored, "the same key is no further hint: \(refused)")
        let group = cluster.layout.group(for: key("k"), n: 3)
        let other = try #require(
            (0 ..< 10_000).lazy.map { "o\($0)" }.first { cluster.layout.group(for: key($0), n: 3) == group })
        let second = cluster.call(fallbacks[0], put(other, "no room"))
        #expect(second.failure?.code == .overloaded)
        #expect(second.failure?.outcome == .notApplied)
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(2))
        #expect(cluster.call(owners[0], get("k")).values == ["kept", "kept too"])
    }

    /// Schedule 4 of the invariants, rule 13.
    @Test func aSecondMintAfterADeliveryDoesNotCoverTheFirst() throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        let first = cluster.call(fallbacks[0], put("k", "first"))
        #expect(first.isStored)
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(1))
        #expect(waiting(cluster) == 0)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        let second = cluster.call(fallbacks[0], put("k", "second"))
        #expect(second.isStored)
        #expect(second.receipt.written?.replica != first.receipt.written?.replica)
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(1))
        #expect(cluster.call(owners[0], get("k")).values == ["first", "second"])
    }

    /// Before anything of the first is delivered, the second goes over it, as at an owner.
    @Test(arguments: [false, true]) func aSecondMintBeforeADeliveryKeepsTheFirst(readsAreSlow: Bool) throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        for fallback in fallbacks { cluster[fallback].engine.readsAreSlow = readsAreSlow }
        let tokens = (0 ..< 6).map { cluster.ask(fallbacks[$0 % 2], put("k", "v\($0)")) }
        cluster.pass(.seconds(5))
        for token in tokens { #expect(cluster.reply(token)?.isStored == true) }
        #expect(cluster.call(fallbacks[0], get("k")).values?.count == 6)
        let seen = cluster.call(fallbacks[0], get("k"))
        #expect(cluster.call(fallbacks[0], put("k", "over all", context: seen.context)).isStored)
        #expect(cluster.call(fallbacks[1], get("k")).values == ["over all"])
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(5))
        #expect(waiting(cluster) == 0)
        #expect(cluster.call(owners[0], get("k")).values == ["over all"])
        cluster.pass(.seconds(1))
        for node in 1 ... 5 { cluster[node].machine.checkInvariants() }
    }

    /// A hint whose record is lost is not "no hint": the identity that minted on it ends.
    @Test func afterALostHintTheFallbackMintsUnderAnotherIdentity() throws {
        let cluster = try cluster()
        let (owners, fallbacks) = places(cluster)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        let first = cluster.call(fallbacks[0], put("k", "first"))
        cluster.settle()
        let group = Group(partition: cluster.layout.partition(for: key("k")), n: 0)
        let stored = cluster[fallbacks[0]].engine.keys(in: group, from: ByteBuffer(), limit: 10)
        cluster[fallbacks[0]].engine.corrupt = Set(stored)
        let second = cluster.call(fallbacks[0], put("k", "second"))
        #expect(second.isStored)
        #expect(second.receipt.written?.replica != first.receipt.written?.replica)
        #expect(cluster[fallbacks[0]].machine.counters.hintsLost == 1)
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(5))
        #expect(cluster.call(owners[0], get("k") { $0.r = .all }).values == ["first", "second"])
    }

    @Test func manyHintsGoInBoundedTicksAndAreResumedAfterALoss() throws {
        let cluster = try cluster {
            $0.background.operationsPerSecond = 100
            $0.hintsAtOnce = 3
        }
        let away = MemberNumber(2)
        cluster.kill(2)
        for i in 0 ..< 200 { #expect(cluster.call(1, put("k\(i)", "v")).isStored) }
        cluster.settle()
        let before = waiting(cluster)
        #expect(before > 50)
        var onTheirWay: [MemberNumber: Int] = [:]
        cluster.onSend = { message, from, to in
            if case .store = message, to == away { onTheirWay[from, default: 0] += 1 }
            if case .storeReply = message, from == away { onTheirWay[to, default: 0] -= 1 }
            #expect(onTheirWay.values.allSatisfy { $0 <= 3 })
            return true
        }
        cluster.restart(2)
        cluster.pass(.milliseconds(170))
        #expect(waiting(cluster) < before && waiting(cluster) > 0)
        cluster.kill(2)
        onTheirWay = [:]
        cluster.pass(.seconds(1))
        cluster.restart(2)
        cluster.pass(.seconds(30))
        #expect(waiting(cluster) == 0)
        for i in 0 ..< 200 where cluster.owners("k\(i)").contains(2) {
            #expect(cluster.held(2, "k\(i)")?.values == ["v"])
        }
    }
}
