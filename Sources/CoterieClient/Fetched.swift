// What requests return.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore

/// What a read found: no value, one, or several concurrent ones, and the context to write with.
public struct Fetched: Hashable, Sendable {
    /// The concurrent values, in an order that says nothing. Without their bytes where `RequestOptions.head` was set.
    public let values: [Content]
    /// The name of each value, in the same order: what `Condition.anyVtag` and HTTP's `ETag` speak of.
    public let vtags: [String]
    /// Sent back with a write, says that the write replaces these values.
    public let context: KeyContext
    /// There is no value, and a delete is still known.
    public let isDeleted: Bool
    /// The quorum asked and met, and who answered.
    public let receipt: Receipt

    /// Whether there is no value: never written, or deleted.
    public var isEmpty: Bool { values.isEmpty }

    /// The value where there is exactly one.
    public var only: Content? { values.count == 1 ? values[0] : nil }
}

/// What a write left.
public struct Stored: Hashable, Sendable {
    /// Covers the write: to be sent with the next write of this key.
    public let context: KeyContext
    /// The values as they are afterwards, where `RequestOptions.returnBody` was set; else nil.
    public let values: [Content]?
    public let vtags: [String]?
    /// The quorum asked and met, and who acknowledged.
    public let receipt: Receipt
}

/// What a read with a resolver found.
public struct Resolved: Hashable, Sendable {
    /// The one value; nil where there is none.
    public let value: Content?
    /// How many siblings it was made of.
    public let siblings: Int
    /// Covers all the siblings: a write with it stores the resolution for everybody.
    public let context: KeyContext
    public let isDeleted: Bool
    public let receipt: Receipt
}

/// What a read-modify-write left.
public struct Updated: Hashable, Sendable {
    /// What was written; nil where the key was deleted, or where nothing was to be changed and there was nothing.
    public let value: Content?
    /// Whether anything was written at all.
    public let isWritten: Bool
    /// Covers what was read and what was written.
    public let context: KeyContext
    /// How often the key was read and written until it was done.
    public let attempts: Int
    public let receipt: Receipt
}

extension Fetched {
    /// What the replicas have of a key whose values are contents.
    init(_ object: CausalObject, of key: ObjectKey, receipt: Receipt) throws(CoterieError) {
        let (values, vtags) = try object.contents(of: key)
        self.init(
            values: values, vtags: vtags, context: KeyContext(key: key, vector: object.context),
            isDeleted: object.isMarker, receipt: receipt)
    }
}

extension CausalObject {
    /// The siblings' contents and names. O(bytes of metadata); values share the answer's storage.
    func contents(of key: ObjectKey) throws(CoterieError) -> (values: [Content], vtags: [String]) {
        var values: [Content] = []
        var vtags: [String] = []
        values.reserveCapacity(siblings.count)
        vtags.reserveCapacity(siblings.count)
        for sibling in siblings {
            do {
                values.append(try Content(decoding: sibling.payload))
            } catch {
                throw CoterieError(
                    .unreadableContent, "a sibling of \(key) is not a content that this client can read: \(error)")
            }
            vtags.append(vtag(of: sibling.dot))
        }
        return (values, vtags)
    }
}

extension Fetched {
    /// The same with the value of that name alone; nil where there is none. The context still covers all of them.
    public func keeping(vtag: String) -> Fetched? {
        guard let index = vtags.firstIndex(of: vtag) else { return nil }
        return Fetched(
            values: [values[index]], vtags: [vtag], context: context, isDeleted: isDeleted, receipt: receipt)
    }
}
