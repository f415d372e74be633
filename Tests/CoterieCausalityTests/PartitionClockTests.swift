// Clocks and sets of dots against plain sets, over a domain small enough that ranges meet, touch and part all the time.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct PartitionClockTests {
    /// A clock beside the set that it stands for.
    struct Twin {
        var clock = PartitionClock()
        var naive = Set<Dot>()

        mutating func step(_ random: inout SeededGenerator, _ replicas: [ReplicaID], seed: UInt64) {
            let replica = random.pick(replicas)!
            let counter = UInt64(1 + random.below(14))
            switch random.below(8) {
            case 0 ..< 5:
                #expect(clock.add(replica(counter)) == naive.insert(replica(counter)).inserted, "seed \(seed)")
            case 5:
                let range = counter ... counter + UInt64(random.below(4))
                clock.add(range, of: replica)
                naive.formUnion(range.map { replica($0) })
            case 6:
                let gone = DotSet((0 ..< random.below(3)).map { _ in replica(UInt64(1 + random.below(14))) })
                clock.subtract(gone)
                naive.subtract(gone)
            default:
                clock.add(1 ... counter, of: replica)
                naive.formUnion((1 ... counter).map { replica($0) })
            }
        }
    }

    static let replicas = [a, b, replica(2, life: 7), c]

    func check(_ twin: Twin, seed: UInt64) throws {
        let clock = twin.clock
        clock.checkInvariants()
        #expect(Array(clock.dots) == twin.naive.sorted(), "seed \(seed)")
        #expect(clock.dots.count == twin.naive.count && clock.isEmpty == twin.naive.isEmpty)
        #expect(clock.replicas == Set(twin.naive.map(\.replica)).sorted())
        for replica in Self.replicas {
            let mine = Set(twin.naive.filter { $0.replica == replica }.map(\.counter))
            #expect(clock.base(of: replica) == (0 ... 40).last { (1 ..< 1 + $0).allSatisfy(mine.contains) } ?? 0)
            #expect(clock.last(of: replica) == mine.max() ?? 0)
            for counter in 1 ... 40 as ClosedRange<UInt64> {
                #expect(clock.contains(replica(counter)) == mine.contains(counter))
            }
            let above = clock.ranges(of: replica)
            #expect(above.allSatisfy { $0.lowerBound > clock.base(of: replica) + 1 })
            #expect(UInt64(above.reduce(0) { $0 + $1.count }) + clock.base(of: replica) == UInt64(mine.count))
        }
        #expect(try PartitionClock(decoding: clock.encoded()) == clock)
        #expect(clock.encoded().readableBytes == clock.encodedSize)
        #expect(PartitionClock(DotSet(twin.naive)) == clock, "equal sets have equal structures")
    }

    @Test(arguments: 0 ..< 40 as Range<UInt64>) func itIsASetOfDots(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var twin = Twin()
        for step in 0 ..< 40 {
            twin.step(&random, Self.replicas, seed: seed)
            if step % 8 == 7 { try check(twin, seed: seed) }
        }
    }

    @Test(arguments: 0 ..< 60 as Range<UInt64>) func twoClocksLieToEachOtherAsTheirSetsDo(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var x = Twin()
        for _ in 0 ..< random.below(20) { x.step(&random, Self.replicas, seed: seed) }
        var y = random.chance(1, in: 2) ? x : Twin()
        for _ in 0 ..< random.below(12) { y.step(&random, Self.replicas, seed: seed) }
        if random.chance(1, in: 3) { y.clock.merge(x.clock); y.naive.formUnion(x.naive) }

        #expect(Set(x.clock.merged(with: y.clock).dots) == x.naive.union(y.naive), "seed \(seed)")
        #expect(Set(x.clock.missing(from: y.clock)) == y.naive.subtracting(x.naive))
        #expect(Set(y.clock.missing(from: x.clock)) == x.naive.subtracting(y.naive))
        #expect(Set(x.clock.intersection(y.clock).dots) == x.naive.intersection(y.naive))
        #expect(x.clock.isSubset(of: y.clock) == x.naive.isSubset(of: y.naive))
        #expect(
            x.clock.compare(y.clock)
                == CausalOrder(
                    firstHasMore: !x.naive.isSubset(of: y.naive), secondHasMore: !y.naive.isSubset(of: x.naive)))
        for replica in Self.replicas {
            #expect(
                PartitionClock.ranges(of: replica, inAll: [x.clock, y.clock])
                    == x.clock.intersection(y.clock).dots.ranges(of: replica))
        }
        #expect(x.clock.merged(with: y.clock) == y.clock.merged(with: x.clock))
        #expect(x.clock.intersection(y.clock) == y.clock.intersection(x.clock))
        for result in [
            x.clock.merged(with: y.clock), PartitionClock(x.clock.missing(from: y.clock)),
            x.clock.intersection(y.clock),
        ] { result.checkInvariants() }
        var filled = x.clock
        for (replica, counters) in x.clock.missing(from: y.clock).allRanges { filled.add(counters, of: replica) }
        #expect(filled == x.clock.merged(with: y.clock), "what was missing, added, leaves nothing missing")
        let shared = x.clock.dots.intersection(y.clock.dots)
        #expect(x.clock.dots.subtracting(y.clock.dots).union(shared) == x.clock.dots)
    }

    @Test func whatArrivesInOrderTakesOneNumber() {
        var clock = PartitionClock()
        for counter in 1 ... 10_000 as ClosedRange<UInt64> {
            let isNew = clock.add(a(counter))
            if !isNew { Issue.record("\(counter) was there") }
        }
        #expect(clock.base(of: a) == 10_000 && clock.ranges(of: a).isEmpty && clock.rangeCount == 1)
        #expect(!clock.add(a(10_000)) && !clock.add(a(1)))
    }

    /// Design, section 4, rule 15: bounded by restarts, not by writes.
    @Test func itGrowsWithRestartsAndLostTailsNotWithWrites() {
        var clock = PartitionClock()
        var random = SeededGenerator(seed: 20)
        for life in 1 ... 20 as ClosedRange<UInt64> {
            var counters = Array(1 ... 300 as ClosedRange<UInt64>)
            random.shuffle(&counters)
            let lost = UInt64(100 + random.below(100))
            for counter in counters where counter < lost || counter > lost + 5 {
                clock.add(replica(1, life: life)(counter))
            }
        }
        #expect(clock.rangeCount == 40, "one entry a life, one gap a lost tail")
    }

    @Test func aGapIsClosedByWhatArrivesLate() {
        var clock = PartitionClock()
        clock.add(a(1))
        clock.add(5 ... 7, of: a)
        clock.add(a(3))
        #expect(clock.base(of: a) == 1 && clock.ranges(of: a) == [3 ... 3, 5 ... 7] && clock.last(of: a) == 7)
        clock.add(a(4))
        #expect(clock.ranges(of: a) == [3 ... 7])
        clock.add(a(2))
        #expect(clock.base(of: a) == 7 && clock.ranges(of: a).isEmpty)
    }

    @Test func aContextLiesUnderAClockThatHasTheLastDotOfEachEntry() {
        var clock = PartitionClock()
        clock.add(a(4))
        clock.add(b(1))
        #expect(clock.hasLastDots(of: VersionVector()))
        #expect(clock.hasLastDots(of: vector(a(4), b(1))), "earlier events are other keys'")
        #expect(!clock.hasLastDots(of: vector(a(3))))
        #expect(!clock.hasLastDots(of: vector(a(4), b(1), c(1))))
    }

    @Test func theGreatestCountersDoNotOverflow() throws {
        let top = Dot.maximumCounter
        var clock = PartitionClock()
        clock.add(a(top))
        clock.add(top - 2 ... top - 2, of: a)
        #expect(try PartitionClock(decoding: clock.encoded()) == clock)
        clock.add(a(top - 1))
        #expect(clock.ranges(of: a) == [top - 2 ... top])
        clock.add(1 ... top, of: a)
        clock.add(1 ... top, of: b)
        #expect(clock.base(of: a) == top && clock.dots.count == Int.max && !clock.add(a(top)))
        #expect(clock.dots.subtracting(DotSet([a(top)])).ranges(of: a) == [1 ... top - 1])
        #expect(try PartitionClock(decoding: clock.encoded()) == clock)
    }

    @Test func aSetPrintsItsRanges() {
        var set = DotSet([a(1), a(2), b(5)])
        #expect(set.description == "{m1:1#1…2, m2:1#5}")
        set.subtract(DotSet([b(5), a(1)]))
        #expect(set.description == "{m1:1#2}")
        #expect(DotSet().description == "{}")
    }
}

