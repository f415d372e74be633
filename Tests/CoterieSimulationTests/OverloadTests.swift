// Overload ends with its cause: no state that keeps itself up (Bronson et al., "Metastable failures in distributed
// systems", 2021).
//
// The nodes' processors are slow enough that the usual load takes most of them. All nodes are stopped for some seconds;
// meanwhile requests go on coming, as fast as ever, and those that had no answer are asked again. When the nodes go on,
// what waits for them is older than anybody's patience. Whoever serves it all the same is late for what comes next, too.

import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@testable import CoterieSimulation

@Suite struct OverloadTests {
    /// Many sessions that rarely ask: what comes in hardly depends on how fast the answers are.
    private func plan(sheds: Bool) -> RunPlan {
        var plan = RunPlan(seed: 7)
        plan.bucketTypes = [BucketType(name: "default", n: 3, kind: .siblings)]
        plan.process.inputCost = 2_000_000
        plan.workload.clients = 4
        plan.workload.sessionsPerClient = 225
        plan.workload.doorSessions = 0
        plan.workload.thinkTime = .seconds(10)
        plan.workload.timeout = .milliseconds(500)
        plan.workload.operations = .max / 2
        plan.workload.duration = .seconds(30)
        plan.workload.keysPerType = 200
        plan.workload.skewness = 0
        plan.workload.mix = .only(get: 90, put: 10)
        if !sheds { plan.replication.omitted = [.shedding] }
        return plan
    }

    private struct Outcome {
        var before = Stretch()
        var meanwhile = Stretch()
        /// Second by second.
        var after: [Stretch] = []
        var queued: [Int] = []
    }

    /// Six seconds of calm, four of trouble, fifteen afterwards.
    private func play(sheds: Bool) throws -> (World, Outcome) {
        let world = try World(plan(sheds: sheds))
        world.begin()
        let start = world.stageBegan
        world.run(for: .seconds(6))
        for member in 1 ... 3 as ClosedRange<UInt32> { world.perform(.pause(m(member), during: .seconds(4))) }
        var outcome = Outcome()
        world.run(for: .seconds(4))
        for _ in 0 ..< 15 {
            world.run(for: .seconds(1))
            outcome.queued.append(world.queued)
        }
        world.run(for: .seconds(1))
        outcome.before = world.stretch(2, 6, since: start)
        outcome.meanwhile = world.stretch(6, 10, since: start)
        outcome.after = (10 ..< 25).map { world.stretch(Double($0), Double($0 + 1), since: start) }
        return (world, outcome)
    }

    /// The second after the trouble from which on all is as before: as many requests succeed, within twice the time. Nil
    /// where that does not come.
    private func recovery(_ outcome: Outcome) -> Int? {
        let isGood = outcome.after.map { second in
            second.share >= 0.95 * outcome.before.share && second.latency(50) <= 2 * outcome.before.latency(50)
        }
        let last = isGood.lastIndex(of: false).map { $0 + 1 } ?? 0
        return last < isGood.count ? last : nil
    }

    @Test func overloadEndsWithItsCause() throws {
        let (world, outcome) = try play(sheds: true)
        #expect(outcome.before.share > 0.99)
        #expect(outcome.meanwhile.share < 0.05)
        let recovered = try #require(recovery(outcome), "\(outcome.after)")
        #expect(recovered <= 6, "\(outcome.after)")
        #expect(outcome.queued[recovered...].allSatisfy { $0 < 100 }, "\(outcome.queued)")
        #expect(world.counted(\.expired) > 100)
        #expect(world.history.records.contains { $0.code == .overloaded })
        while world.step() {}
        expectOK(world.report())
    }

    /// The rule left out: the nodes are busy for ever with what nobody waits for any more, under the load that they carried
    /// with ease before.
    @Test func withoutSheddingTheOverloadKeepsItselfUp() throws {
        let (_, outcome) = try play(sheds: false)
        #expect(outcome.before.share > 0.99)
        #expect(recovery(outcome) == nil)
        #expect(outcome.after.allSatisfy { $0.share < 0.05 }, "\(outcome.after)")
        #expect(outcome.queued.allSatisfy { $0 > 1_000 }, "\(outcome.queued)")
    }
}
