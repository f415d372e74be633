// The clocks of one process. The monotonic one starts anywhere and runs a little fast or slow; the wall clock is
// skewed, drifts with it, and jumps. The world's own time is known to no process.

import CoteriePrimitives

/// Two clocks of one process, as functions of the world's time in nanoseconds.
struct ProcessClock: Equatable {
    private var anchor: Int64
    private var monotonicAtAnchor: Int64
    /// Nanoseconds since 1970.
    private var wallAtAnchor: Int64
    /// How much too fast both run, in millionths.
    private(set) var drift: Int64

    /// The world begins at this wall time, in milliseconds.
    static let epoch: Int64 = 1_700_000_000_000

    init(at time: Int64, monotonic: Int64, skew: TimeSpan, drift: Int64) {
        anchor = time
        monotonicAtAnchor = monotonic
        wallAtAnchor = Self.epoch * 1_000_000 + time + skew.nanoseconds
        self.drift = drift
    }

    @inline(__always)
    func now(at time: Int64) -> Now {
        let passed = elapsed(at: time)
        return Now(
            monotonic: Instant(nanoseconds: monotonicAtAnchor + passed),
            wall: WallTime(milliseconds: (wallAtAnchor + passed) / 1_000_000))
    }

    /// The first world time at which the monotonic clock has reached `instant`; not before `time`.
    func time(of instant: Instant, notBefore time: Int64) -> Int64 {
        let wanted = instant.nanoseconds - monotonicAtAnchor
        guard wanted > elapsed(at: time) else { return time }
        // Whole seconds apart, so that nothing overflows.
        let rate = 1_000_000 + drift
        var found = anchor + wanted / rate * 1_000_000 + wanted % rate * 1_000_000 / rate
        // Rounding may have missed it by a few.
        while elapsed(at: found) < wanted { found += 1 }
        while elapsed(at: found - 1) >= wanted { found -= 1 }
        return max(found, time)
    }

    /// From now on the clocks run by so many millionths too fast.
    mutating func setDrift(_ drift: Int64, at time: Int64) {
        let passed = elapsed(at: time)
        monotonicAtAnchor += passed
        wallAtAnchor += passed
        anchor = time
        self.drift = drift
    }

    /// Somebody sets the wall clock.
    mutating func jump(by span: TimeSpan) { wallAtAnchor += span.nanoseconds }

    /// The machine starts anew: the monotonic clock has forgotten where it was, the wall clock has not.
    mutating func restart(monotonic: Int64, at time: Int64) {
        setDrift(drift, at: time)
        monotonicAtAnchor = monotonic
    }

    @inline(__always)
    private func elapsed(at time: Int64) -> Int64 {
        let real = time - anchor
        return drift == 0 ? real : real + real / 1_000_000 * drift + real % 1_000_000 * drift / 1_000_000
    }
}
