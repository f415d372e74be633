// Replicated types in the simulator: what goes wrong without a rule of theirs is found by a swarm, and by which law.

import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import Testing

@testable import CoterieSimulation

@Suite struct TypeTests {
    /// What is left out, on keys of which type, and within how many seeds it must be found by which law.
    private static let mutants: [(OmittedRules, TypeKind, Checker, UInt64)] = [
        (.recognising, .counter, .counters, 60), (.takingIn, .set, .sets, 60),
    ]

    @Test(arguments: mutants)
    func aRuleThatIsLeftOutIsFound(_ omitted: OmittedRules, _ kind: TypeKind, _ checker: Checker, within seeds: UInt64)
        throws
    {
        for seed in 1 ... seeds {
            var plan = RunPlan(seed: seed, options: SimulationRun.Options())
            plan.use(kind)
            plan.replication.omitted = omitted
            let report = try SimulationRun(plan: plan).run()
            if case .safety(let violations) = report.verdict, violations.contains(where: { $0.checker == checker }) {
                return
            }
        }
        Issue.record("\(kind) without the rule was not found in \(seeds) seeds")
    }

    @Test(arguments: [
        TypeKind.counter, .bcounter, .set, .gset, .map, .register, .flag, .max, .min, .hll,
    ])
    func everyTypeKeepsItsPromisesUnderFaults(_ kind: TypeKind) throws {
        for seed in 1_000 ... 1_004 as ClosedRange<UInt64> {
            var plan = RunPlan(seed: seed, options: SimulationRun.Options())
            plan.use(kind)
            let report = try SimulationRun(plan: plan).run()
            #expect(report.verdict == .ok, "\(kind), seed \(seed)")
        }
    }
}

extension RunPlan {
    /// All keys are of this type.
    fileprivate mutating func use(_ kind: TypeKind) {
        bucketTypes.removeAll { $0.name == "\(kind)s" }
        bucketTypes.append(BucketType(name: "\(kind)s", n: replicas, kind: kind))
        workload.bucketTypes = ["\(kind)s"]
    }
}
