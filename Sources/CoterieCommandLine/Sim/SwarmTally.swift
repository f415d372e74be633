// A swarm's results so far, added up.

import CoterieSimulation

/// Sums over seeds.
struct SwarmTally: Sendable {
    private(set) var seeds = 0
    private(set) var kinds: [SeedLine.Kind: Int] = [:]
    private(set) var statistics = RunStatistics()
    private(set) var probes = ProbeCounts()
    private(set) var ranTwice = 0
    /// Simulated requests, those of repeated runs included.
    private(set) var simulated = 0
    private(set) var nanoseconds: Int64 = 0
    /// All that failed, in the order in which they were told.
    private(set) var failures: [SeedLine] = []
    /// Seeds that wait for refill.
    private(set) var waiting: [UInt64] = []

    mutating func add(_ line: SeedLine) {
        seeds += 1
        kinds[line.kind, default: 0] += 1
        statistics += line.statistics
        probes.add(byName: line.probes)
        if line.ranTwice { ranTwice += 1 }
        simulated += line.statistics.operations * (line.ranTwice ? 2 : 1)
        nanoseconds += line.nanoseconds
        if line.kind.isFailure { failures.append(line) }
        if line.kind == .waiting { waiting.append(line.seed) }
    }

    /// The gravest of all kinds.
    var worst: SeedLine.Kind { kinds.keys.max { $0.gravity < $1.gravity } ?? .ok }

    /// Simulated requests for each second of a processor's time, judging included.
    var perProcessorSecond: Double { Double(simulated) / max(1e-9, Double(nanoseconds) / 1e9) }
}
