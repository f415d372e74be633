// A node that was away gets back what it missed, and the requests of clients hardly notice (INV 30): the schedule is one
// of five nodes away under load, then back.

import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import Testing

@testable import CoterieSimulation

@Suite struct BackgroundLoadTests {
    /// Nodes that handle two thousand inputs a second, and a budget that would take all of that.
    private func plan(yields: Bool) -> RunPlan {
        var plan = RunPlan(seed: 11)
        plan.nodes = 5
        plan.bucketTypes = [BucketType(name: "default", n: 3, kind: .siblings)]
        plan.process.inputCost = 500_000
        plan.replication.background.operationsPerSecond = 2_000
        if !yields { plan.replication.omitted = [.yielding] }
        plan.workload.clients = 4
        plan.workload.sessionsPerClient = 100
        plan.workload.doorSessions = 0
        plan.workload.thinkTime = .seconds(2)
        plan.workload.operations = .max / 2
        plan.workload.duration = .seconds(60)
        plan.workload.keysPerType = 8_000
        plan.workload.skewness = 0
        plan.workload.largeValues = 0
        plan.workload.mix = .only(get: 30, put: 70)
        return plan
    }

    private struct Outcome {
        var calm = Stretch()
        var away = Stretch()
        var back = Stretch()
        var mostHints = 0
        /// Seconds until none was left.
        var gone: Int?
    }

    private func play(yields: Bool) throws -> Outcome {
        let world = try World(plan(yields: yields))
        world.begin()
        let start = world.stageBegan
        world.run(for: .seconds(4))
        world.perform(.kill(m(5), downFor: .seconds(12)))
        world.run(for: .milliseconds(11_900))
        var outcome = Outcome()
        outcome.mostHints = world.nodes.reduce(0) { $0 + ($1.machine?.hintsWaiting ?? 0) }
        world.run(for: .milliseconds(100))
        for second in 1 ... 20 where outcome.gone == nil {
            world.run(for: .seconds(1))
            let hints = world.nodes.reduce(0) { $0 + ($1.machine?.hintsWaiting ?? 0) }
            if hints == 0 { outcome.gone = second }
        }
        let end = 16 + Double(outcome.gone ?? 20)
        outcome.calm = world.stretch(1, 4, since: start)
        outcome.away = world.stretch(5, 16, since: start)
        outcome.back = world.stretch(16, end, since: start)
        return outcome
    }

    @Test func requestsHardlyNoticeThatANodeGetsBackWhatItMissed() throws {
        let outcome = try play(yields: true)
        #expect(outcome.mostHints > 1_000)
        #expect(try #require(outcome.gone) <= 10)
        #expect(outcome.away.refusedWrites + outcome.back.refusedWrites == 0)
        #expect(outcome.away.share > 0.99 && outcome.back.share == 1, "\(outcome)")
        #expect(outcome.back.latency(50) < 1.5 * outcome.calm.latency(50), "\(outcome)")
        #expect(outcome.back.latency(90) < 5 * outcome.calm.latency(90), "\(outcome)")
    }

    /// The rule left out: all hints are sent as fast as they can be, and a tenth of the requests waits for them.
    @Test func withoutYieldingManyRequestsWait() throws {
        let outcome = try play(yields: false)
        #expect(outcome.back.latency(90) > 15 * outcome.calm.latency(90), "\(outcome)")
    }
}
