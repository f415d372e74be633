// Moving from round to round, and telling it.
//
// Quiet stretches cost nothing: a round is begun only where a marker waits to be reclaimed, and told when it is reached,
// when it is wanted, and to whoever has not heard it.

import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// All other members: each has a say, also those without a group in common.
    var otherMembers: [MemberNumber] {
        var others: [MemberNumber] = []
        others.reserveCapacity(layout.members.count)
        for member in layout.members where member.number != me { others.append(member.number) }
        return others
    }

    /// Whether an object that left a store in that round is refused. Its sender is not at fault: anti-entropy brings
    /// what is still right of it.
    func refuses(_ round: UInt64) -> Bool { rounds.isTooOld(round) && !settings.omitted.contains(.rounds) }

    /// The round that the store has recorded; 0: none.
    var recordedRound: UInt64 { engine.metadata(MetadataName.round)?.getInteger(at: 0) ?? 0 }

    /// What this life found in its store is durable.
    mutating func takeRecordedRound() { rounds.current = recordedRound }

    /// A store that is new or was lost takes the highest round that a majority of its peers has named, before it takes
    /// any object.
    mutating func takeIntroducedRound(_ effects: inout Effects) {
        guard rounds.current == 0, rounds.pending == nil, service != .starting, isAcquainted else { return }
        record(max(1, rounds.introduced), &effects)
    }

    /// Goes on where all are ready, and not sooner than the settings say.
    mutating func stepRound(_ now: Now, _ effects: inout Effects) {
        // At each report and tick: the rest is looked at only where there can be anywhere to go.
        guard !hasStopped, rounds.isMoving else { return }
        let others = otherMembers
        guard let next = rounds.next(others: others, oldestHint: oldestHintRound) else { return }
        if rounds.hasGoneBack(others: others) {
            // An old copy of the directory: it may hold what everybody else has deleted, reclaimed and forgotten.
            if service == .serving { quarantine(&effects) }
            record(next, &effects)
            return
        }
        if let since = rounds.since, now.monotonic - since < settings.roundInterval { return }
        record(next, &effects)
    }

    private mutating func record(_ round: UInt64, _ effects: inout Effects) {
        do throws(StorageFailure) {
            let change = MetadataChange(name: MetadataName.round, value: ByteBuffer(integer: round))
            try engine.apply(Batch(metadata: [change]))
            rounds.pending = round
            barriers.await(.round(round), .durable)
        } catch {
            effects.append(.note(.writesRefused(error)))  // Tried again at the next tick of anti-entropy.
        }
    }

    /// The round is durable: it is told.
    mutating func reached(_ round: UInt64, _ now: Now, _ effects: inout Effects) {
        rounds.pending = nil
        guard round > rounds.current else { return }
        rounds.current = round
        rounds.since = now.monotonic
        counters.rounds += 1
        reportRound(&effects)
        stepRound(now, &effects)
        tendMarkers(now, &effects)
        askForMore(&effects)
    }

    /// Tells everybody that can be reached.
    mutating func reportRound(_ effects: inout Effects) {
        for member in otherMembers where isReachable(member) { reportRound(to: member, &effects) }
    }

    mutating func reportRound(to member: MemberNumber, _ effects: inout Effects) {
        guard rounds.current > 0 else { return }
        let report = RoundReport(
            epoch: layout.epoch, round: rounds.current, heard: rounds.heard[member] ?? 0, wanted: rounds.wanted)
        rounds.untold.remove(member)
        effects.append(.send(.roundReport(report), to: member))
    }

    mutating func receive(
        _ report: RoundReport, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        noteEpoch(report.epoch, of: member, &effects)
        guard report.epoch == layout.epoch, peers[member] != nil else { return }
        rounds.hear(report.round, of: member)
        rounds.want(report.wanted)
        if report.heard < rounds.current { reportRound(to: member, &effects) }
        stepRound(now, &effects)
    }

    /// At each tick of anti-entropy: what is wanted is told, and told again to those that are waited for.
    mutating func tendRounds(_ now: Now, _ effects: inout Effects) {
        takeIntroducedRound(&effects)
        if markers.wantedRound > rounds.wanted {
            rounds.want(markers.wantedRound)
            reportRound(&effects)
            rounds.ticks = 0
        } else if rounds.wanted > rounds.current {
            rounds.ticks += 1
            let isPatient = rounds.ticks % Rounds.patience != 0
            for member in otherMembers where isReachable(member) && (!isPatient || rounds.untold.contains(member)) {
                reportRound(to: member, &effects)
            }
        }
        stepRound(now, &effects)
    }
}
