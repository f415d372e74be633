// Two owners compare what they store in a range of keys: the scrub.

import CoteriePrimitives
import NIOCore

/// "I have this in this range: is it the same with you?"
public struct Compare: Hashable, Sendable {
    /// The asker's own number; comes back in the comparison.
    public var exchange: UInt64
    public var epoch: Epoch
    public var group: Group
    /// The first key of the range; empty: the group's first.
    public var start: ByteBuffer
    /// The first key behind it; nil: the range goes to the group's end.
    public var end: ByteBuffer?
    /// How many keys have a value there.
    public var keys: UInt32
    /// The XOR of their objects' digests, each bound to its key.
    public var digest: UInt64
    /// So many keys may come back at most.
    public var maxKeys: UInt32
    /// About how many bytes of objects may be read for the answer.
    public var maxBytes: UInt32

    public init(
        exchange: UInt64, epoch: Epoch, group: Group, start: ByteBuffer, end: ByteBuffer?, keys: UInt32, digest: UInt64,
        maxKeys: UInt32, maxBytes: UInt32
    ) {
        self.exchange = exchange
        self.epoch = epoch
        self.group = group
        self.start = start
        self.end = end
        self.keys = keys
        self.digest = digest
        self.maxKeys = maxKeys
        self.maxBytes = maxBytes
    }
}

/// The answer to `Compare`.
public struct Comparison: Hashable, Sendable {
    /// A key that has a value, and the digest of its object.
    public struct Entry: Hashable, Sendable {
        public var key: ObjectKey
        public var digest: UInt64

        public init(key: ObjectKey, digest: UInt64) {
            self.key = key
            self.digest = digest
        }
    }
    public enum Status: Hashable, Sendable {
        case same
        /// What is there instead, ascending by key; `end`: the list stops before this key and is not complete.
        case differs([Entry], end: ByteBuffer?)
        case refused(ErrorCode)
    }
    public var exchange: UInt64
    public var epoch: Epoch
    public var status: Status

    public init(exchange: UInt64, epoch: Epoch, status: Status) {
        self.exchange = exchange
        self.epoch = epoch
        self.status = status
    }
}
