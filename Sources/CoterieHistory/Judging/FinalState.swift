// What is there in the end: one object per key, as a read of all replicas finds it after everything has come to rest.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

/// The end of a run. A key that is not set is not judged by its end.
public struct FinalState: Sendable {
    private(set) var replies: [ObjectKey: Reply] = [:]

    public init() {}

    /// What the store holds of a key of a type; an object without context says that nothing is there and nothing is known.
    public mutating func set(_ key: ObjectKey, _ object: CausalObject, of kind: TypeKind = .siblings) {
        replies[key] = Reply(object, of: kind)
    }

    /// As a client's answer shows it.
    public mutating func set(_ key: ObjectKey, _ reply: Reply) { replies[key] = reply }

    public subscript(key: ObjectKey) -> Reply? { replies[key] }
}
