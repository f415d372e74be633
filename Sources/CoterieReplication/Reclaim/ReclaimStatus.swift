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
