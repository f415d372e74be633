// What a node answers: an object, an acknowledgement or a failure, and always a receipt.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

/// The answer to one client request.
public struct ClientReply: Hashable, Sendable {
    public var result: ClientResult
    public var receipt: Receipt

    public init(result: ClientResult, receipt: Receipt) {
        self.result = result
        self.receipt = receipt
    }
}

/// The three outcomes: done (`object`, `stored`), definitely not applied, unknown.
public enum ClientResult: Hashable, Sendable {
    /// A read met its quorum. Empty: not found. A marker: not found, and known to be deleted.
    case object(CausalObject)
    /// A write met its quorum. `context` may go back with the client's next write of the key: it covers what is known to be
    /// replaced and, unless a sibling that the client has not seen keeps it from that, this write; it never covers such a
    /// sibling. The object is there where `returnBody` asked for it; then the context is the object's.
    case stored(context: VersionVector, object: CausalObject?)
    case failed(Failure)
}

/// Why a request was not answered.
public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    public var code: ErrorCode
    public var message: String
    public var outcome: Outcome

    public enum Outcome: UInt8, Hashable, Sendable {
        /// Nothing was changed and nothing will be.
        case notApplied = 1
        /// The write may have been applied, or may still appear.
        case unknown = 2
    }

    public init(_ code: ErrorCode, _ message: String, outcome: Outcome = .notApplied) {
        self.code = code
        self.message = message
        self.outcome = outcome
    }

    public var description: String { "\(code): \(message)" }
}

/// Stable codes; numbers are never reused.
public enum ErrorCode: UInt16, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    // The request is wrong.
    case badRequest = 1
    case unknownBucketType = 2
    case nMismatch = 3
    case badQuorum = 4
    case keyTooLarge = 5
    case valueTooLarge = 6
    case contextTooLarge = 7
    case preconditionFailed = 8
    case tooManySiblings = 9
    /// The bytes of an update are no operation of the key's type.
    case badOperation = 10
    /// The key's type has no such request: a put where there are operations, an update where there are values.
    case wrongType = 11
    /// The key's type does not allow the operation here and now.
    case operationRefused = 12
    // The cluster cannot now.
    case insufficientReplicas = 20
    case timeout = 21
    case overloaded = 22
    case notInSync = 23
    case wrongEpoch = 24
    case notOwner = 25
    case shuttingDown = 26
    case ownerLost = 27
    // This node's disk.
    case readOnly = 40
    case diskFull = 41
    case corrupt = 42
    case ioError = 43
    // A fault of the cluster's own.
    case causalityFault = 60
    case internalError = 61

    /// The name that doors show: stable, lower case with underscores.
    public var description: String {
        switch self {
        case .badRequest: "bad_request"
        case .unknownBucketType: "unknown_bucket_type"
        case .nMismatch: "n_mismatch"
        case .badQuorum: "bad_quorum"
        case .keyTooLarge: "key_too_large"
        case .valueTooLarge: "value_too_large"
        case .contextTooLarge: "context_too_large"
        case .preconditionFailed: "precondition_failed"
        case .tooManySiblings: "too_many_siblings"
        case .badOperation: "bad_operation"
        case .wrongType: "wrong_type"
        case .operationRefused: "operation_refused"
        case .insufficientReplicas: "insufficient_replicas"
        case .timeout: "timeout"
        case .overloaded: "overloaded"
        case .notInSync: "not_in_sync"
        case .wrongEpoch: "wrong_epoch"
        case .notOwner: "not_owner"
        case .shuttingDown: "shutting_down"
        case .ownerLost: "owner_lost"
        case .readOnly: "read_only"
        case .diskFull: "disk_full"
        case .corrupt: "corrupt"
        case .ioError: "io_error"
        case .causalityFault: "causality_fault"
        case .internalError: "internal_error"
        }
    }
}

/// What was asked of the replicas, what was met, and who answered.
public struct Receipt: Hashable, Sendable {
    /// The node that carried the request.
    public var coordinator: MemberNumber
    public var epoch: Epoch
    public var asked: AskedQuorum
    /// How many answers counted towards r or w.
    public var met: Int
    /// How many of them came from primaries.
    public var metPrimary: Int
    /// How many of them had fsynced.
    public var metDurable: Int
    /// Who answered until the quorum was met or the request failed, in the order of the answers.
    public var responders: [Responder]
    /// From the request's arrival at the coordinator to its answer.
    public var duration: TimeSpan
    /// The event that a write is; nil for a read, and where nothing was written.
    public var written: Dot?

    public init(
        coordinator: MemberNumber, epoch: Epoch, asked: AskedQuorum = AskedQuorum(), met: Int = 0, metPrimary: Int = 0,
        metDurable: Int = 0, responders: [Responder] = [], duration: TimeSpan = .zero, written: Dot? = nil
    ) {
        self.coordinator = coordinator
        self.epoch = epoch
        self.asked = asked
        self.met = met
        self.metPrimary = metPrimary
        self.metDurable = metDurable
        self.responders = responders
        self.duration = duration
        self.written = written
    }
}

extension Receipt {
    /// What a later read must meet to see this write: `context`, which came with it, and the write itself.
    public func floor(_ context: VersionVector) -> VersionVector {
        var floor = context
        if let written { floor.observe(written) }
        return floor
    }
}

/// A request's quorums, resolved to numbers.
public struct AskedQuorum: Hashable, Sendable {
    public var n: Int
    /// r of a read, w of a write.
    public var quorum: Int
    /// pr or pw.
    public var primary: Int
    /// dw; 0 for a read.
    public var durable: Int
    public var nodeConfirms: Int

    public init(n: Int = 0, quorum: Int = 0, primary: Int = 0, durable: Int = 0, nodeConfirms: Int = 0) {
        self.n = n
        self.quorum = quorum
        self.primary = primary
        self.durable = durable
        self.nodeConfirms = nodeConfirms
    }
}

/// One replica's part in an answer.
public struct Responder: Hashable, Sendable {
    public var member: MemberNumber
    public var role: Role
    public var answer: Answer

    public enum Role: UInt8, Hashable, Sendable {
        case primary = 1
        case fallback = 2
    }

    public enum Answer: UInt8, Hashable, Sendable {
        /// A read: it had the object (or the same one as the coordinator's).
        case value = 1
        case notFound = 2
        /// A write: merged, not yet known to be fsynced.
        case stored = 3
        /// A write: merged and fsynced.
        case durable = 4
        case failed = 5
    }

    public init(member: MemberNumber, role: Role, answer: Answer) {
        self.member = member
        self.role = role
        self.answer = answer
    }
}
