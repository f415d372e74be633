// The stage in virtual time.

import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieSimulation

/// Plays scenarios on the simulator.
enum SimulatorStage {
    /// - Parameter isTraced: whether each transition is kept, as a line.
    static func play(_ scenario: Scenario, seed: UInt64, isTraced: Bool) throws -> ScenarioResult {
        var options = SimulationRun.Options()
        options.checkEvery = 64
        options.traceLines = isTraced ? .max : 0
        var plan = try RunPlan(scenario, seed: seed)
        plan.checkEvery = options.checkEvery
        let report = try SimulationRun(plan: plan, options: options).run()
        var result = ScenarioResult(scenario: scenario, stage: .simulator, seed: seed)
        switch report.verdict {
        case .ok: break
        case .safety(let violations): result.violations = violations.map { $0.excerpt(of: report.history) }
        case .liveness(let pending): result.pending = pending
        }
        result.unmet = report.unmet
        result.count(report.history)
        result.time = TimeSpan(nanoseconds: report.statistics.virtualTime)
        result.trace = report.trace
        return result
    }
}

extension ScenarioResult {
    /// All requests, those of steps included.
    mutating func count(_ history: History) {
        for record in history.records {
            requests += 1
            switch record.outcome {
            case .ok, .nothingToDelete: ok += 1
            case .notApplied: refused += 1
            case .unknown, .open: unknown += 1
            }
        }
    }
}
