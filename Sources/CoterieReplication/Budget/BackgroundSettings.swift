// What an operator may set about background work.

import CoteriePrimitives

/// Configuration section `background`.
public struct BackgroundSettings: Hashable, Sendable {
    /// What all background work of a node may cost a second, where the foreground does not suffer: records read or sent, and
    /// bytes of them. Whichever is reached first holds.
    public var operationsPerSecond = 50_000
    public var bytesPerSecond = 64 << 20
    /// So long may go unused and be caught up with at once.
    public var burst = TimeSpan.milliseconds(50)
    /// So much of both is left, in hundredths, however slow the foreground is.
    public var leastPercent = 5
    /// The foreground is slow where its latency is so many hundredths of what it is when it is calm.
    public var slowPercent = 200

    public init() {}

    /// Names the first setting that is out of range; nil where all are in it.
    public var problem: String? {
        if operationsPerSecond < 1 || bytesPerSecond < 1 {
            return "operationsPerSecond (\(operationsPerSecond)) and bytesPerSecond (\(bytesPerSecond)) of background "
                + "must be 1 or more"
        }
        if burst < .milliseconds(1) { return "burst of background must be 1 ms or more, not \(burst)" }
        if !(1 ... 100).contains(leastPercent) {
            return "leastPercent of background must be 1 to 100, not \(leastPercent)"
        }
        if slowPercent < 100 { return "slowPercent of background must be 100 or more, not \(slowPercent)" }
        return nil
    }
}
