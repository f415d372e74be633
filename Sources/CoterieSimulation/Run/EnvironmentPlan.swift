// What a run's environment is like: network, disks, clocks, processors. Plain values, drawn from the seed by `RunPlan`
// or written by hand.

import CoteriePrimitives

/// The network between all processes.
public struct NetworkPlan: Hashable, Sendable {
    public var delay = DelayPlan(least: 50_000, spread: 100_000, tailPermille: 5, tail: 5_000_000)
    /// Of each direction between two processes; 0: no limit.
    public var bytesPerSecond: Int64 = 0
    /// Within this time a side sees that its connection is broken.
    public var noticeWithin = TimeSpan.milliseconds(50)
    /// Within this time a side sees that the other end's machine has lost power.
    public var noticePowerLossWithin = TimeSpan.seconds(2)
    /// As `TransportSettings.reconnectInitial` and `reconnectMax`.
    public var reconnectInitial = TimeSpan.milliseconds(10)
    public var reconnectMax = TimeSpan.milliseconds(250)
    /// As `TransportSettings.connectTimeout`.
    public var connectTimeout = TimeSpan.seconds(2)

    public init() {}
}

/// Every node's disk.
public struct DiskPlan: Hashable, Sendable {
    /// Of each piece of work.
    public var access = DelayPlan(least: 5_000, spread: 20_000)
    /// Of each fsync.
    public var fsync = DelayPlan(least: 100_000, spread: 400_000, tailPermille: 5, tail: 50_000_000)
    public var bytesPerSecond: Int64 = 500_000_000
    /// Of 1000 reads so many may not be answered from the page cache.
    public var blockingReads = 0
    /// How many reads at once; production has two.
    public var readers = 2

    public init() {}
}

/// Every process's clocks and processor.
public struct ProcessPlan: Hashable, Sendable {
    /// The wall clocks begin so far apart at most.
    public var skew = TimeSpan.milliseconds(50)
    /// All clocks run so many millionths wrong at most.
    public var drift: Int64 = 50
    /// What handling one input costs, in nanoseconds: inputs that come meanwhile share the next tick.
    public var inputCost: Int64 = 2_000
    /// Nodes start within this time.
    public var startWithin = TimeSpan.milliseconds(20)

    public init() {}
}
