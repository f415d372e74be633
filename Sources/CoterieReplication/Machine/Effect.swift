// Everything that a node wants done, as values that can be compared, printed, recorded and replayed.
// The shell is one exhaustive switch over these, in production and in the simulator.

import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire

/// One wish.
public enum Effect: Equatable, Sendable {
    case send(Message, to: MemberNumber)
    /// To a client of the native protocol.
    case answer(Message, to: ConnectionToken)
    /// To a door of this process.
    case reply(ReplyToken, ClientReply)
    /// Work that may block; comes back as `Input.disk`.
    case disk(DiskWork)
    /// Replaces the timer of that name.
    case setTimer(TimerName, at: Instant)
    case cancelTimer(TimerName)
    case note(Note)
    /// A newer layout is durable here: the transport and the doors act on it from now on.
    case adopt(Layout)
    /// All that was under way is answered and durable: the process may go.
    case stopped
}

/// Something that an operator may want to know. The shell logs it at the level that it carries.
public enum Note: Equatable, Sendable {
    /// The replica serves. After a lost store: everything was fetched.
    case serving
    /// The store is empty and its peers know this member: it is refilled from them before it serves.
    case quarantined
    case refillProgress(done: Int, of: Int)
    /// State that this identity minted on was lost: it mints under a new one from now on.
    case identityRenewed(reason: String)
    case recordCorrupt(RecordFault)
    /// What the store's index points at in a group is not what was stored.
    case digestDisagrees(Group)
    case writesRefused(StorageFailure)
    case writesAccepted
    case manySiblings(ObjectKey, count: Int)
    /// A peer and this node disagree on what must be a fact (design, section 4, rules 3 and 5).
    case causalityFault(ObjectKey, peer: MemberNumber, text: String)
    /// The quota for hints is used up: the first hint since there was room for that target is not taken.
    case hintsDropped(MemberNumber, waiting: Int, bytes: Int)
    /// A target refuses a hint for what it holds.
    case hintRefused(ObjectKey, by: MemberNumber, ErrorCode)
    case layoutLearnt(Epoch)
    /// A newer layout cannot be acted on here, for this reason: the node stays where it is.
    case layoutRefused(Epoch, reason: String)
    /// A member is seen otherwise than before, and why.
    case memberChanged(MemberChange)
    /// A member's gossip cannot be read, for this reason.
    case malformedGossip(MemberNumber, String)
}

/// The wishes of one or more inputs, in order. Reused between ticks so that nothing is allocated for them.
public struct Effects: Sendable {
    public private(set) var list: [Effect] = []

    public init() { list.reserveCapacity(64) }

    @inlinable public var isEmpty: Bool { list.isEmpty }

    public mutating func append(_ effect: consuming Effect) { list.append(effect) }

    /// Hands over what is listed in exchange for an empty array, whose memory the next ones use.
    public mutating func exchange(with other: inout [Effect]) { swap(&list, &other) }

    /// Forgets all, keeps the memory.
    public mutating func removeAll() { list.removeAll(keepingCapacity: true) }
}
