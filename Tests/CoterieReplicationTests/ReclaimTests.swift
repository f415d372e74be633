// Deletes leave nothing, and nothing comes back (INV 3, 13, 14; design, section 4, rules 7 to 10 and 16). Each rule is
// played with it and without it: what goes wrong without it is what it is for.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore
import Testing

@Suite struct ReclaimTests {
    @Test func aDeleteThatAllOwnersHaveLeavesNothing() throws {
        let cluster = try TestCluster(nodes: 5, settings: .fastRounds())
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        for i in 0 ..< 49 { _ = cluster.call(2, delete("k\(i)")) }
        cluster.pass(.seconds(30))
        for i in 0 ..< 49 { #expect(cluster.copies("k\(i)") == 0) }
        #expect(cluster.copies("k49") == 3)
        for node in 1 ... 5 {
            #expect(cluster.reclaim(node).waiting + cluster.reclaim(node).resting == 0)
            #expect(cluster[node].machine.counters.causalityFaults == 0)
        }
    }

    @Test func anOwnerThatIsAwayHoldsADeleteUpAndIsNamed() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.kill(3)
        _ = cluster.call(1, delete("k"))
        cluster.pass(.seconds(120))
        #expect(cluster.held(1, "k")?.isMarker == true)
        #expect(cluster.reclaim(1).unadvertised == [MemberNumber(3)])
        // INV 13: back after so long, with what was deleted.
        cluster.restart(3)
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        #expect(cluster.call(3, get("k")).object?.isEmpty == true)
    }

