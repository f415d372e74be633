// What a worker of a swarm says about one seed: one line of JSON on its standard output.

import CoterieHistory
import CoterieSimulation

/// One seed's result.
struct SeedLine: Codable, Sendable {
    var seed: UInt64
    /// As `RunOutcome` describes it, or `determinism`, `crash`.
    var outcome: String
    var kind: Kind
    var digest: String
    var statistics: RunStatistics
    var probes: [String: Int]
    var faultsDrawn: Int
    /// Processor time of run and judging; of both runs where it ran twice.
    var nanoseconds: Int64
    var ranTwice = false
    /// Where something is wrong: what.
    var findings: [String]

    /// How a seed ended, with the gravity of a swarm's exit code.
    enum Kind: String, Codable, Sendable, CaseIterable {
        case ok, waiting, liveness, determinism, safety, crash

        var isFailure: Bool { self != .ok && self != .waiting }
        /// The greater, the graver.
        var gravity: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    init(_ report: RunReport, nanoseconds: Int64) {
        seed = report.plan.seed
        outcome = "\(report.outcome)"
        kind =
            switch report.outcome {
            case .ok: .ok
            case .waitingForRefill: .waiting
            case .safety: .safety
            case .liveness: .liveness
            }
        digest = DigestText.hexadecimal(report.digest)
        statistics = report.statistics
        probes = report.probes.byName
        faultsDrawn = report.faultsDrawn
        self.nanoseconds = nanoseconds
        findings = report.findings
    }

    /// A seed whose worker died or was killed.
    init(crashed seed: UInt64, _ findings: [String]) {
        self.seed = seed
        outcome = "crash"
        kind = .crash
        digest = ""
        statistics = RunStatistics()
        probes = [:]
        faultsDrawn = 0
        nanoseconds = 0
        self.findings = findings
    }
}
