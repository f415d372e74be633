// Time as a value. Only the edge of a process reads clocks; everything else is told what time it is.

/// A length of time in whole nanoseconds; may be negative. About ±292 years.
public struct TimeSpan: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable public static func microseconds(_ n: Int64) -> Self { Self(nanoseconds: n * 1_000) }
    @inlinable public static func milliseconds(_ n: Int64) -> Self { Self(nanoseconds: n * 1_000_000) }
    @inlinable public static func seconds(_ n: Int64) -> Self { Self(nanoseconds: n * 1_000_000_000) }
    public static let zero = TimeSpan(nanoseconds: 0)

    /// Rounded towards zero.
    @inlinable public var microseconds: Int64 { nanoseconds / 1_000 }
    /// Rounded towards zero.
    @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    @inlinable public static func + (a: Self, b: Self) -> Self { Self(nanoseconds: a.nanoseconds + b.nanoseconds) }
    @inlinable public static func - (a: Self, b: Self) -> Self { Self(nanoseconds: a.nanoseconds - b.nanoseconds) }
    @inlinable public static func * (a: Self, b: Int64) -> Self { Self(nanoseconds: a.nanoseconds * b) }

    public var description: String {
        nanoseconds % 1_000_000 == 0 ? "\(milliseconds)ms" : "\(microseconds)µs"
    }
}

/// An instant of the process's monotonic clock: comparable within one process life only.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    @inlinable public static func + (a: Self, b: TimeSpan) -> Self {
        Self(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
    @inlinable public static func - (a: Self, b: Self) -> TimeSpan {
        TimeSpan(nanoseconds: a.nanoseconds - b.nanoseconds)
    }

    public var description: String { "t\(nanoseconds)" }
}

/// Wall-clock time, milliseconds since 1970-01-01 UTC. Skewed, jumping, never trusted for safety.
public struct WallTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let milliseconds: Int64

    @inlinable public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.milliseconds < b.milliseconds }
    public var description: String { "w\(milliseconds)" }
}

/// What the edge tells a machine about time with each input.
public struct Now: Hashable, Sendable {
    public let monotonic: Instant
    public let wall: WallTime

    @inlinable public init(monotonic: Instant, wall: WallTime) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
