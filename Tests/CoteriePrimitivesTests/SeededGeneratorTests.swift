// The generator's values are part of every recorded seed: they must never change.

import CoteriePrimitives
import Testing

@Suite struct SeededGeneratorTests {
    /// xoshiro256** seeded by SplitMix64, as the reference C code gives them.
    @Test func goldenValues() {
        var zero = SeededGenerator(seed: 0)
        #expect(
            (0 ..< 5).map { _ in zero.next() } == [
                0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0, 0x6aa5_94f1_262d_2d2c,
                0xbba5_ad4a_1f84_2e59,
            ])
        var other = SeededGenerator(seed: 42)
        #expect((0 ..< 2).map { _ in other.next() } == [0x1578_0b2e_0c2e_c716, 0x6104_d986_6d11_3a7e])
    }

    @Test func goldenDraws() {
        var random = SeededGenerator(seed: 2026)
        #expect((0 ..< 12).map { _ in random.below(100) } == [57, 28, 81, 89, 81, 78, 83, 82, 86, 23, 96, 31])
        var deck = Array(0 ..< 10)
        random.shuffle(&deck)
        #expect(deck == [7, 4, 9, 2, 0, 1, 5, 3, 6, 8])
        var part = random.split()
        #expect(part.next() != random.next())
    }

    /// A bound for which a quarter of all draws must be thrown away to be fair.
    @Test func goldenDrawsBelowAHugeBound() {
        var random = SeededGenerator(seed: 7)
        #expect(
            (0 ..< 6).map { _ in random.below(3 << 61) } == [
                4_846_258_151_560_678_497, 1_928_269_721_375_543_502, 5_808_147_339_934_739_864,
                6_037_439_055_838_090_395, 420_254_273_381_114_143, 722_437_603_611_755_698,
            ])
    }

    @Test func drawsLieBelowTheirBoundAndReachAllOfIt() {
        var random = SeededGenerator(seed: 3)
        for bound in 1 ... 20 {
            var seen = Set<Int>()
            for _ in 0 ..< 1000 {
                let value = random.below(bound)
                #expect(value >= 0 && value < bound)
                seen.insert(value)
            }
            #expect(seen.count == bound)
        }
        #expect(random.below(Int.max) >= 0)
    }

    @Test func chancesAreRatios() {
        var random = SeededGenerator(seed: 4)
        #expect((0 ..< 100).allSatisfy { _ in !random.chance(0, in: 7) })
        #expect((0 ..< 100).allSatisfy { _ in random.chance(7, in: 7) })
        let hits = (0 ..< 30_000).filter { _ in random.chance(1, in: 3) }.count
        #expect(hits > 9_600 && hits < 10_400, "\(hits) of 30000 at one in three")
    }

    @Test func aShuffleKeepsEveryElementAndFavoursNoOrder() {
        var random = SeededGenerator(seed: 5)
        var orders: [[Int]: Int] = [:]
        for _ in 0 ..< 6_000 {
            var three = [1, 2, 3]
            random.shuffle(&three)
            orders[three, default: 0] += 1
        }
        #expect(orders.count == 6)
        #expect(orders.values.allSatisfy { $0 > 850 && $0 < 1150 }, "\(orders)")
    }

    @Test func thereIsNothingToPickFromNothing() {
        var random = SeededGenerator(seed: 6)
        #expect(random.pick([Int]()) == nil)
        #expect(random.pick([8]) == 8)
        #expect((0 ..< 50).allSatisfy { _ in (3 ... 9).contains(random.pick(3 ... 9)!) })
    }

    @Test func splitGeneratorsDoNotMoveEachOther() {
        var parent = SeededGenerator(seed: 9)
        var first = parent.split()
        let second = parent.split()
        for _ in 0 ..< 100 { _ = first.next() }
        var again = SeededGenerator(seed: 9)
        _ = again.split()
        var secondAgain = again.split()
        var secondNow = second
        #expect((0 ..< 10).allSatisfy { _ in secondNow.next() == secondAgain.next() })
    }
}
