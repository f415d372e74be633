// The budget for background work: never more than it allows, never less than its floor for anybody, less while requests
// are slow by their own measure (INV 30).

import CoteriePrimitives
import Testing

@testable import CoterieReplication

@Suite struct BudgetTests {
    private typealias Kind = BackgroundKind

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000) }

    /// What greedy kinds get in so many milliseconds, asking once in each.
    private func greedy(
        _ kinds: [Kind], for milliseconds: Int64, bytes: Int = 100, from start: Int64 = 0,
        _ budget: inout BackgroundBudget
    ) -> [Kind: Int] {
        var done: [Kind: Int] = [:]
        for millisecond in start ..< start + milliseconds {
            for kind in kinds.reversed() {
                while budget.admits(kind, at: at(millisecond)) {
                    budget.spend(kind, bytes: bytes)
                    done[kind, default: 0] += 1
                }
            }
        }
        return done
    }

    private func budget(_ change: (inout BackgroundSettings) -> Void = { _ in }) -> BackgroundBudget {
        var settings = BackgroundSettings()
        settings.operationsPerSecond = 1_000
        settings.bytesPerSecond = 1_000_000
        change(&settings)
        return BackgroundBudget(settings)
    }

    @Test(arguments: BackgroundKind.allCases) func oneKindAloneHasAllOfIt(_ kind: BackgroundKind) {
        var budget = budget()
        let done = greedy([kind], for: 10_000, &budget)[kind] ?? 0
        #expect((9_900 ... 10_300).contains(done))
        #expect(budget.used[kind.rawValue].operations == done)
        #expect(budget.used[kind.rawValue].bytes == done * 100)
    }

    @Test func allTogetherHaveNoMoreAndNobodyLessThanItsShare() {
        var budget = budget()
        let done = greedy(Kind.allCases, for: 10_000, &budget)
        #expect((9_900 ... 10_300).contains(done.values.reduce(0, +)))
        for kind in Kind.allCases {
            let share = 10_000 * Int(kind.weight) / Int(Kind.wholeWeight)
            #expect(done[kind, default: 0] >= share * 98 / 100, "\(kind): \(done)")
        }
    }

    @Test func largeRecordsCostTheirBytes() {
        var budget = budget()
        let done = greedy([.hints], for: 10_000, bytes: 50_000, &budget)[.hints] ?? 0
        #expect((198 ... 210).contains(done))
    }

    /// More than is ever saved up goes all the same, and is paid back before the next.
    @Test func aRecordLargerThanTheBucketGoesAndIsPaidBack() {
        var budget = budget()
        let atOnce = budget.admits(.refill, at: at(0))
        budget.spend(.refill, bytes: 3_000_000)
        let soon = budget.admits(.refill, at: at(500))
        let others = budget.admits(.scrub, at: at(500))
        #expect(atOnce && !soon && others)
        let done = greedy([.refill], for: 20_000, bytes: 3_000_000, from: 500, &budget)[.refill] ?? 0
        #expect((6 ... 8).contains(done))
    }

    /// What is unused is saved up to the burst, not beyond.
    @Test func whatIsUnusedIsSavedUpForTheBurst() {
        var budget = budget()
        _ = greedy([.hints], for: 1_000, &budget)
        let done = greedy([.hints], for: 1, from: 3_600_000, &budget)[.hints] ?? 0
        #expect((55 ... 70).contains(done))
    }

    /// Random demands: never more is spent than was earned, the burst, and one debt of each kind.
    @Test(arguments: 0 ..< 20) func overRandomDemandsItHolds(_ seed: UInt64) {
        var draws = SeededGenerator(seed: seed)
        var shares = BudgetShares(most: 1_000_000)
        var (earned, spent): (Int64, Int64) = (1_000_000, 0)
        var largest: Int64 = 0
        for _ in 0 ..< 2_000 {
            let amount = Int64(draws.below(100_000))
            shares.earn(amount)
            earned += amount
            let kind = Kind.allCases[draws.below(Kind.allCases.count)]
            guard shares.hasCredit(kind) else { continue }
            let cost = Int64(1 + draws.below(draws.chance(1, in: 10) ? 5_000_000 : 50_000))
            largest = max(largest, cost)
            shares.spend(kind, cost)
            spent += cost
            #expect(shares.own.reduce(shares.common, +) <= earned - spent)
            #expect(spent <= earned + Int64(Kind.allCases.count) * (shares.most + largest))
            #expect(shares.common >= 0 && shares.common <= shares.most)
        }
    }

    // MARK: Yielding

    /// Requests of that latency come in for so long, two each millisecond.
    private func serve(
        _ budget: inout BackgroundBudget, _ microseconds: Int64, from start: Int64, for milliseconds: Int64,
        isWrite: Bool = false
    ) {
        for millisecond in start ..< start + milliseconds {
            for _ in 0 ..< 2 { budget.foreground.record(.microseconds(microseconds), isWrite: isWrite) }
            budget.look(at: at(millisecond))
        }
    }

    @Test(arguments: [false, true]) func itYieldsToSlowRequestsDownToTheFloorAndGrowsBack(isWrite: Bool) {
        var budget = budget()
        serve(&budget, 1_000, from: 0, for: 1_000, isWrite: isWrite)
        #expect(budget.rate == BackgroundBudget.full && budget.yieldingSince == nil)
        serve(&budget, 3_000, from: 1_000, for: 1_000, isWrite: isWrite)
        #expect(budget.rate == 50)
        #expect(budget.yieldingSince.map { $0 < at(1_300) } == true)
        // At the floor each kind still gets its part of it.
        let done = greedy(Kind.allCases, for: 20_000, from: 2_000, &budget)
        #expect((900 ... 1_300).contains(done.values.reduce(0, +)))
        #expect(done[.scrub, default: 0] >= 56)  // A sixteenth of a twentieth of 20,000, with some room.
        serve(&budget, 1_000, from: 22_000, for: 4_500, isWrite: isWrite)
        #expect(budget.rate == BackgroundBudget.full && budget.yieldingSince == nil)
    }

    @Test func withoutRequestsThereIsNothingToYieldTo() {
        var budget = budget()
        serve(&budget, 1_000, from: 0, for: 1_000)
        serve(&budget, 9_000, from: 1_000, for: 1_000)
        #expect(budget.rate == 50)
        for second in 1 ... 6 { budget.look(at: at(2_000 + Int64(second) * 1_000)) }
        #expect(budget.rate == BackgroundBudget.full)
    }

    /// A rare long pause of a disk is no reason.
    @Test func aFewSlowRequestsAmongManyChangeNothing() {
        var budget = budget()
        for millisecond in 0 ..< Int64(5_000) {
            for number in 0 ..< Int64(10) {
                let isPause = (millisecond + number) % 20 == 0
                budget.foreground.record(.microseconds(isPause ? 50_000 : 1_000), isWrite: false)
            }
            budget.look(at: at(millisecond))
        }
        #expect(budget.rate == BackgroundBudget.full)
    }

    @Test func aRefusalForOverloadIsAReasonWhateverTheLatency() {
        var budget = budget()
        for millisecond in 0 ..< Int64(1_000) {
            budget.foreground.record(.microseconds(1_000), isWrite: false)
            if millisecond % 50 == 0 { budget.foreground.refused() }
            budget.look(at: at(millisecond))
        }
        #expect(budget.rate == 50)
    }

    /// What is slower for good is calm in the end: background work does not crawl for ever.
    @Test func aWorkloadThatIsSlowerForGoodIsCalmAfterMinutes() {
        var budget = budget()
        serve(&budget, 1_000, from: 0, for: 1_000)
        serve(&budget, 3_000, from: 1_000, for: 30_000)
        #expect(budget.rate == 50)
        serve(&budget, 3_000, from: 31_000, for: 180_000)
        #expect(budget.rate == BackgroundBudget.full)
    }

    @Test func settingsOutOfRangeAreNamed() {
        var settings = ReplicationSettings()
        settings.background.leastPercent = 0
        #expect(settings.problem == "leastPercent of background must be 1 to 100, not 0")
        settings.background.leastPercent = 5
        #expect(settings.problem == nil)
    }
}
