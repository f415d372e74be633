// A run's end in a word.

import CoterieHistory
import CoteriePrimitives
import Testing

@testable import CoterieSimulation

@Suite struct OutcomeTests {
    private func report(_ plan: RunPlan, _ happens: (World) -> Void = { _ in }) throws -> RunReport {
        let world = try World(plan)
        world.begin()
        happens(world)
        while world.step() {}
        return world.report()
    }

    @Test func aGoodRunIsOK() throws {
        #expect(try report(.small()).outcome == .ok)
    }

    @Test func twoMembersThatLoseTheirDisksAtOnceWaitForEachOther() throws {
        var plan = RunPlan.small()
        plan.bounds.liveness = .seconds(5)
        let report = try report(plan) { world in
            world.run(for: .milliseconds(20))
            world.perform(.wipe(m(1), downFor: .milliseconds(1)))
            world.perform(.wipe(m(2), downFor: .milliseconds(1)))
        }
        #expect(report.outcome == .waitingForRefill)
        #expect(!report.outcome.isFailure)
        #expect(!report.verdict.isOK)
    }

    @Test func membersThatNeverMeetAreALivenessFailure() throws {
        var plan = RunPlan.small(operations: 20)
        plan.bounds.liveness = .seconds(2)
        plan.bounds.bootstrap = .seconds(1)
        plan.bounds.safety = .seconds(1)
        plan.network.delay = DelayPlan(least: 5_000_000_000, spread: 0)
        let report = try report(plan)
        #expect(report.outcome == .liveness(.unserving))
        #expect(report.outcome.isFailure)
    }

    @Test func aBrokenPromiseIsNamedByItsLaw() throws {
        var options = SimulationRun.Options()
        options.canary = .doubledWrite
        let found = (1 ... 10 as ClosedRange<UInt64>).lazy
            .compactMap { try? SimulationRun(seed: $0, options: options).run() }
            .first { if case .safety = $0.verdict { true } else { false } }
        guard case .safety(let violations)? = found?.verdict else {
            Issue.record("no seed has found the canary")
            return
        }
        #expect(found?.outcome == .safety(violations[0].checker))
    }

    @Test func countsOfProbesSurviveTheirNames() throws {
        let counts = try report(.small()).probes
        var again = ProbeCounts()
        again.add(byName: counts.byName)
        #expect(again == counts)
        again.add(byName: ["no such path": 3])
        #expect(again == counts)
    }
}