    @Test func aMemberThatOwnsNothingOfAKeyHoldsItUpTooAndIsNamed() throws {
        let cluster = try TestCluster(nodes: 5, settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        let (owner, stranger) = (cluster.owners("k")[0], cluster.stranger(to: "k"))
        cluster.kill(stranger)
        _ = cluster.call(owner, delete("k"))
        cluster.pass(.seconds(60))
        #expect(cluster.held(owner, "k")?.isMarker == true)
        #expect(cluster.reclaim(owner).behind == [MemberNumber(UInt32(stranger))])
        cluster.restart(stranger)
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
    }

    @Test func markersThatFoundNoRoomAreFoundByAWalk() throws {
        var settings = ReplicationSettings.fastRounds()
        settings.markersRemembered = 3
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 40 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        for i in 0 ..< 40 { _ = cluster.call(1, delete("k\(i)")) }
        for node in 1 ... 3 { cluster[node].engine.readsAreSlow = true }
        cluster.pass(.seconds(120))
        for i in 0 ..< 40 { #expect(cluster.copies("k\(i)") == 0) }
    }

    @Test func markersOfAnEarlierLifeAreFound() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        cluster.swallow { message, _, _ in message.isRoundReport }
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        for i in 0 ..< 20 { _ = cluster.call(1, delete("k\(i)")) }
        cluster.pass(.seconds(5))
        cluster.onSend = nil
        for node in 1 ... 3 { cluster.restart(node) }
        cluster.pass(.seconds(30))
        for i in 0 ..< 20 { #expect(cluster.copies("k\(i)") == 0) }
    }

    /// Nobody else tells it of what it may forget.
    @Test func theOnlyOwnerOfAKeyReclaimsAfterARestartToo() throws {
        let cluster = try TestCluster(nodes: 1, replicas: 1, settings: .fastRounds())
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v")) }
        for i in 0 ..< 10 { _ = cluster.call(1, delete("k\(i)")) }
        cluster.restart(1)
        cluster.pass(.seconds(30))
        for i in 0 ..< 10 { #expect(cluster.copies("k\(i)") == 0) }
    }

    /// What it holds enters its clock again when it gives up what it knows, and nobody else can tell.
    @Test func theOnlyOwnerOfAKeyReclaimsAfterAQuarantineToo() throws {
        let types = [
            BucketType(name: "default", n: 3, kind: .siblings), BucketType(name: "alone", n: 1, kind: .siblings),
        ]
        let cluster = try TestCluster(settings: .fastRounds(), types: types)
        _ = cluster.call(1, put("k", "v", type: "alone"))
        _ = cluster.call(1, put("lost", "v") { $0.w = .all })
        cluster.swallow { message, _, _ in message.isRoundReport }
        _ = cluster.call(1, delete("k", type: "alone"))
        cluster.pass(.seconds(5))
        let owner = cluster.owners("k", type: "alone")[0]
        cluster[owner].engine.lose(cluster.layout.group(for: key("lost"), n: 3), key("lost").bytes)
        _ = cluster.call(owner % 3 + 1, get("lost") { $0.r = .all })
        cluster.onSend = nil
        cluster.pass(.seconds(60))
        #expect(cluster[owner].notes.contains(.quarantined))
        #expect(cluster[owner].machine.isServing)
        #expect(cluster.held(owner, "k", type: "alone") == nil)
    }

    /// Whoever lacks an event is not offered what is gone, and the one that is asked has lost nothing: neither in this life
    /// nor in the next, which reads in its log that it had the event.
    @Test(arguments: [false, true]) func anEventWhoseMarkerIsGoneIsNotTakenForALoss(afterARestart: Bool) throws {
        let cluster = try TestCluster(settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        _ = cluster.call(1, delete("k"))
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        cluster[3].engine.loseNotes()
        if afterARestart { for node in 1 ... 2 { cluster.restart(node) } }
        cluster.restart(3)
        cluster.pass(.seconds(60))
        for node in 1 ... 3 {
            #expect(!cluster[node].notes.contains(.quarantined), "n\(node)")
            #expect(cluster.held(node, "k") == nil)
        }
    }

    // MARK: Rule 7

    /// One owner has not got the delete. The others keep its event until it has.
    private func deleteThatOneOwnerMisses(without omitted: OmittedRules) throws -> TestCluster {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.pass(.seconds(5))
        cluster.swallow { message, from, to in (message.isStore && to == 3) || (message.isPull && from == 3) }
        _ = cluster.call(1, delete("k"))
        cluster.pass(.seconds(30))
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        return cluster
    }

    @Test func anEventIsKeptUntilEveryOwnerHasIt() throws {
        let cluster = try deleteThatOneOwnerMisses(without: [])
        #expect(cluster.copies("k") == 0)
    }

    @Test func mutantAnEventThatIsForgottenEarlyLetsTheValueLive() throws {
        let cluster = try deleteThatOneOwnerMisses(without: .forgetting)
        #expect(cluster.held(3, "k")?.values == ["v"])
        #expect(cluster.call(3, get("k") { $0.r = .all }).values == ["v"], "a deleted value is back")
    }

    // MARK: Rule 8

    /// Directed schedule 1: A takes e0; B, which has not seen it, deletes with that context; C gets the marker and reclaims
    /// it; the delayed e0 reaches C.
    private func delayedPut(without omitted: OmittedRules) throws -> TestCluster {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        var delayed: Message?
        cluster.swallow { message, _, to in
            if message.isStore, to == 3 { delayed = message }
            return message.isStore
        }
        let written = cluster.call(1, put("k", "e0") { $0.w = .count(1) })
        cluster.onSend = nil
        _ = cluster.call(2, delete("k", context: written.context) { $0.w = .count(1) })
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        if let delayed { cluster.deliver(delayed, from: 1, to: 3) }
        return cluster
    }

    @Test func whatLeftAStoreTooManyRoundsAgoIsRefused() throws {
        let cluster = try delayedPut(without: [])
        #expect(cluster[3].machine.counters.tooOld == 1)
        #expect(cluster[3].machine.counters.causalityFaults == 0, "its sender is not at fault")
        #expect(cluster.held(3, "k") == nil)
    }

    @Test func mutantWithoutRoundsAnOldMessageIsTakenForALoss() throws {
        let cluster = try delayedPut(without: .rounds)
        #expect(cluster[3].machine.counters.causalityFaults == 1)
        #expect(cluster[3].notes.contains(.quarantined))
    }

    /// Directed schedule 11: the repair of a read that began long ago, on its way from a node that owns nothing.
    @Test(arguments: [OmittedRules(), .rounds]) func aRelayThatIsOldIsRefused(without omitted: OmittedRules) throws {
        let cluster = try TestCluster(nodes: 5, settings: .fastRounds(without: omitted))
        let (owners, stranger) = (cluster.owners("k"), cluster.stranger(to: "k"))
        cluster.swallow { message, _, to in message.isStore && to == owners[2] }
        _ = cluster.call(owners[0], put("k", "v") { $0.w = .count(2) })
        var delayed: Message?
        cluster.swallow { message, from, to in
            if message.isStore, from == stranger, to == owners[2] { delayed = message }
            return message.isStore && to == owners[2] || message.isPull
        }
        _ = cluster.call(stranger, get("k") { $0.r = .all })
        cluster.settle()
        cluster.onSend = nil
        _ = cluster.call(owners[1], delete("k"))
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        let message = try #require(delayed)
        cluster.deliver(message, from: stranger, to: owners[2])
        if omitted.isEmpty {
            #expect(cluster[owners[2]].machine.counters.tooOld == 1)
            #expect(cluster[owners[2]].machine.isServing)
        } else {
            #expect(cluster[owners[2]].machine.counters.causalityFaults == 1, "nothing else would have told")
        }
    }

    // MARK: Rule 9

    /// e0 is late, and the rounds have not moved since it left its store.
    private func putThatIsLateByNoRound(without omitted: OmittedRules) throws -> TestCluster {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        var delayed: Message?
        cluster.swallow { message, _, to in
            if message.isStore, to == 3 { delayed = message }
            return message.isStore || message.isRoundReport
        }
        let written = cluster.call(1, put("k", "e0") { $0.w = .count(1) })
        cluster.swallow { message, _, _ in message.isRoundReport }
        _ = cluster.call(2, delete("k", context: written.context) { $0.w = .count(1) })
        cluster.pass(.seconds(30))
        if let delayed { cluster.deliver(delayed, from: 1, to: 3) }
        return cluster
    }

    @Test func aMarkerRestsUntilNothingThatIsOnItsWayCanContradictIt() throws {
        let cluster = try putThatIsLateByNoRound(without: [])
        #expect(cluster.held(3, "k")?.isMarker == true)
        #expect(cluster[3].machine.counters.causalityFaults == 0)
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
    }

    @Test func mutantAMarkerThatDoesNotRestIsMissedByWhatIsLate() throws {
        let cluster = try putThatIsLateByNoRound(without: .rest)
        #expect(cluster[3].machine.counters.causalityFaults == 1)
    }

    /// INV 14: the key is written again while its marker rests.
    private func writeWhileAMarkerRests(without omitted: OmittedRules) throws -> TestCluster {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.swallow { message, _, _ in message.isRoundReport }
        _ = cluster.call(1, delete("k"))
        cluster.pass(.seconds(10))
        #expect(cluster.reclaim(1).resting >= 1)
        _ = cluster.call(1, put("k", "w") { $0.w = .all })
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        return cluster
    }

    @Test func aMarkerThatIsWrittenOverMeanwhileIsLeftAlone() throws {
        let cluster = try writeWhileAMarkerRests(without: [])
        for node in 1 ... 3 { #expect(cluster.held(node, "k")?.values == ["w"]) }
    }

    @Test func mutantWithoutALookAtTheStateAWriteIsLost() throws {
        let cluster = try writeWhileAMarkerRests(without: .exactState)
        #expect(cluster.copies("k") == 0, "an acknowledged write is lost")
    }

    /// INV 14, as a write that waits for its disk has it: the marker goes between its read and its answer.
    @Test(arguments: 1 ..< 40) func readsWritesAndReclaimsMayInterleave(seed: UInt64) throws {
        let cluster = try TestCluster(seed: seed, settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        _ = cluster.call(1, delete("k"))
        for node in 1 ... 3 { cluster[node].engine.readsAreSlow = true }
        cluster.pass(.milliseconds(Int64(900 + 10 * seed)))
        for _ in 0 ..< seed { cluster.step() }
        let write = cluster.call(Int(seed % 3) + 1, put("k", "w") { $0.w = .all })
        #expect(write.isStored)
        cluster.pass(.seconds(30))
        for node in 1 ... 3 { #expect(cluster.held(node, "k")?.values == ["w"]) }
        #expect(cluster.call(2, get("k") { $0.r = .all }).values == ["w"])
    }

    /// INV 3: what is written after its marker is gone is no older than the delete.
    @Test func aKeyThatIsWrittenAgainIsNotCoveredByItsOldDelete() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        let written = cluster.call(1, put("k", "v") { $0.w = .all })
        _ = cluster.call(1, delete("k", context: written.context))
        cluster.swallow { message, from, _ in message.isRoundReport && from == 3 }
        cluster.pass(.seconds(3))
        let marker = try #require(cluster.held(3, "k"))
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        let again = cluster.call(1, put("k", "again") { $0.w = .all })
        #expect(again.isStored)
        cluster.deliver(cluster.repair("k", marker, round: cluster.reclaim(2).round), from: 3, to: 2)
        #expect(cluster.call(2, get("k") { $0.r = .all }).values == ["again"])
    }

    // MARK: Rule 10

    @Test(arguments: [OmittedRules(), .absence]) func aMarkerThatComesWhereItIsGoneStaysGone(
        without omitted: OmittedRules
    ) throws {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.swallow { message, _, _ in message.isRoundReport }
        _ = cluster.call(1, delete("k"))
        cluster.pass(.seconds(5))
        let marker = try #require(cluster.held(3, "k"))
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        cluster.deliver(cluster.repair("k", marker, round: cluster.reclaim(2).round), from: 3, to: 2)
        #expect((cluster.held(2, "k") == nil) == omitted.isEmpty)
    }

    // MARK: Rule 16

    /// Directed schedule 2: an owner is wiped; what left a store before the delete reaches it in time, while it has no
    /// clock yet; the others reclaim the marker; then it is refilled.
    private func refillAfterAnAgedRepair(without omitted: OmittedRules) throws -> TestCluster {
        let cluster = try TestCluster(settings: .fastRounds(without: omitted))
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        let aged = try #require(cluster.held(1, "k"))
        let round = cluster.reclaim(1).round
        cluster.swallow { message, _, _ in message.isRoundReport }
        _ = cluster.call(1, delete("k") { $0.w = .all })
        cluster.pass(.seconds(5))
        cluster.swallow { message, _, _ in message.isScanReply || message.isRoundReport }
        cluster.restart(3, wiped: true)
        cluster.settle()
        cluster.deliver(cluster.repair("k", aged, round: round), from: 1, to: 3)
        #expect(cluster.held(3, "k")?.values == ["v"], "it came in time")
        cluster.swallow { message, _, _ in message.isScanReply }
        cluster.pass(.seconds(30))
        for node in 1 ... 2 { #expect(cluster.held(node, "k") == nil) }
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        #expect(cluster[3].machine.isServing)
        return cluster
    }

    @Test func whatTheSourcesHaveHandledAndHaveNothingOfIsDropped() throws {
        let cluster = try refillAfterAnAgedRepair(without: [])
        #expect(cluster.copies("k") == 0)
        #expect(cluster[3].machine.counters.dropped == 1)
        #expect(cluster.call(3, get("k") { $0.r = .all }).object?.isEmpty == true)
    }

    @Test func mutantWithoutDroppingADeletedValueIsBack() throws {
        let cluster = try refillAfterAnAgedRepair(without: .dropping)
        #expect(cluster.held(3, "k")?.values == ["v"])
    }

    /// What one source has lost, and another holds, is not to become everybody's loss.
    @Test(arguments: [false, true]) func whatAnotherSourceHoldsIsNotDropped(isCorrupt: Bool) throws {
        let cluster = try TestCluster(settings: .fastRounds())
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        let group = cluster.layout.group(for: key("k4"), n: 3)
        if isCorrupt {
            cluster[1].engine.corrupt.insert(key("k4").bytes)
        } else {
            cluster[1].engine.lose(group, key("k4").bytes)
        }
        cluster.restart(3, wiped: true)
        cluster.pass(.seconds(5))
        for i in 0 ..< 10 { #expect(cluster.held(3, "k\(i)")?.values == ["v"]) }
    }

    /// INV 1, 13: an old copy of a directory comes back after the marker has gone everywhere.
    @Test func aBackupThatIsPutBackBringsNothingBack() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(5))
        let backup = cluster[3].engine.backup()
        for i in 0 ..< 5 { _ = cluster.call(1, delete("k\(i)")) }
        cluster.pass(.seconds(30))
        cluster.kill(3)
        cluster.restart(3, from: backup)
        cluster.pass(.seconds(30))
        #expect(cluster[3].notes.contains(.quarantined))
        for node in 1 ... 2 { #expect(!cluster[node].notes.contains(.quarantined), "n\(node) has lost nothing") }
        for i in 0 ..< 5 {
            #expect(cluster.copies("k\(i)") == 0)
            #expect(cluster.call(3, get("k\(i)") { $0.r = .all }).object?.isEmpty == true)
        }
        for i in 5 ..< 10 { #expect(cluster.held(3, "k\(i)")?.values == ["v"]) }
        #expect(cluster.reclaim(3).round >= cluster.reclaim(1).round - 1)
    }

    // MARK: Clients

    /// A floor names events that are gone with their marker: whoever has handled them answers.
    @Test func aReadWhoseFloorIsADeleteIsAnsweredWhenTheMarkerIsGone() throws {
        let cluster = try TestCluster(nodes: 5, settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        let deleted = cluster.call(1, delete("k"))
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        for node in 1 ... 5 {
            let read = cluster.call(node, get("k") { $0.floor = deleted.context })
            #expect(read.object?.isEmpty == true, "n\(node): \(read.failure?.description ?? "")")
        }
        let foreign = VersionVector([Dot(ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 77)), 1)])
        #expect(cluster.call(1, get("k") { $0.floor = foreign }).failure?.code == .insufficientReplicas)
    }
}
