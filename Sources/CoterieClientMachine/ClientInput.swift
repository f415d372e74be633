// What the client's machine is told, and what it answers: the whole boundary between the pure machine and its shell.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// The shell's own name for a call: comes back with its completion, means nothing to the machine.
public struct CallID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt64) { rawValue = number }

    public var description: String { "call \(rawValue)" }
}

/// One attempt to hold a connection: never used again after the connection is down.
public struct LinkID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Which node, as an index of the machine's own.
    public let node: Int
    /// Which of the node's connections.
    public let lane: Int
    /// Counts all links of a machine.
    public let serial: UInt64

    @inlinable public init(node: Int, lane: Int, serial: UInt64) {
        self.node = node
        self.lane = lane
        self.serial = serial
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.serial < b.serial }
    public var description: String { "link \(serial)" }
}

/// Why a link is down, as far as the shell can tell.
public enum LinkFailure: Hashable, Sendable, CustomStringConvertible {
    /// The connection was never made, or the hello never came.
    case notConnected(String)
    /// The node said why.
    case refused(Refusal)
    /// It was up and is lost.
    case lost(String)

    public var description: String {
        switch self {
        case .notConnected(let text), .lost(let text): text
        case .refused(let refusal): "refused: \(refusal.text)"
        }
    }
}

/// One thing that happened.
public enum ClientInput: Equatable, Sendable {
    /// Once, before everything else.
    case start
    /// Somebody wants an answer. Exactly one `complete` follows, with the same id.
    case call(CallID, ClientRequest)
    /// Nobody waits any longer for the request that took this `nextRequestID`. Its `complete` comes at once.
    case cancel(RequestID)
    /// The connection stands and this is what the node said of itself.
    case linkUp(LinkID, Hello)
    /// It does not, or no longer.
    case linkDown(LinkID, LinkFailure)
    /// A message came in.
    case received(LinkID, Message)
    /// The connection certainly did not take a request that `send` gave it: it holds too much already.
    case notSent(LinkID, RequestID)
    /// A timer that `setTimer` set has run out.
    case timer(ClientTimer)
    /// Takes no more calls; `closed` follows when the last one is answered.
    case close
    /// Takes no more calls and answers those that wait, at once; `closed` follows.
    case abort
}

/// Timers by name: setting one that is set moves it.
public enum ClientTimer: Hashable, Sendable {
    /// Some call or connection must be looked at: a deadline, a hedge, a silence.
    case attention
    /// The link's connection and hello have taken too long.
    case connect(LinkID)
    /// The pause before a node is tried again.
    case reconnect(node: Int)
    /// The layout that was asked for has not come.
    case layout
}

/// What the shell must do, in the order given. Identifiers and values only: effects can be compared, printed, replayed.
public enum ClientEffect: Equatable, Sendable {
    /// Connect and say this hello; `linkUp` or `linkDown` must follow, once each at most, the down last.
    case connect(LinkID, Endpoint, Hello)
    /// Close the connection. Nothing more is said of this link; the shell reports nothing more of it.
    case disconnect(LinkID)
    case send(LinkID, Message)
    /// A call's only outcome.
    case complete(CallID, Completion)
    case setTimer(ClientTimer, at: Instant)
    case cancelTimer(ClientTimer)
    /// A newer layout is acted on from now on.
    case learnt(Layout)
    /// Everything is answered and disconnected.
    case closed
    /// For logs and traces: nothing to do.
    case trace(ClientTrace)
}

/// What is worth a line in a log.
public enum ClientTrace: Equatable, Sendable {
    case connected(Endpoint, MemberNumber, Epoch)
    case disconnected(Endpoint, String)
    case cannotConnect(Endpoint, String)
    case suspected(Endpoint)
    case badLayout(Endpoint, String)
}

/// How a call ended.
public enum Completion: Equatable, Sendable {
    /// A node answered; `Endpoint` is the one that it was reached at.
    case answered(ClientReply, by: Endpoint)
    /// No node's answer decides it: the client itself says what it knows.
    case unanswered(Unanswered)

    /// The failure, whoever states it; nil where the call succeeded.
    public var failure: Failure? {
        switch self {
        case .answered(let reply, _):
            if case .failed(let failure) = reply.result { failure } else { nil }
        case .unanswered(let unanswered): unanswered.failure
        }
    }
}

/// A call that the client had to end without a node's answer.
public struct Unanswered: Hashable, Sendable {
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// The deadline came first.
        case deadline
        /// No node could be connected to.
        case unreachable
        /// The node that had it was lost, and its life with it as far as can be known.
        case lost
        /// The client's own queue is full.
        case overloaded
        /// The caller gave up.
        case cancelled
        /// The client is closing.
        case closing
    }

    public let reason: Reason
    public let message: String
    /// `unknown` where a write may have reached a node.
    public let outcome: Failure.Outcome

    public init(_ reason: Reason, _ message: String, outcome: Failure.Outcome = .notApplied) {
        self.reason = reason
        self.message = message
        self.outcome = outcome
    }

    /// The same with the stable codes of the doors.
    public var failure: Failure {
        let code: ErrorCode =
            switch reason {
            case .deadline: .timeout
            case .unreachable, .lost: .ownerLost
            case .overloaded: .overloaded
            case .cancelled, .closing: .shuttingDown
            }
        return Failure(code, message, outcome: outcome)
    }
}
