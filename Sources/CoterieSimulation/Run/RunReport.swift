// What came of a run.

import CoterieHistory
import CoteriePrimitives

/// Figures of a run.
public struct RunStatistics: Hashable, Sendable, Codable {
    public var operations = 0
    public var succeeded = 0
    /// Definitely not applied.
    public var failed = 0
    public var unknown = 0
    public var events = 0
    public var messages = 0
    public var bytes = 0
    public var ticks = 0
    public var diskWork = 0
    public var diskFailures = 0
    public var connections = 0
    public var breaks = 0
    public var starts = 0
    public var disksLost = 0
    /// How often the planted bug struck.
    public var canaries = 0
    /// By kind.
    public var faults: [String: Int] = [:]
    /// Virtual nanoseconds until the faults were over, and in all.
    public var safetyTime: Int64 = 0
    public var virtualTime: Int64 = 0

    public init() {}

    public static func += (a: inout Self, b: Self) {
        a.operations += b.operations
        a.succeeded += b.succeeded
        a.failed += b.failed
        a.unknown += b.unknown
        a.events += b.events
        a.messages += b.messages
        a.bytes += b.bytes
        a.ticks += b.ticks
        a.diskWork += b.diskWork
        a.diskFailures += b.diskFailures
        a.connections += b.connections
        a.breaks += b.breaks
        a.starts += b.starts
        a.disksLost += b.disksLost
        a.canaries += b.canaries
        a.faults.merge(b.faults, uniquingKeysWith: +)
        a.safetyTime += b.safetyTime
        a.virtualTime += b.virtualTime
    }
}

/// How a run ended.
public enum Verdict: Hashable, Sendable {
    case ok
    /// A promise was broken.
    case safety([Violation])
    /// After the faults the cluster has not come to rest in time: what is pending.
    case liveness([String])

    public var isOK: Bool { self == .ok }
}

/// All that is known of a run that is over.
public struct RunReport: Sendable {
    public let plan: RunPlan
    public let verdict: Verdict
    /// The verdict in a word.
    public let outcome: RunOutcome
    /// Equal for equal plans, on every machine.
    public let digest: UInt64
    public let statistics: RunStatistics
    public let probes: ProbeCounts
    public let history: History
    /// How many faults were drawn: what a shrinker may leave out.
    public let faultsDrawn: Int
    /// What a scenario expected and did not find, in the order of its lines.
    public let unmet: [UnmetExpectation]
    /// Where they were asked for.
    public let trace: [String]

    /// The verdict in words: each violation with the operations that show it, or what is pending.
    public var description: String {
        switch verdict {
        case .ok: "seed \(plan.seed): ok"
        case .safety(let violations):
            "seed \(plan.seed): \(violations.count) violations\n"
                + violations.map { $0.excerpt(of: history) }.joined(separator: "\n")
        case .liveness(let pending):
            "seed \(plan.seed): did not come to rest\n  " + pending.joined(separator: "\n  ")
        }
    }
}