@Suite struct ClockCodecTests {
    func error(of buffer: ByteBuffer) -> ClockCodecError? {
        do {
            _ = try PartitionClock(decoding: buffer)
            return nil
        } catch {
            return error
        }
    }

    static let one = "01 0000000000000001 00 "
    static let two = "02 0000000000000001 00 "

    /// The format's first version: these bytes must decode for ever.
    @Test func goldenVectors() throws {
        #expect(hex(PartitionClock().encoded()) == "0100")
        var clock = PartitionClock()
        clock.add(1 ... 300, of: b)
        clock.add(3 ... 3, of: a)
        clock.add(10 ... 137, of: a)
        let golden = "01 02" + Self.one + "00 02 0100 057f" + Self.two + "ac02 00"
        #expect(hex(clock.encoded()) == golden.filter { $0 != " " })
        #expect(try PartitionClock(decoding: bytes(golden)) == clock)
    }

    @Test(
        arguments: [
            ("", .truncated(.version, offset: 0)),
            ("02 00", .unknownVersion(2, newest: 1)),
            ("01 00 00", .trailingBytes(1)),
            ("01 01" + one + "00 00", .emptyEntry(offset: 14)),
            ("01 02" + two + "01 00" + one + "01 00", .unordered(.entryCount, offset: 14)),
            ("01 02" + one + "01 00" + one + "02 00", .unordered(.entryCount, offset: 14)),
            ("01 01" + one + "00 01 00", .countTooLarge(.rangeCount, count: 1, possible: 0, offset: 13)),
            ("01 ff01" + one + "01 00", .countTooLarge(.entryCount, count: 255, possible: 1, offset: 1)),
            (
                "01 01" + one + "80808080808080808001 00",
                .outOfRange(.base, value: 1 << 63, allowed: 0 ... (1 << 63) - 1, offset: 12)
            ),
            (
                "01 01" + one + "ffffffffffffffff7f 01 0000",
                .outOfRange(.rangeCount, value: 1, allowed: 0 ... 0, offset: 22)
            ),
            (
                "01 01" + one + "00 01 00 fdffffffffffffff7f",
                nil
            ),
            (
                "01 01" + one + "00 01 00 feffffffffffffff7f",
                .outOfRange(.rangeLength, value: (1 << 63) - 2, allowed: 0 ... (1 << 63) - 3, offset: 15)
            ),
        ] as [(String, ClockCodecError?)])
    func malformedBytesAreNamed(_ text: String, _ expected: ClockCodecError?) {
        #expect(error(of: bytes(text)) == expected)
    }

