// How far the deletes of a node are, and what holds them up, by name: for an operator.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

/// Rounds and markers of one node.
public struct ReclaimStatus: Equatable, Sendable {
    /// The round that the node has reached durably; 0: its store is new or was lost, and it knows none yet.
    public var round: UInt64 = 0
    /// Up to where somebody wants all to move; nobody moves where that is no more than `round`.
    public var wantedRound: UInt64 = 0
    /// Markers of which some owner may lack an event, and those that rest until all are rounds further.
    public var waiting = 0
    public var resting = 0
    /// Whether the store's keys are being looked through for markers.
    public var isWalking = false
    /// Owners that have not told that they have what the first of the waiting markers need. Ascending.
    public var unadvertised: [MemberNumber] = []
    /// Members that have not reached the node's round, where it is to go on. Ascending.
    public var behind: [MemberNumber] = []
    /// How long the node has been in its round; nil: since before its start.
    public var since: TimeSpan?
}

extension NodeMachine {
    /// So many waiting markers are looked at for the names of those that hold them up.
    private static let sample = 64

    func reclaimStatus(at now: Instant) -> ReclaimStatus {
        var status = ReclaimStatus()
        status.round = rounds.current
        status.wantedRound = rounds.wanted
        status.waiting = markers.waiting.count
        status.resting = markers.resting.count
        status.isWalking = markers.walk != nil
        status.since = rounds.since.map { now - $0 }
        if rounds.wanted > rounds.current { status.behind = rounds.behind(of: otherMembers) }
        var unadvertised: Set<MemberNumber> = []
        for marker in markers.waiting.prefix(Self.sample) {
            let known = knowledge[marker.group]
            for owner in layout.preferenceList(for: marker.group).primaries where owner != me {
                let has = known.heard[owner]?.clock.hasLastDots(of: marker.context) ?? false
                if !has { unadvertised.insert(owner) }
            }
        }
        status.unadvertised = unadvertised.sorted()
        return status
    }
}

extension NodeMachine {
    /// Whether somebody wants all to move on, and something holds this node in its round: a member, or its own hints.
    var roundWaits: Bool {
        guard rounds.wanted > rounds.current, rounds.current > 0, rounds.pending == nil else { return false }
        return !rounds.behind(of: otherMembers).isEmpty || hintsHoldTheRound
    }

    /// Rule 8: hints are kept here that were stored before this node's round.
    private var hintsHoldTheRound: Bool { oldestHintRound.map { $0 < rounds.current } ?? false }

    /// Deletes that cannot be reclaimed, and the round that they wait for, in the words of the status.
    func deletesWaiting(at now: Instant) -> [Waiting] {
        let status = reclaimStatus(at: now)
        var waiting: [Waiting] = []
        if status.waiting > 0 {
            let what = "\(status.waiting) deletes"
            let span = watch.deletesSince.map { max(.zero, now - $0) } ?? .zero
            for owner in status.unadvertised {
                let why = obstacle(owner, at: now) ?? "it has not told that it has them durably"
                waiting.append(Waiting(what: what, why: why, span: span, member: owner))
            }
            if status.unadvertised.isEmpty {
                waiting.append(Waiting(what: what, why: "they are not durable here, or not looked at yet", span: span))
            }
        }
        if let since = markers.waitsSince {
            waiting.append(
                Waiting(
                    what: "\(status.resting) resting deletes", why: budgetReason, span: max(.zero, now - since)))
        }
        guard roundWaits else { return waiting }
        let what = "round \(rounds.current + 1)"
        let told = "it has not told that it has reached round \(rounds.current)"
        // It may have waited for another one before.
        let instants = [watch.roundSince ?? now, rounds.since].compactMap(\.self)
        let span = instants.max().map { max(.zero, now - $0) } ?? .zero
        for member in status.behind {
            waiting.append(
                Waiting(what: what, why: obstacle(member, at: now) ?? told, span: span, member: member))
        }
        if hintsHoldTheRound {
            waiting.append(
                Waiting(what: what, why: "hints are kept here from before round \(rounds.current)", span: span))
        }
        return waiting
    }
}
