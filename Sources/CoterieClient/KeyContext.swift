// What a read has seen of one key: sent back with the next write, to say what that write replaces.

import CoterieCausality
import CoteriePrimitives
import CoterieWire

/// The causal context of one key: opaque, and of that key alone.
///
/// A context speaks of the events of one key. Sent with a write of another it would replace, or fail to replace, values
/// that nobody has looked at; so a context remembers its key, and the client refuses it for any other.
public struct KeyContext: Hashable, Sendable, CustomStringConvertible {
    let key: ObjectKey
    let vector: VersionVector

    init(key: ObjectKey, vector: VersionVector) {
        self.key = key
        self.vector = vector
    }

    /// Nothing was seen: what a key has that was never written. A write with it replaces nothing.
    public var isEmpty: Bool { vector.isEmpty }

    /// The printable form, for a form field, a cookie or another process: `Bucket.context(_:for:)` takes it back.
    /// It does not name the key.
    public var text: String { CausalContext(vector).text }

    public var description: String { text }

    /// The vector, for a request of that key and of no other.
    func vector(for other: ObjectKey) throws(CoterieError) -> VersionVector {
        guard other == key else {
            throw CoterieError(
                .contextOfAnotherKey,
                "this context is of the key \(key); it says nothing about \(other): read that key first")
        }
        return vector
    }
}

extension Condition {
    /// The key is exactly as it was when this context was read. Checked by a quorum read just before the write; not
    /// atomic against writes at the same time, which become siblings.
    public static func unchanged(since context: KeyContext) -> Condition { .unmodified(context.vector) }
}
