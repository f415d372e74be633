// Pauses between attempts: doubling up to a bound, each drawn between its half and its whole, so that peers that lost
// the same node do not all come back at once.

import CoteriePrimitives

struct Backoff {
    let initial: TimeSpan
    let longest: TimeSpan
    private var current: TimeSpan
    private var generator: SeededGenerator

    init(initial: TimeSpan, longest: TimeSpan, seed: UInt64) {
        self.initial = initial
        self.longest = longest
        current = initial
        generator = SeededGenerator(seed: seed)
    }

    /// The next pause.
    mutating func next() -> TimeSpan {
        let half = current.nanoseconds / 2
        let pause = TimeSpan(nanoseconds: half + Int64(generator.next(upperBound: UInt64(half + 1))))
        current = min(longest, current * 2)
        return pause
    }

    /// After success: the next pause is a short one again.
    mutating func reset() { current = initial }
}
