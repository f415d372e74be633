// Changes of plans: as text and back, and what they make of a plan.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@testable import CoterieSimulation

@Suite struct PlanChangesTests {
    private func plan(_ seed: UInt64) -> RunPlan { RunPlan(seed: seed, options: SimulationRun.Options()) }

    private func changes(_ draws: inout SeededGenerator) -> PlanChanges {
        var changes = PlanChanges()
        func number(_ most: Int, from least: Int = 1) -> Int? {
            draws.chance(1, in: 2) ? nil : least + draws.below(most)
        }
        changes.nodes = number(7)
        changes.replicas = number(7)
        changes.partitions = number(8)
        changes.operations = number(500)
        changes.clients = number(3)
        changes.sessions = number(8)
        changes.keys = number(12)
        changes.doors = number(1_000, from: 0)
        changes.faults = number(50, from: 0)
        changes.without = Set((0 ..< draws.below(12)).map { _ in draws.below(20) })
        if draws.chance(1, in: 2) { changes.kinds = Set(FaultKind.allCases.filter { _ in draws.chance(1, in: 3) }) }
        if draws.chance(1, in: 2) {
            changes.mix = Set(PlanChanges.OperationKind.allCases.filter { _ in draws.chance(1, in: 2) })
        }
        if draws.chance(1, in: 3) { changes.types = ["default"] }
        changes.usual = Set(PlanChanges.Part.allCases.filter { _ in draws.chance(1, in: 3) })
        return changes
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var draws = SeededGenerator(seed: 1)
        for _ in 0 ..< 500 {
            let changes = changes(&draws)
            #expect(try PlanChanges(parsing: changes.description) == changes, "\(changes)")
        }
        #expect(try PlanChanges(parsing: "").isEmpty)
    }

    @Test func theTextIsAsTheDocumentationShowsIt() throws {
        let text = "nodes=3 operations=40 faults=7 without=0-2,5 kinds=kill,pause usual=network,disk"
        let changes = try PlanChanges(parsing: text)
        #expect(changes.without == [0, 1, 2, 5])
        #expect(changes.kinds == [.kill, .pause])
        #expect(changes.usual == [.network, .disk])
        #expect(changes.description == text)
    }

    @Test(arguments: [
        ("nodes", "nodes: a change is NAME=VALUE"), ("nodes=x", "nodes=x: a number from 1 to 9"),
        ("nodes=10", "nodes=10: a number from 1 to 9"), ("nodes=1 nodes=2", "nodes stands there twice"),
        ("without=3-1", "without=3-1: numbers and ranges, as in 0-2,5"),
    ])
    func aWrongWordIsNamed(_ text: String, _ message: String) {
        #expect(throws: PlanChangesError(description: message)) { try PlanChanges(parsing: text) }
    }

    @Test func wrongNamesAreToldTheRightOnes() {
        let unknown = #expect(throws: PlanChangesError.self) { try PlanChanges(parsing: "kind=kill") }
        #expect(unknown?.description.contains("there are nodes, replicas") == true)
        let kind = #expect(throws: PlanChangesError.self) { try PlanChanges(parsing: "kinds=kil") }
        #expect(kind?.description.hasPrefix("kinds: no kil; there are none, kill, powerLoss") == true)
    }

    @Test func everyChangedPlanIsOneThatProductionAccepts() throws {
        var draws = SeededGenerator(seed: 2)
        for seed in 1 ... 300 as ClosedRange<UInt64> {
            let changes = changes(&draws)
            let plan = plan(seed).changed(by: changes)
            #expect(plan.replication.problem == nil, "seed \(seed): \(changes)")
            #expect(plan.limits.problem == nil, "seed \(seed): \(changes)")
            _ = try Layout(first: plan.definition)
            #expect(plan.replicas <= plan.nodes)
            for name in plan.workload.bucketTypes { #expect(plan.bucketTypes.contains { $0.name == name }) }
            if case .only(let weak) = plan.faults.losses { #expect(weak.rawValue <= UInt32(plan.nodes)) }
        }
    }

    @Test func noChangesLeaveThePlanAsItIs() {
        for seed in 1 ... 100 as ClosedRange<UInt64> { #expect(plan(seed).changed(by: PlanChanges()) == plan(seed)) }
    }
}
