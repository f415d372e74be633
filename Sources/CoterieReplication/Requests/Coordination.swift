// One client request that this node carries, from its arrival to its answer and the repair that follows.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire

/// Who waits for the answer.
enum ReplyTarget: Equatable {
    case door(ReplyToken)
    case connection(ConnectionToken, RequestID)
    case member(MemberNumber, RequestID)
    /// Nobody: the node reads a key of its own accord, to repair it.
    case none
}

/// Where the request goes, worked out once at its arrival.
struct RequestPlan {
    let group: Group
    let owners: [MemberNumber]
    let rule: TypeRule
    let options: ResolvedOptions
    let epoch: Epoch
}

/// A request under way. A class: it is one thing from its arrival to its end, half a kilobyte that goes through a dozen
/// functions with each answer, and whoever holds it changes it for all.
final class Coordination {
    enum Phase {
        /// Can transition to: `parked`, `reading` (then anything below), `loading`, `forwarded`, gone.
        case arrived
        /// Too few owners are connected, and those that are missing may come back in a moment. Can transition to: all that
        /// `arrived` can.
        case parked
        /// Quorum read under way. Can transition to: `loading` (a write whose condition holds), gone.
        case reading(ReadMachine, ThenWhat)
        /// A write waits for this owner's own record, which lies on disk. Can transition to: `writing`, `forwarded`, gone.
        case loading
        /// A write is spread and counted. Can transition to: gone.
        case writing(WriteMachine)
        /// A write is at an owner. Can transition to: `forwarded` (another owner, if this one was certainly not
        /// reached), gone.
        case forwarded(Forwarding)
        /// Another owner was asked for what an update needs. Can transition to: `loading`, `writing`, `demanding` (the next
        /// one), gone.
        case demanding(Demanding)
    }

    /// What a read is for.
    enum ThenWhat: Equatable {
        case answer
        /// A write follows, if its condition holds.
        case write
        /// Only repair.
        case nothing
    }

    var target: ReplyTarget
    var request: ClientRequest
    let plan: RequestPlan
    let started: Instant
    let deadline: Instant
    var phase: Phase = .arrived
    /// What a quorum read found for an update that acts on what its client saw, and in which round: to be taken in.
    var found: (object: CausalObject, round: UInt64)?
    /// Of what its client saw that which the read found; nil: all of it counts.
    var actsOn: VersionVector?
    /// Whether such a read was made: it is made once.
    var hasFetched = false
    /// An owner that was lost may have applied it: no refusal of another says that it was not.
    var isInDoubt = false
    /// Whom others were asked for something that the update needs (`TypeDemand`), in their present lives.
    var demanded: [MemberNumber] = []
    /// When fallbacks are asked for owners that have not answered by then; nil: they were, or never are.
    var lookAt: Instant?
    /// Until when it may wait for owners to be connected; nil: it has not waited.
    var parkedUntil: Instant?
    /// Whether the answer has left.
    var isAnswered = false
    /// Whether it is kept for late answers only.
    var isLingering = false

    init(target: ReplyTarget, request: ClientRequest, plan: RequestPlan, started: Instant, deadline: Instant) {
        self.target = target
        self.request = request
        self.plan = plan
        self.started = started
        self.deadline = deadline
    }
}

/// What another owner was asked for, so that an update can be performed here.
struct Demanding: Equatable {
    let id: RequestID
    let owner: MemberNumber
    /// Why it is needed: the answer where nobody gives it.
    let why: String
    /// The own round when it was asked: what it answers left its store in no earlier one than the round before.
    let round: UInt64
}

/// A write that was passed to an owner.
struct Forwarding: Equatable {
    let id: RequestID
    let owner: MemberNumber
    /// The owner's life to which it was sent.
    let nonce: UInt64
    /// Owners that were certainly not reached.
    var unreached: [MemberNumber]
    /// It may have reached the owner in an earlier try: what does not leave now may have arrived then.
    var mayHaveArrived = false
    /// Set when the connection went down with the answer outstanding: until when the same life may come back.
    var lostUntil: Instant?
}
