// A hybrid logical clock (Kulkarni, Demirbas et al., 2014): close to wall time, and never behind what it has seen.

import CoteriePrimitives

/// 48 bits of milliseconds since 1970 and 16 bits of a logical count, ordered as one number.
public struct HybridTime: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(milliseconds: Int64, logical: UInt16 = 0) {
        rawValue = UInt64(max(0, min(milliseconds, 1 << 48 - 1))) << 16 | UInt64(logical)
    }

    public var wall: WallTime { WallTime(milliseconds: Int64(rawValue >> 16)) }
    public var logical: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "\(rawValue >> 16).\(logical)" }

    /// The time of an event at wall time `now` that must come after `seen`, the latest time it has seen.
    ///
    /// A causally later write therefore wins whatever the clocks say; a clock that runs ahead pulls the others along.
    public static func next(at now: WallTime, after seen: HybridTime?) -> HybridTime {
        let local = HybridTime(milliseconds: now.milliseconds)
        guard let seen, seen >= local else { return local }
        return HybridTime(rawValue: seen.rawValue == .max ? .max : seen.rawValue + 1)
    }
}
