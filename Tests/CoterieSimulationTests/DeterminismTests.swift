// The same seed is the same run, to the last byte of every message.

import CoteriePrimitives
import Testing

@testable import CoterieSimulation

@Suite struct DeterminismTests {
    private func run(_ seed: UInt64, trace: Int = 0) throws -> RunReport {
        var options = SimulationRun.Options()
        options.operations = 60
        options.traceLines = trace
        return try SimulationRun(seed: seed, options: options).run()
    }

    @Test(arguments: 1 ... 12 as ClosedRange<UInt64>)
    func equalSeedsGiveEqualRuns(_ seed: UInt64) throws {
        let (one, other) = (try run(seed), try run(seed))
        #expect(one.digest == other.digest)
        #expect(one.statistics == other.statistics)
        #expect(one.probes == other.probes)
    }

    @Test func aTraceChangesNothing() throws {
        let (silent, loud) = (try run(3), try run(3, trace: .max))
        #expect(silent.digest == loud.digest)
        #expect(silent.trace.isEmpty)
        #expect(loud.trace.count > 100)
        #expect(try run(3, trace: .max).trace == loud.trace)
        #expect(Array(loud.trace.suffix(10)) == (try run(3, trace: 10).trace))
    }

    @Test func otherSeedsGiveOtherRuns() throws {
        #expect(Set(try (1 ... 8).map { try run($0).digest }).count == 8)
    }

    /// What a shrinker relies on.
    @Test func aFaultThatIsLeftOutDoesNotChangeTheOthers() throws {
        var plan = RunPlan.small()
        plan.faults.kinds = FaultKind.allCases.filter { $0 != .wipe && $0 != .rot && $0 != .failingReads }
        plan.faults.interval = .milliseconds(5)
        func faults(_ plan: RunPlan) throws -> [Substring] {
            var options = SimulationRun.Options()
            options.traceLines = .max
            let trace = try SimulationRun(plan: plan, options: options).run().trace
            return trace.filter { $0.dropFirst(20).hasPrefix("fault") }.map { $0.dropFirst(20) }
        }
        let all = try faults(plan)
        try #require(all.count > 5)
        plan.faults.without = [2]
        let less = try faults(plan)
        let common = min(all.count - 1, less.count, 8)
        #expect(Array(less.prefix(common)) == Array((all[..<2] + all[3...]).prefix(common)))
        plan.faults.atMost = 2
        #expect(try faults(plan) == Array(all.prefix(2)))
    }
}
