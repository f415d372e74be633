// Plans: equal seeds give equal plans, and every plan is one that production would accept.

import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import Testing

@testable import CoterieSimulation

@Suite struct RunPlanTests {
    private func plan(_ seed: UInt64) -> RunPlan { RunPlan(seed: seed, options: SimulationRun.Options()) }

    @Test func everyPlanIsOneThatProductionAccepts() throws {
        for seed in 1 ... 500 as ClosedRange<UInt64> {
            let plan = plan(seed)
            #expect(plan.replication.problem == nil, "seed \(seed)")
            #expect(plan.limits.problem == nil, "seed \(seed)")
            #expect(plan.storage.problem == nil, "seed \(seed)")
            #expect(plan.client.problem == nil, "seed \(seed)")
            _ = try Layout(first: plan.definition)
        }
    }

    @Test func equalSeedsGiveEqualPlansAndOthersOthers() {
        #expect(plan(5) == plan(5))
        #expect(Set((1 ... 200).map { plan($0) }).count == 200)
    }

    @Test func theNumberOfOperationsIsTheCallersToChoose() {
        var options = SimulationRun.Options()
        options.operations = 7
        var few = RunPlan(seed: 5, options: options)
        #expect(few.workload.operations == 7)
        few.workload.operations = plan(5).workload.operations
        #expect(few == plan(5))
    }

    @Test func everyKindOfFaultIsOnInSomeSeedsAndOffInOthers() {
        let plans = (1 ... 300).map { plan($0) }
        for kind in FaultKind.allCases {
            let on = plans.count { $0.faults.kinds.contains(kind) }
            #expect((5 ..< 295).contains(on), "\(kind) is on in \(on) of 300")
        }
    }

    @Test func whatTheFaultsMayTakeIsNotPromised() {
        var plan = RunPlan(seed: 1)
        #expect(plan.promise.copies == .stored)
        #expect(plan.promise.lostDisks == 0)
        plan.faults.kinds = [.powerLoss]
        #expect(plan.promise.copies == .durable)
        plan.faults.losses = .inTurn
        #expect(plan.promise.lostDisks == 1)
    }
}
