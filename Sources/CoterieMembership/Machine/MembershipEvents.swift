// What can happen to the membership of one node and what it wants done, as values.

import CoteriePrimitives

/// One event.
public enum MembershipInput: Hashable, Sendable {
    /// The first input, once: sets the timer.
    case start
    /// The timer that `MembershipEffect.setTimer` last set has run out.
    case timer
    case message(MembershipMessage, from: MemberNumber)
    /// A message that certainly did not leave: there was no connection, or no room.
    case unsent(MembershipMessage, to: MemberNumber)
    /// A connection to a member stands. Messages are sent to connected members only.
    case connected(MemberNumber)
    case disconnected(MemberNumber)
    /// A request to this member was not answered in time: a reason to probe it now, and no more than that.
    case requestTimedOut(MemberNumber)
    /// This member answered a request that was sent to it, at that time, which is not after now: as good as an answer
    /// to a probe that was under way then.
    case answered(MemberNumber, at: Instant)
    /// The layout's members, this one included, in any order.
    case membersChanged([MemberNumber])
    /// This member is about to stop: the others are told, so that they need not find out.
    case stop
}

/// One wish.
public enum MembershipEffect: Hashable, Sendable {
    case send(MembershipMessage, to: MemberNumber)
    /// Replaces the one timer of the membership; not before now.
    case setTimer(at: Instant)
    /// A member is seen otherwise than before.
    case changed(MemberChange)
}

/// A member that is seen otherwise.
public struct MemberChange: Hashable, Sendable {
    public let member: MemberNumber
    public let from: MemberStatus
    public let to: MemberStatus
    public let refutation: UInt64
    public let cause: Cause

    /// Why.
    public enum Cause: Hashable, Sendable {
        /// A probe from here was not answered.
        case probeFailed
        /// Another member said so.
        case toldBy(MemberNumber)
        /// A suspicion ran out.
        case suspicionRanOut
    }
}

extension MemberChange: CustomStringConvertible {
    public var description: String {
        "\(member) was \(from) and is \(to) (refutation \(refutation)): \(cause)"
    }
}

extension MemberChange.Cause: CustomStringConvertible {
    public var description: String {
        switch self {
        case .probeFailed: "a probe was not answered"
        case .toldBy(let member): "told by \(member)"
        case .suspicionRanOut: "the suspicion was not refuted in time"
        }
    }
}

/// What the membership did since its start, for an operator.
public struct MembershipCounters: Hashable, Sendable {
    /// Probes of this member's own, without those for others.
    public var probes: UInt64 = 0
    public var failedProbes: UInt64 = 0
    /// Probes made for others.
    public var relayed: UInt64 = 0
    /// Members that became suspect here, by own probes or by hearsay.
    public var suspicions: UInt64 = 0
    /// Members that became dead here.
    public var deaths: UInt64 = 0
    /// Accusations of this member itself that it refuted.
    public var refutations: UInt64 = 0
    /// Times that this member found its own timer late by more than `probeTimeout`.
    public var absences: UInt64 = 0
    public var exchanges: UInt64 = 0

    public init() {}

    /// All by name, for `/stats`; names are stable.
    public var named: [(name: String, value: UInt64)] {
        [
            ("probes", probes), ("failed_probes", failedProbes), ("relayed", relayed), ("suspicions", suspicions),
            ("deaths", deaths), ("refutations", refutations), ("absences", absences), ("exchanges", exchanges),
        ]
    }
}