    @Test(arguments: 0 ..< 40 as Range<UInt64>) func cutFlippedAndRandomBytesNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var clock = PartitionClock()
        for _ in 0 ..< 12 {
            clock.add(random.pick([a, b, c])!(UInt64(1 + random.below(random.chance(1, in: 4) ? 500 : 9))))
        }
        let whole = clock.encoded()
        for length in 0 ..< whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length)!
            #expect(error(of: cut) != nil)
            #expect(throws: ClockCodecError.self) { try DotSet(decoding: &cut) }
            #expect(cut.readableBytes == length)
        }
        for _ in 0 ..< 100 {
            var flipped = Array(whole.readableBytesView)
            for _ in 0 ... random.below(3) { flipped[random.below(flipped.count)] ^= 1 << UInt8(random.below(8)) }
            let noise =
                [1] + (0 ..< random.below(60)).map { _ in UInt8(random.below(random.chance(1, in: 2) ? 3 : 256)) }
            for bytes in [flipped, noise] {
                let buffer = ByteBuffer(bytes: bytes)
                guard let decoded = try? PartitionClock(decoding: buffer) else { continue }
                decoded.checkInvariants()
                #expect(decoded.encoded() == buffer, "seed \(seed): what decodes is canonical")
            }
        }
    }
}
