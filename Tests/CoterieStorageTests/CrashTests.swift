// INV 1, 25, 28: what a completed barrier covers is there after any crash; what lies behind it is there in order, batch
// by batch, whole or not at all.

import CoteriePrimitives
import CoterieSimulation
import Foundation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct CrashTests {
    /// `COTERIE_SOAK` multiplies the seeds.
    private let soak = UInt64(ProcessInfo.processInfo.environment["COTERIE_SOAK"] ?? "") ?? 1

    private func runs(_ seeds: Range<UInt64>, _ plan: CrashRun.Plan) throws -> CrashRun.Seen {
        var seen = CrashRun.Seen()
        let base = seeds.lowerBound * soak
        for seed in base ..< base + UInt64(seeds.count) * soak {
            var run = CrashRun(seed: seed, plan: plan)
            try run.run()
            seen.crashes += run.seen.crashes
            seen.compactions += run.seen.compactions
            seen.checkpointsUsed += run.seen.checkpointsUsed
            seen.cutTails += run.seen.cutTails
            seen.damagedCheckpoints += run.seen.damagedCheckpoints
            seen.readOnly += run.seen.readOnly
            seen.recoveries += run.seen.recoveries
            seen.batches += run.seen.batches
            seen.losses += run.seen.losses
        }
        return seen
    }

    @Test("INV 28: acknowledged batches survive power cuts and kills; the rest is a prefix, batch by batch")
    func crashesAtEveryKindOfMoment() throws {
        let seen = try runs(0 ..< 100, CrashRun.Plan())
        #expect(seen.crashes >= 800)
        #expect(seen.compactions > 20 && seen.checkpointsUsed > 100 && seen.cutTails > 50, "\(seen)")
    }

    @Test func crashesWhileLargerRecordsAreWrittenAndLittleIsKept() throws {
        var plan = CrashRun.Plan()
        plan.keys = 3
        plan.settings.segmentBytes = 700
        plan.settings.checkpointBytes = 1500
        plan.settings.compactionDeadPercent = 20
        let seen = try runs(1_000 ..< 1_050, plan)
        #expect(seen.compactions > 50, "\(seen)")
    }

    @Test("INV 26: a damaged checkpoint is ignored and everything replayed, removals included")
    func crashesAndCheckpointDamage() throws {
        var plan = CrashRun.Plan()
        plan.checkpointDamage = 5
        plan.keys = 8
        plan.settings.compactionDeadPercent = 30
        let seen = try runs(2_000 ..< 2_050, plan)
        #expect(seen.damagedCheckpoints > 20, "\(seen)")
    }

    @Test(
        "INV 25: with a disk that fills up and empties again, nothing acknowledged is lost and failed writes are unknown"
    )
    func crashesWithAFullDisk() throws {
        var plan = CrashRun.Plan()
        plan.faults.capacity = 12_000
        let seen = try runs(3_000 ..< 3_050, plan)
        #expect(seen.readOnly > 20 && seen.recoveries > 10, "\(seen)")
    }

    @Test("INV 28: a failed fsync is never believed later")
    func crashesWithFailingFsyncs() throws {
        var plan = CrashRun.Plan()
        plan.faults.failingFsyncs = 60
        let seen = try runs(4_000 ..< 4_050, plan)
        #expect(seen.readOnly > 20 && seen.losses < 5 * seen.readOnly / 100 + 1, "\(seen)")
    }

    @Test func crashesWithFailingAppendsAndReads() throws {
        var plan = CrashRun.Plan()
        plan.faults.failingAppends = 30
        plan.faults.failingReads = 30
        let seen = try runs(5_000 ..< 5_050, plan)
        #expect(seen.readOnly > 20, "\(seen)")
    }
}
