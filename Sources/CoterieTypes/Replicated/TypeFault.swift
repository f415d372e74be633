// Why an operation on a replicated type was not performed, or bytes of one were not understood.

import CoterieCausality
import NIOCore

/// A refusal of a replicated type. Nothing was changed.
public enum TypeFault: Error, Hashable, Sendable {
    /// Bytes that are no payload, operation or value of the type: what was wrong, and where.
    case malformed(String)
    /// The type does not allow the operation here and now: why, and what is allowed.
    case refused(String)
    /// The operation acts on what its client saw, and this replica has not seen all of that: it must first take in an
    /// object that covers this context. (A part cannot be removed where it has not arrived: INV 8.)
    case behind(VersionVector)
    /// The operation can be performed here once one of these has been performed elsewhere: why, and what to ask for.
    case demands(String, [TypeDemand])
    /// No type of this name is registered; the names that are.
    case unknownType(String, known: [String])
}

/// An operation that a replica is asked for, so that another can perform its own.
public struct TypeDemand: Hashable, Sendable {
    /// Whose dots the operation must get.
    public let replica: ReplicaID
    /// In the type's own encoding.
    public let operation: ByteBuffer

    public init(_ replica: ReplicaID, _ operation: ByteBuffer) {
        self.replica = replica
        self.operation = operation
    }
}

extension TypeFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let what), .refused(let what), .demands(let what, _): what
        case .behind(let context): "the replica has not yet seen all that the client saw: \(context)"
        case .unknownType(let name, let known):
            "there is no type \"\(name)\"; known are: \(known.joined(separator: ", "))"
        }
    }
}
