// Shrinking: what is left still fails in the same way, and nothing that can go is left.

import CoterieHistory
import CoteriePrimitives
import Testing

@testable import CoterieSimulation

@Suite struct ShrinkerTests {
    private func plan(_ seed: UInt64 = 1) -> RunPlan {
        var plan = RunPlan(seed: seed, options: SimulationRun.Options())
        plan.faults.kinds = [.kill, .pause, .partition, .slowDisk]
        plan.faults.atMost = .max
        plan.workload.operations = 500
        return plan
    }

    /// Fails where this fault happens and so many requests are made.
    private func shrink(fault: Int, operations: Int) throws -> Shrinker {
        let plan = plan()
        var shrinker = Shrinker(plan, faultsDrawn: 40) { changes in
            let changed = plan.changed(by: changes)
            let happens =
                changed.faults.kinds.contains(.pause) && changed.faults.atMost > fault
                && !changed.faults.without.contains(fault)
            return Shrinker.Trial(fails: happens && changed.workload.operations >= operations, faultsDrawn: 40)
        }
        try shrinker.run()
        return shrinker
    }

    @Test(arguments: [(0, 1), (13, 37), (39, 499)])
    func onlyWhatMattersIsLeft(_ fault: Int, _ operations: Int) throws {
        let shrinker = try shrink(fault: fault, operations: operations)
        let left = plan().changed(by: shrinker.changes)
        #expect(left.faults.kinds == [.pause])
        #expect(left.workload.operations == operations)
        #expect((0 ..< min(40, left.faults.atMost)).filter { !left.faults.without.contains($0) } == [fault])
        #expect(left.nodes == 1)
        #expect(shrinker.changes.usual == Set(PlanChanges.Part.allCases))
        #expect(shrinker.trials < 200)
    }

    @Test func whatNeedsAllOfItIsLeftAsItWas() throws {
        let plan = plan()
        var shrinker = Shrinker(plan, faultsDrawn: 5) { _ in Shrinker.Trial(fails: false, faultsDrawn: 5) }
        try shrinker.run()
        #expect(shrinker.changes.isEmpty)
    }

    @Test func theSearchEndsWhereItsCallerSaysSo() throws {
        var runs = 0
        var shrinker = Shrinker(plan(), faultsDrawn: 40, mayGoOn: { $0 < 7 }) { _ in
            runs += 1
            return Shrinker.Trial(fails: true, faultsDrawn: 40)
        }
        try shrinker.run()
        #expect(runs == 7)
        #expect(shrinker.trials == 7)
    }

    /// A planted bug, found by a drawn run, in a run that a person can follow.
    @Test func aPlantedBugIsShownByAFewOperations() throws {
        var options = SimulationRun.Options()
        options.canary = .doubledWrite
        let found = (1 ... 10 as ClosedRange<UInt64>).lazy.map { try? SimulationRun(seed: $0, options: options).run() }
            .first { if case .safety = $0?.outcome { true } else { false } }
        let whole = try #require(found ?? nil)
        let plan = RunPlan(seed: whole.plan.seed, options: options)
        var shrinker = Shrinker(plan, faultsDrawn: whole.faultsDrawn, mayGoOn: { $0 < 60 }) { changes in
            let report = try SimulationRun(plan: plan.changed(by: changes)).run()
            return Shrinker.Trial(fails: report.outcome == whole.outcome, faultsDrawn: report.faultsDrawn)
        }
        try shrinker.run()
        // What is printed replays it.
        let typed = try PlanChanges(parsing: shrinker.changes.description)
        let shrunk = try SimulationRun(plan: plan.changed(by: typed)).run()
        #expect(shrunk.outcome == whole.outcome)
        #expect(shrunk.statistics.operations * 4 < whole.statistics.operations)
    }
}
