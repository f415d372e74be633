// Which faults a run may meet, how often, and how far they may go: a store that promises to bear one lost disk must not
// be blamed for two.

import CoteriePrimitives

/// The fault mix of a run.
public struct FaultPlan: Hashable, Sendable {
    /// Which disks may lose what had been made durable. At any time at most one replica of a key may be without what it
    /// had acknowledged; what is lost for good is told to the checkers as `Promise.lostDisks`.
    public enum Losses: Hashable, Sendable {
        /// No disk loses what was fsynced.
        case none
        /// Any disk may be lost, one after the other: the next only when the last has been refilled and serves.
        case inTurn
        /// Only this member's disk is bad: it rots, fails to read, and is lost again and again.
        case only(MemberNumber)
    }

    public var kinds: [FaultKind] = []
    /// Between two faults, on average.
    public var interval = TimeSpan.milliseconds(50)
    /// How long one that lasts lasts, at most.
    public var longest = TimeSpan.milliseconds(500)
    public var losses = Losses.none
    /// Faults begin before the cluster has served for the first time.
    public var fromTheStart = false
    /// Only the first so many faults happen (for shrinking).
    public var atMost = Int.max
    /// These do not happen, by their number from 0 on (for shrinking): the others are drawn as if they did.
    public var without: Set<Int> = []

    public init() {}

    /// Whether machines lose power.
    public var losesPower: Bool { kinds.contains(.powerLoss) || kinds.contains(.blackout) }

    /// Whether fsyncs may fail on this member's disk. What a failed fsync has dropped is gone at the next loss of
    /// power, and then the store cannot tell what it was: a disk that does both counts as one that loses.
    public func mayFailFsyncs(_ member: MemberNumber) -> Bool { !losesPower || losses == .only(member) }

    /// Whether some disk may lose what was acknowledged without fsync.
    public var losesTails: Bool {
        losesPower || kinds.contains(.failingFsyncs) || kinds.contains(.failingAppends)
    }
}
