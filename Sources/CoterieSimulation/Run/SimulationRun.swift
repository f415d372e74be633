// One run: a plan, a world, a verdict.

import CoterieHistory
import CoteriePrimitives
import CoterieRing

/// Simulates one seed.
///
/// ```swift
/// let report = try SimulationRun(seed: 17).run()
/// ```
public struct SimulationRun: Sendable {
    /// What the caller decides rather than the seed.
    public struct Options: Hashable, Sendable {
        /// Requests per run are multiplied by this, in hundredths.
        public var operationsPercent = 100
        /// Overrides the drawn number of requests.
        public var operations: Int?
        /// Invariants of machines and engines are checked at every so many ticks; 0: only at the end.
        public var checkEvery = 0
        /// Lines of trace to keep, the latest.
        public var traceLines = 0
        public var canary: Canary?

        public init() {}
    }

    public var plan: RunPlan
    public var options: Options

    /// Draws the plan from the seed.
    public init(seed: UInt64, options: Options = Options()) {
        self.init(plan: RunPlan(seed: seed, options: options), options: options)
    }

    /// Runs a plan as it is.
    public init(plan: RunPlan, options: Options = Options()) {
        self.plan = plan
        self.options = options
    }

    /// Runs to the end and judges. Traps where an invariant of the code itself is broken.
    public func run() throws(LayoutError) -> RunReport {
        let world = try World(plan, trace: Trace(limit: options.traceLines))
        while world.step() {}
        return world.report()
    }
}

extension World {
    /// Judges what has happened so far; meant for the end.
    public func report() -> RunReport {
        statistics.virtualTime = now
        let verdict = verdict()
        let outcome: RunOutcome =
            switch verdict {
            case .ok: .ok
            case .safety(let violations): .safety(violations[0].checker)
            case .liveness: stuckBecause
            }
        return RunReport(
            plan: plan, verdict: verdict, outcome: outcome, digest: runDigest, statistics: statistics, probes: probes,
            history: history, faultsDrawn: faults.drawn, unmet: unmetExpectations, trace: trace.lines)
    }

    private func verdict() -> Verdict {
        let layout = layout
        let owners: @Sendable (ObjectKey) -> [MemberNumber]? = { key in
            layout.bucketType(named: key.type).map { type in
                layout.preferenceList(for: layout.group(for: key, n: type.n)).primaries
            }
        }
        let cluster = KnownCluster(epochs: [layout.epoch], owners: { key, _ in owners(key) })
        let judge = Judge(promise: plan.promise, cluster: cluster)
        let isAtRest = stage == .over && pending.isEmpty
        var violations = judge.judge(history, final: isAtRest ? finalState : nil)
        if isAtRest {
            violations += Convergence.check(replicaStates) { owners($0) ?? [] }
        }
        if !violations.isEmpty { return .safety(violations) }
        return pending.isEmpty ? .ok : .liveness(pending)
    }
}
