// How many hints may be on their way to one target: more while it answers as fast as it can, fewer when it takes longer.
// A node that was away gets hints from many at once, and none of them sees what its requests suffer; but all see that
// their own hints wait there. (Congestion control by delay, as in TCP Vegas, one target being one path.)

import CoteriePrimitives

/// The window of one delivery; begins small with each connection.
struct HintWindow: Equatable {
    private static let first = 16
    private static let least = 4
    /// So much longer than the fastest is no sign of anything.
    private static let unnoticed = TimeSpan.milliseconds(5)

    private(set) var size = first
    private var fastest: TimeSpan?
    private var narrowed: Instant?

    /// A hint that was sent at that instant has been answered: one more fits, or half as many, once for all that were on
    /// their way together.
    mutating func answered(sentAt: Instant, at now: Instant, atMost most: Int) {
        let took = now - sentAt
        let fastest = min(self.fastest ?? took, took)
        self.fastest = fastest
        if took <= fastest * 2 + Self.unnoticed {
            size = min(most, size + 1)
        } else if narrowed.map({ sentAt > $0 }) ?? true {
            narrowed = now
            size = max(Self.least, size / 2)
        }
    }
}
