// What lies between each two processes: delays, bandwidth and faults, for each direction on its own.

import CoteriePrimitives

/// How long a message is on its way, as a distribution that a plan can print.
public struct DelayPlan: Hashable, Sendable {
    /// At least, in nanoseconds.
    public var least: Int64
    /// Up to so much more, each amount equally likely.
    public var spread: Int64
    /// Of 1000 messages so many take up to `tail` more.
    public var tailPermille: Int
    public var tail: Int64

    public init(least: Int64, spread: Int64, tailPermille: Int = 0, tail: Int64 = 0) {
        self.least = least
        self.spread = spread
        self.tailPermille = tailPermille
        self.tail = tail
    }

    @inline(__always)
    func draw(_ generator: inout SeededGenerator) -> Int64 {
        var delay = least
        if spread > 0 { delay += Int64(generator.below(Int(spread))) }
        if tailPermille > 0, tail > 0, generator.chance(tailPermille, in: 1000) {
            delay += Int64(generator.below(Int(tail)))
        }
        return delay
    }
}

/// One direction between two processes.
struct LinkState {
    var delay: DelayPlan
    /// 0: no limit.
    var bytesPerSecond: Int64
    /// Faults that cut it, counted.
    var cuts = 0
    /// Delays are multiplied by this.
    var slowness: Int64 = 1
    /// And so many nanoseconds are added.
    var added: Int64 = 0
    var datagrams: DatagramPlan?
    /// When the last byte of what was flushed has left.
    var freeAt: Int64 = 0
}

/// How often frames go astray in datagram mode, of 1000.
public struct DatagramPlan: Hashable, Sendable {
    public var lost: Int
    public var repeated: Int
    public var overtaken: Int

    public init(lost: Int, repeated: Int, overtaken: Int) {
        self.lost = lost
        self.repeated = repeated
        self.overtaken = overtaken
    }
}

/// All directions between processes.
struct Links {
    private let count: Int
    private var states: ContiguousArray<LinkState>

    init(processes: Int, plan: NetworkPlan, _ generator: inout SeededGenerator) {
        count = processes
        states = []
        states.reserveCapacity(processes * processes)
        for _ in 0 ..< processes * processes {
            var delay = plan.delay
            // No two links are alike.
            delay.least += Int64(generator.below(Int(max(1, plan.delay.least))))
            states.append(LinkState(delay: delay, bytesPerSecond: plan.bytesPerSecond))
        }
    }

    @inline(__always)
    subscript(_ from: Int, _ to: Int) -> LinkState {
        _read { yield states[from * count + to] }
        _modify { yield &states[from * count + to] }
    }

    func isCut(_ from: Int, _ to: Int) -> Bool { states[from * count + to].cuts > 0 }
}
