// Clocks that are skewed and jump, and times that go forward all the same (INV 10).

import CoteriePrimitives
import CoterieTypes
import Testing

struct HybridTimeTests {
    @Test func itIsTheWallClockWhereThatIsAhead() {
        let seen = HybridTime(milliseconds: 1_000, logical: 7)
        let next = HybridTime.next(at: WallTime(milliseconds: 1_001), after: seen)
        #expect(next == HybridTime(milliseconds: 1_001))
        #expect(HybridTime.next(at: WallTime(milliseconds: 5), after: nil) == HybridTime(milliseconds: 5))
    }

    @Test func withinOneMillisecondItCounts() {
        let seen = HybridTime(milliseconds: 1_000, logical: 7)
        #expect(
            HybridTime.next(at: WallTime(milliseconds: 1_000), after: seen)
                == HybridTime(milliseconds: 1_000, logical: 8))
        let full = HybridTime(milliseconds: 1_000, logical: .max)
        #expect(HybridTime.next(at: WallTime(milliseconds: 1_000), after: full) == HybridTime(milliseconds: 1_001))
    }

    @Test("INV 10: a causally later write is later, whatever the clocks say")
    func underAnySkewTheNextIsLater() {
        for seed in 0 ..< UInt64(50) {
            var generator = SeededGenerator(seed: seed)
            var seen: HybridTime?
            var wall: Int64 = 1_700_000_000_000
            for step in 0 ..< 300 {
                // An hour in either direction, now and then a clock from before 1970.
                wall += Int64(generator.below(7_200_000)) - 3_600_000
                let now = WallTime(milliseconds: generator.chance(1, in: 20) ? -wall : wall)
                let next = HybridTime.next(at: now, after: seen)
                if let seen { #expect(next > seen, "seed \(seed), step \(step)") }
                #expect(next.wall.milliseconds >= max(0, now.milliseconds), "seed \(seed), step \(step)")
                seen = next
            }
        }
    }

    @Test func whatDoesNotFitIsClampedNotTrapped() {
        #expect(HybridTime(milliseconds: -5) == HybridTime(rawValue: 0))
        #expect(HybridTime(milliseconds: .max).wall.milliseconds == 1 << 48 - 1)
        let last = HybridTime(rawValue: .max)
        #expect(HybridTime.next(at: WallTime(milliseconds: .max), after: last) == last)
    }

    @Test func theOrderIsThatOfTimeThenCount() {
        let times = [(1, 5), (2, 0), (2, 1), (3, 0)].map { HybridTime(milliseconds: $0.0, logical: UInt16($0.1)) }
        #expect(times == times.sorted())
        #expect(times[2].description == "2.1")
    }
}
