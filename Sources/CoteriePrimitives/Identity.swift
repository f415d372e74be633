// Who is who: the small identifiers that every other module speaks.

/// A member's number: given once, by the creation of the cluster or later by the layout chain, and never reused.
public struct MemberNumber: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt32) { rawValue = number }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "m\(rawValue)" }
}

/// One life of a replica identity. `nonce` is drawn and made durable at each start of a process;
/// `sub` counts the lives taken within one process, each time state that it minted on was lost.
public struct Incarnation: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let nonce: UInt64
    public let sub: UInt32

    @inlinable public init(nonce: UInt64, sub: UInt32 = 0) {
        self.nonce = nonce
        self.sub = sub
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool {
        a.nonce != b.nonce ? a.nonce < b.nonce : a.sub < b.sub
    }

    /// The next life in the same process.
    public var next: Incarnation { Incarnation(nonce: nonce, sub: sub + 1) }

    public var description: String { String(nonce, radix: 36) + (sub == 0 ? "" : ".\(sub)") }
}

/// One of Q equal arcs of the hash space: `0 ..< Q`, Q at most 4096.
public struct PartitionIndex: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ index: UInt16) { rawValue = index }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "p\(rawValue)" }
}

/// What a member replicates as one: a partition, for the bucket types with one `n`.
/// Clocks, indexes and digests exist per group (design, section 4).
public struct Group: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let partition: PartitionIndex
    /// How many replicas each key of the group has, at least 1.
    public let n: UInt8

    @inlinable public init(partition: PartitionIndex, n: UInt8) {
        self.partition = partition
        self.n = n
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool {
        a.partition != b.partition ? a.partition < b.partition : a.n < b.n
    }

    public var description: String { "\(partition)/n\(n)" }
}

/// A layout's version number, totally ordered; the first layout has epoch 1.
public struct Epoch: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt64) { rawValue = number }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "e\(rawValue)" }
}
