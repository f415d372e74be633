// The one error of the client.

import CoterieClientMachine
import CoterieRing
import CoterieWire

/// Why a request has no answer that could be returned.
///
/// The first question to ask of it is `outcome`: a write that is `notApplied` was not and will not be applied, and may
/// be made again; a write that is `unknown` may have been applied, or may still appear.
public struct CoterieError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A stable name: those of the doors (`timeout`, `insufficient_replicas`, …) and some of the client's own.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        init(_ code: ErrorCode) { rawValue = code.description }
        public var description: String { rawValue }

        // The request is wrong.
        public static let badRequest = Code(.badRequest)
        public static let unknownBucketType = Code(.unknownBucketType)
        public static let nMismatch = Code(.nMismatch)
        public static let badQuorum = Code(.badQuorum)
        public static let keyTooLarge = Code(.keyTooLarge)
        public static let valueTooLarge = Code(.valueTooLarge)
        public static let contextTooLarge = Code(.contextTooLarge)
        public static let preconditionFailed = Code(.preconditionFailed)
        public static let tooManySiblings = Code(.tooManySiblings)
        public static let badOperation = Code(.badOperation)
        public static let wrongType = Code(.wrongType)
        public static let operationRefused = Code(.operationRefused)
        // The cluster cannot now.
        public static let insufficientReplicas = Code(.insufficientReplicas)
        public static let timeout = Code(.timeout)
        public static let overloaded = Code(.overloaded)
        public static let notInSync = Code(.notInSync)
        public static let shuttingDown = Code(.shuttingDown)
        /// The node that had the request was lost before it answered.
        public static let ownerLost = Code(.ownerLost)
        // The client's own.
        /// No node of the cluster can be connected to.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The client was closed.
        public static let closed = Code(rawValue: "closed")
        /// A context of one key was used with another.
        public static let contextOfAnotherKey = Code(rawValue: "context_of_another_key")
        /// A text is not a context.
        public static let malformedContext = Code(rawValue: "malformed_context")
        /// The resolver threw, or the function of an update did.
        public static let resolverFailed = Code(rawValue: "resolver_failed")
        /// What is stored there is not a content that this client can read.
        public static let unreadableContent = Code(rawValue: "unreadable_content")
        /// The configuration cannot work.
        public static let badConfiguration = Code(rawValue: "bad_configuration")
    }

    /// What is known of a request's effect.
    public enum Outcome: Hashable, Sendable {
        /// Nothing was changed and nothing will be.
        case notApplied
        /// The write may have been applied, or may still appear.
        case unknown
    }

    public let code: Code
    /// What was wrong, what is allowed, where: one line for a person.
    public let message: String
    public let outcome: Outcome
    /// What the node that carried the request says of it; nil where no node answered.
    public let receipt: Receipt?
    /// The node that answered; nil where none did.
    public let node: Endpoint?

    public init(
        _ code: Code, _ message: String, outcome: Outcome = .notApplied, receipt: Receipt? = nil,
        node: Endpoint? = nil
    ) {
        self.code = code
        self.message = message
        self.outcome = outcome
        self.receipt = receipt
        self.node = node
    }

    public var description: String {
        let tail = outcome == .unknown ? " [outcome unknown: the write may have been applied]" : ""
        return "\(code): \(message)\(tail)"
    }
}

extension CoterieError {
    init(_ failure: Failure, receipt: Receipt?, node: Endpoint?) {
        self.init(
            Code(failure.code), failure.message, outcome: Outcome(failure.outcome), receipt: receipt, node: node)
    }

    init(_ unanswered: Unanswered) {
        let code: Code =
            switch unanswered.reason {
            case .deadline: .timeout
            case .unreachable: .unreachable
            case .lost: .ownerLost
            case .overloaded: .overloaded
            case .cancelled: .cancelled
            case .closing: .closed
            }
        self.init(code, unanswered.message, outcome: Outcome(unanswered.outcome))
    }
}

extension CoterieError.Outcome {
    init(_ outcome: Failure.Outcome) {
        self =
            switch outcome {
            case .notApplied: .notApplied
            case .unknown: .unknown
            }
    }
}

extension Completion {
    /// The answer, or the error that stands for it.
    func get() throws(CoterieError) -> ClientReply {
        switch self {
        case .unanswered(let unanswered): throw CoterieError(unanswered)
        case .answered(let reply, by: let node):
            if case .failed(let failure) = reply.result {
                throw CoterieError(failure, receipt: reply.receipt, node: node)
            }
            return reply
        }
    }
}
