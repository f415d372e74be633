// One call on its way: where it is, and what is known of what it may have done.

import CoteriePrimitives
import CoterieWire

/// A request that waits for its only outcome.
struct Call: Equatable, Sendable {
    let sequence: UInt64
    let id: CallID
    /// In a box of its own: calls are moved about, requests are not.
    private let boxed: BoxedRequest
    let key: ObjectKey
    let isWrite: Bool
    /// A write that may be made again through any node, whatever became of it: an update with an operation's id counts
    /// once, wherever it is performed.
    let isRepeatable: Bool
    /// Counted against `maxPendingBytes`.
    let bytes: Int
    let started: Instant
    /// What the node is told.
    let nodeDeadline: Instant
    /// When the client itself ends it.
    let deadline: Instant
    var phase = Phase.waiting
    /// How often it was handed to a connection.
    var sends = 0
    /// How often a node has refused it for good, so that it was asked anew: part of the request's id, lest a refusal
    /// that comes twice is taken for that of the attempt after it.
    var refusals: UInt64 = 0
    /// A write that was handed to a connection whose answer is lost: from now on only an answer from that same life of
    /// that same node can say what became of it (any node's, where it is repeatable), and a refusal of the repeat says
    /// nothing about the first.
    var inDoubt = false
    /// The node that refused or lost it last: others are preferred.
    var avoided: Int?

    init(
        sequence: UInt64, id: CallID, request: ClientRequest, bytes: Int, started: Instant, nodeDeadline: Instant,
        deadline: Instant
    ) {
        self.sequence = sequence
        self.id = id
        boxed = .request(request)
        key = request.key
        isWrite = request.operation.isWrite
        isRepeatable = if case .update(_, context: _, id: _?) = request.operation { true } else { false }
        self.bytes = bytes
        self.started = started
        self.nodeDeadline = nodeDeadline
        self.deadline = deadline
    }

    /// The name of the present attempt and its repeats.
    func requestID(from origin: UInt64) -> RequestID {
        RequestID(origin: origin, sequence: sequence << Self.refusalBits | refusals)
    }

    /// The low bits of a request's sequence number count its refusals; the others are the call's.
    static let refusalBits: UInt64 = 3
    static let maxRefusals: UInt64 = 1 << refusalBits - 1

    /// Which call a request of this client belongs to.
    static func sequence(of id: RequestID) -> UInt64 { id.sequence >> refusalBits }

    /// Whether the id names the present attempt.
    func isNamed(by id: RequestID) -> Bool { id.sequence & Self.maxRefusals == refusals }

    var request: ClientRequest {
        switch boxed {
        case .request(let request): request
        }
    }

    /// Whether nothing of it can have changed or will change anything.
    var isSurelyNotApplied: Bool {
        guard isWrite else { return true }
        switch phase {
        case .waiting, .queued, .awaitingLayout: return !inDoubt
        case .sent, .hedged, .lost: return false
        }
    }
}

extension Call {
    /// Handed to a link, and when.
    struct Attempt: Hashable, Sendable {
        let link: LinkID
        let at: Instant
    }

    enum Phase: Hashable, Sendable {
        /// No node can take it. Can transition to: queued, sent.
        case waiting
        /// All connections of its node are full. Can transition to: waiting, queued elsewhere, sent.
        case queued(node: Int)
        /// A node of a newer epoch refused it. Can transition to: waiting, queued, sent.
        case awaitingLayout(Epoch)
        /// Can transition to: hedged (a read); lost (a write); after a refusal or (a read, a repeatable write) a lost
        /// link: the first three.
        case sent(Attempt)
        /// A read that was also asked of another node. Can transition to: sent (one of the two is gone).
        case hedged(Attempt, Attempt)
        /// A write whose link is gone, until it is known whether its node lives on. Can transition to: sent, to that
        /// life.
        case lost(node: Int, life: UInt64)
    }

    /// Whether an answer over this link is one that it waits for.
    func awaits(_ link: LinkID) -> Bool {
        switch phase {
        case .sent(let attempt): attempt.link == link
        case .hedged(let first, let second): first.link == link || second.link == link
        default: false
        }
    }

    /// When it must be looked at next, at the latest.
    func attention(hedgeAfter: TimeSpan?) -> Instant {
        if case .sent(let attempt) = phase, !isWrite, let hedgeAfter {
            return min(deadline, attempt.at + hedgeAfter)
        }
        return deadline
    }
}

/// A request on the heap.
private indirect enum BoxedRequest: Equatable, Sendable {
    case request(ClientRequest)
}
