// All built-in types under the laws. COTERIE_SEEDS=n checks n times as many histories of each.

import CoterieLaws
import CoterieTypes
import Foundation
import Testing

@Suite struct BuiltInTests {
    private func check<T: Lawful>(_ type: T.Type, steps: Int = 24) throws -> LawReport {
        let histories = 500
        let factor = max(1, ProcessInfo.processInfo.environment["COTERIE_SEEDS"].flatMap { Int($0) } ?? 1)
        let report = try ResolverLaws.check(type, histories: histories * factor, steps: steps)
        // Enough of everything was tried.
        #expect(report.events > histories && report.merges > histories, "\(report)")
        #expect(report.deltas > histories / 10 && report.restarts > histories / 20, "\(report)")
        return report
    }

    /// A put takes its client's word for what it replaces, a part of a value needs it to be there.
    private func checkParts<T: Lawful>(_ type: T.Type) throws {
        let report = try check(type)
        #expect(report.lackingBase > 20 && report.behind > 0, "\(report)")
    }

    @Test func siblingsAreLawful() throws { #expect(try check(ReplicatedSiblings.self).behind == 0) }
    @Test func lastWriterWinsIsLawful() throws { #expect(try check(LastWriterWins.self).behind == 0) }
    @Test func registersAreLawful() throws { try checkParts(ReplicatedRegister.self) }
    @Test func flagsAreLawful() throws { try checkParts(ReplicatedFlag.self) }
    @Test func setsAreLawful() throws { try checkParts(ReplicatedSet.self) }
    @Test func growOnlySetsAreLawful() throws { try checkParts(GrowOnlySet.self) }
    @Test func maximaAreLawful() throws { try checkParts(ReplicatedMaximum.self) }
    @Test func minimaAreLawful() throws { try checkParts(ReplicatedMinimum.self) }
    @Test func distinctCountsAreLawful() throws { try checkParts(DistinctCount.self) }
    @Test func mapsAreLawful() throws { try checkParts(ReplicatedMap.self) }

    @Test func countersAreLawful() throws {
        let report = try check(ReplicatedCounter.self, steps: 60)
        #expect(report.repeats > 100 && report.folds > 10, "\(report)")
    }

    @Test func boundedCountersAreLawful() throws {
        let report = try check(BoundedCounter.self)
        #expect(report.refusals > 100, "\(report)")
    }
}
