// Why an operation on a replicated type was not performed, or bytes of one were not understood.

import CoterieCausality

/// A refusal of a replicated type. Nothing was changed.
public enum TypeFault: Error, Hashable, Sendable {
    /// Bytes that are no payload, operation or value of the type: what was wrong, and where.
    case malformed(String)
    /// The type does not allow the operation here and now: why, and what is allowed.
    case refused(String)
    /// The operation acts on what its client saw, and this replica has not seen all of that: it must first take in an
    /// object that covers this context. (A part cannot be removed where it has not arrived: INV 8.)
    case behind(VersionVector)
    /// No type of this name is registered; the names that are.
    case unknownType(String, known: [String])
}

extension TypeFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let what), .refused(let what): what
        case .behind(let context): "the replica has not yet seen all that the client saw: \(context)"
        case .unknownType(let name, let known):
            "there is no type \"\(name)\"; known are: \(known.joined(separator: ", "))"
        }
    }
}
