// What the tests of the world share: small plans, and stepping until something is so.

import CoterieHistory
import CoteriePrimitives
import CoterieRing
import Foundation
import Testing

@testable import CoterieSimulation

/// How much longer the long tests run: the environment variable `COTERIE_SEEDS`, 1 where it is not set.
let seedsFactor = max(1, ProcessInfo.processInfo.environment["COTERIE_SEEDS"].flatMap { Int($0) } ?? 1)

/// The long swarm was asked for: the environment variable `COTERIE_SWARM`.
let swarmIsWanted = ProcessInfo.processInfo.environment["COTERIE_SWARM"] != nil

extension RunPlan {
    /// Three nodes, one bucket type, no faults; `operations` requests of two clients.
    static func small(seed: UInt64 = 1, operations: Int = 100) -> RunPlan {
        var plan = RunPlan(seed: seed)
        plan.workload.operations = operations
        plan.bucketTypes = [BucketType(name: "default", n: 3, kind: .siblings)]
        return plan
    }
}

extension World {
    /// Steps until the workload has begun.
    func begin() {
        while stage == .bootstrap, step() {}
    }

    /// Steps until the condition holds; false where the run is over before.
    func run(until isSo: () -> Bool) -> Bool {
        while !isSo() {
            guard step() else { return isSo() }
        }
        return true
    }

    /// Steps through so much virtual time.
    func run(for span: TimeSpan) {
        let end = now + span.nanoseconds
        while let next = queue.earliest, next <= end, step() {}
    }
}

func m(_ number: UInt32) -> MemberNumber { MemberNumber(number) }

/// The report's verdict must be good; otherwise it is told whole.
func expectOK(_ report: RunReport) {
    #expect(report.verdict.isOK, "\(report.description)")
}
