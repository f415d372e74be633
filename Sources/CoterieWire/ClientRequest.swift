// What any door asks of a node: the same request, whether it came over HTTP, the native protocol or from another node.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import NIOCore

/// One client request for one key.
public struct ClientRequest: Hashable, Sendable {
    public var key: ObjectKey
    public var operation: Operation
    public var options: RequestOptions

    public init(key: ObjectKey, operation: Operation, options: RequestOptions = RequestOptions()) {
        self.key = key
        self.operation = operation
        self.options = options
    }
}

/// What to do with the key.
public enum Operation: Hashable, Sendable {
    case get
    /// Stores a value, replacing the siblings that `context` covers (none without one).
    case put(Content, context: VersionVector?, condition: Condition?)
    /// Deletes the siblings that `context` covers; without a context, those that a quorum read finds.
    case delete(context: VersionVector?, condition: Condition?)
    /// Performs an operation of the key's replicated type, given in its canonical bytes (`ReplicatedType.Operation`).
    ///
    /// `context`: what the client has seen, where the operation is to act on that; without one it acts on what the owner
    /// holds that performs it. `id`: the operation's name. Whoever gives one says that the operation may be performed
    /// again under it, by another owner (`ReplicatedType.mayRepeat`): then a retry needs no answer to the first try.
    case update(ByteBuffer, context: VersionVector?, id: OperationID?)

    /// Whether it changes anything.
    public var isWrite: Bool {
        if case .get = self { return false }
        return true
    }
}

/// What must hold, by a quorum read of the coordinator just before, for a write to be applied.
/// Not atomic against concurrent writes: those become siblings.
public enum Condition: Hashable, Sendable {
    /// There is no value (HTTP: `If-None-Match: *`; Riak: `if_none_match`).
    case absent
    /// There is a value (HTTP: `If-Match: *`).
    case present
    /// The object's context is exactly this (Riak: `if_not_modified`).
    case unmodified(VersionVector)
    /// One of the siblings has one of these vtags (HTTP: `If-Match`).
    case anyVtag([String])
    /// None of the siblings has one of these vtags (HTTP: `If-None-Match`).
    case noVtag([String])
    /// No sibling was written after this time (HTTP: `If-Unmodified-Since`).
    case unmodifiedSince(WallTime)
    /// Some sibling was written after this time, or there is none (HTTP: `If-Modified-Since`).
    case modifiedSince(WallTime)
}

/// What a request may choose; nil leaves it to the bucket.
public struct RequestOptions: Hashable, Sendable {
    public var r: Quorum?
    public var w: Quorum?
    public var pr: Quorum?
    public var pw: Quorum?
    public var dw: Quorum?
    /// If given, it must equal the bucket type's `n`.
    public var n: Int?
    /// How many distinct members must acknowledge.
    public var nodeConfirms: Int?
    /// How long the client waits. At most `Limits.maxTimeout`.
    public var timeout: TimeSpan?
    public var sloppy: Bool?
    public var notfoundOK: Bool?
    public var basicQuorum: Bool?
    /// Whether a write's answer brings the object as it is afterwards.
    public var returnBody = false
    /// Whether a read's answer leaves the values out.
    public var head = false
    /// A floor: each of its entries must be met by what answers a read.
    public var floor: VersionVector?

    public init() {}
}
