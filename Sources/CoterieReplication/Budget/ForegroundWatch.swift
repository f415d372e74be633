// Whether the requests of clients suffer, by their own latency: a quantile of a short window against what it is when all
// is calm. (As congestion control by delay has it: TCP Vegas; LEDBAT, RFC 6817; Netflix's gradient limiter.)
//
// The calm latency follows lower ones at once and higher ones within minutes. So it is about the least of the last
// minutes, and yet a workload that has become slower for good is calm again in the end.
//
// What must hold: it decides how fast background work goes, never whether, and nothing of safety.

import CoteriePrimitives

/// The latency of the requests that a node carries, reads and writes apart.
struct ForegroundWatch: Equatable {
    enum Verdict: Equatable {
        /// Too few requests to tell.
        case quiet
        case calm
        case slow
    }

    /// A window is looked at when it is so old and has so many requests, or at last when it is so old.
    static let window = TimeSpan.milliseconds(100)
    static let requestsPerWindow = 32
    static let longestWindow = TimeSpan.seconds(1)
    /// Of fewer requests of one kind in a window nothing is said.
    static let leastRequests = 16
    /// Which quantile of a window, in hundredths: what most requests see, without the rare pause of a disk.
    static let quantile = 90.0
    /// Nobody minds so many microseconds more.
    static let unnoticed = 500

    /// One kind of request.
    struct Track: Equatable {
        fileprivate var histogram = LatencyHistogram()
        /// Of the last window that told something, in microseconds.
        fileprivate(set) var latency: Int?
        /// The calm one, in thousandths of a microsecond.
        fileprivate var calmThousandths: Int?

        /// The calm latency in microseconds; nil: not known yet.
        var calm: Int? { calmThousandths.map { $0 / 1_000 } }
    }

    private(set) var reads = Track()
    private(set) var writes = Track()
    private let slowPercent: Int
    private var began: Instant?
    private var hasRefused = false

    init(slowPercent: Int) { self.slowPercent = slowPercent }

    /// A request was answered, or given up, after so long.
    mutating func record(_ duration: TimeSpan, isWrite: Bool) {
        if isWrite { writes.histogram.record(duration) } else { reads.histogram.record(duration) }
    }

    /// A request was refused because there are too many.
    mutating func refused() { hasRefused = true }

    /// Looks at the window if it is over: what it says, and how long it was. O(1) where it is not.
    mutating func look(at now: Instant) -> (verdict: Verdict, span: TimeSpan)? {
        guard let began else {
            self.began = now
            return nil
        }
        let span = now - began
        guard span >= Self.window else { return nil }
        let count = reads.histogram.count + writes.histogram.count
        guard count >= Self.requestsPerWindow || span >= Self.longestWindow else { return nil }
        self.began = now
        let verdicts = [judge(\.reads), judge(\.writes)]
        defer { hasRefused = false }
        if hasRefused || verdicts.contains(.slow) { return (.slow, span) }
        return (verdicts.contains(.calm) ? .calm : .quiet, span)
    }

    private mutating func judge(_ track: WritableKeyPath<Self, Track>) -> Verdict {
        let histogram = self[keyPath: track].histogram
        guard histogram.count > 0 else { return .quiet }
        self[keyPath: track].histogram = LatencyHistogram()
        guard histogram.count >= Self.leastRequests else { return .quiet }
        let latency = histogram.percentile(Self.quantile)
        self[keyPath: track].latency = latency
        let thousandths = latency * 1_000
        guard let calm = self[keyPath: track].calmThousandths else {
            self[keyPath: track].calmThousandths = thousandths
            return .calm
        }
        // A quarter of the way down; up so slowly that it takes minutes.
        let step = thousandths < calm ? (thousandths - calm) / 4 : (thousandths - calm) / 4_096
        self[keyPath: track].calmThousandths = calm + step
        let most = max(calm / 1_000 * slowPercent / 100, calm / 1_000 + Self.unnoticed)
        return latency > most ? .slow : .calm
    }
}
