// Who did what: the small identifiers of a history.

/// One operation of a history. They ascend in the order of the calls.
public struct RecordID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt64) { rawValue = number }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "#\(rawValue)" }
}

/// One session: a client with the contexts that it holds.
public struct ProcessNumber: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt32) { rawValue = number }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "p\(rawValue)" }
}

/// When something happened: its place in the order of all calls and returns, and the clock of whoever recorded it.
///
/// Only the order decides. A recorder notes a call before the request leaves and a return after the answer is there, so
/// that an interval is never narrower than it was.
public struct Moment: Hashable, Sendable {
    /// Unique in a history, ascending.
    public let order: Int
    /// Nanoseconds of the recorder's clock.
    public let nanoseconds: Int64

    @inlinable public init(order: Int, nanoseconds: Int64) {
        self.order = order
        self.nanoseconds = nanoseconds
    }

    /// After everything that was recorded.
    static let end = Moment(order: .max, nanoseconds: .max)
}
