// Many seeds, each a cluster of its own under faults of its own: no promise is broken, and each comes to rest.

import CoteriePrimitives
import Testing

@testable import CoterieSimulation

@Suite struct SwarmTests {
    /// 200 seeds; `COTERIE_SEEDS` multiplies them. Every seed must be safe. Coming to rest is not demanded where replicas
    /// wait to be refilled: several that lost their stores at once wait for each other, and nothing but an operator's
    /// decision ends that yet.
    /// It takes minutes in a debug build and runs where `COTERIE_SWARM` is set.
    @Test(.enabled(if: swarmIsWanted, "set COTERIE_SWARM to run it"), arguments: 0 ..< 20)
    func noSeedBreaksAPromise(_ part: Int) throws {
        let count = 10 * seedsFactor
        for number in 0 ..< count {
            var options = SimulationRun.Options()
            options.checkEvery = 64
            let report = try SimulationRun(seed: UInt64(1_000 + part * count + number), options: options).run()
            if report.outcome != .waitingForRefill { expectOK(report) }
        }
    }

    /// What earlier swarms found.
    ///
    /// - 1135: three disks lost one after the other; the last member was taken for new, since those who had known it had
    ///   lost their stores too, and it served without what it had acknowledged.
    @Test(arguments: [1135] as [UInt64])
    func whatWasFoundStaysMended(_ seed: UInt64) throws { expectOK(try SimulationRun(seed: seed).run()) }

    @Test func withoutFaultsEveryRequestSucceeds() throws {
        for seed in 1 ... 5 as ClosedRange<UInt64> {
            var plan = RunPlan.small(seed: seed)
            plan.workload.mix.conditional = 0
            let report = try SimulationRun(plan: plan).run()
            expectOK(report)
            #expect(report.statistics.succeeded == report.statistics.operations, "seed \(seed)")
            #expect(report.statistics.operations >= 100)
        }
    }

    @Test func aClusterOfOneComesToRestToo() throws {
        var plan = RunPlan.small()
        plan.nodes = 1
        plan.replicas = 1
        plan.bucketTypes = []
        expectOK(try SimulationRun(plan: plan).run())
    }

    @Test func whatCannotComeToRestIsNamed() throws {
        var plan = RunPlan.small(operations: 20)
        plan.bounds.liveness = .seconds(2)
        // A hello that arrives after the watchdog: no two members ever meet.
        plan.network.delay = DelayPlan(least: 5_000_000_000, spread: 0)
        plan.bounds.bootstrap = .seconds(1)
        plan.bounds.safety = .seconds(1)
        let report = try SimulationRun(plan: plan).run()
        guard case .liveness(let pending) = report.verdict else {
            Issue.record("\(report.description)")
            return
        }
        #expect(pending.contains { $0.contains("m1 does not serve") })
        #expect(pending.contains("not all members are connected"))
    }
}
