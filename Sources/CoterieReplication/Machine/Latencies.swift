// How long requests took: a log-linear histogram (after HdrHistogram: Tene, 2013) with 16 steps to each doubling, so
// that a percentile is off by at most one part in 16. Cheap enough to count every request.

import CoteriePrimitives
import CoterieWire

/// Durations in microseconds, counted in buckets.
public struct LatencyHistogram: Equatable, Sendable {
    private static let steps = 16
    private var buckets = [Int](repeating: 0, count: 40 * steps)
    public private(set) var count = 0
    /// The longest, in microseconds.
    public private(set) var max = 0

    public init() {}

    /// O(1).
    public mutating func record(_ duration: TimeSpan) {
        let microseconds = Int(Swift.max(0, duration.microseconds))
        buckets[Swift.min(Self.bucket(of: microseconds), buckets.count - 1)] += 1
        count += 1
        max = Swift.max(max, microseconds)
    }

    /// The upper end of the bucket below which `percent` of all lie, in microseconds; 0 where nothing was recorded.
    public func percentile(_ percent: Double) -> Int {
        guard count > 0 else { return 0 }
        let wanted = Swift.max(1, Int((Double(count) * percent / 100).rounded(.up)))
        var seen = 0
        for index in buckets.indices {
            seen += buckets[index]
            if seen >= wanted { return Swift.min(Self.upperEnd(of: index), max) }
        }
        return max
    }

    private static func bucket(of value: Int) -> Int {
        guard value >= steps else { return value }
        let exponent = Int.bitWidth - 1 - value.leadingZeroBitCount
        return (exponent - 3) * steps + (value >> (exponent - 4)) - steps
    }

    private static func upperEnd(of index: Int) -> Int {
        guard index >= steps else { return index }
        let exponent = index / steps + 3
        return ((index % steps + steps + 1) << (exponent - 4)) - 1
    }
}

/// The histograms of each kind of request.
public struct Latencies: Equatable, Sendable {
    public private(set) var gets = LatencyHistogram()
    public private(set) var puts = LatencyHistogram()
    public private(set) var deletes = LatencyHistogram()
    public private(set) var updates = LatencyHistogram()

    mutating func record(_ duration: TimeSpan, of operation: Operation) {
        switch operation {
        case .get: gets.record(duration)
        case .put: puts.record(duration)
        case .delete: deletes.record(duration)
        case .update: updates.record(duration)
        }
    }

    /// All by the names that `/stats` shows.
    public var named: [(name: String, histogram: LatencyHistogram)] {
        [("get", gets), ("put", puts), ("delete", deletes), ("update", updates)]
    }
}
