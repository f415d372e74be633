// Version vectors against a dictionary, and their laws.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct VersionVectorTests {
    @Test func anEmptyVectorCoversNothingAndIsBelowAll() {
        let empty = VersionVector()
        #expect(empty.isEmpty && empty.count == 0 && empty.entries.isEmpty && empty.lastDots.isEmpty)
        #expect(empty[a] == 0)
        #expect(!empty.covers(a(1)))
        #expect(empty.compare(VersionVector()) == .same)
        #expect(empty.compare(vector(a(1))) == .before)
        #expect(vector(a(1)).descends(empty))
    }

    @Test func observingADotCoversAllThatItsReplicaMintedBefore() {
        let seen = vector(a(7))
        #expect(seen.covers(a(7)) && seen.covers(a(1)))
        #expect(!seen.covers(a(8)) && !seen.covers(b(1)))
    }

    @Test func anotherLifeOfTheSameMemberIsAnotherReplica() {
        let seen = vector(replica(1, life: 5)(9))
        #expect(!seen.covers(replica(1, life: 4)(1)))
        #expect(!seen.covers(replica(1, life: 5, sub: 1)(1)))
        #expect(!seen.covers(replica(2, life: 5)(1)))
    }

    @Test func theFourAnswers() {
        #expect(vector(a(1)).compare(vector(a(2))) == .before)
        #expect(vector(a(2), b(1)).compare(vector(a(2))) == .after)
        #expect(vector(a(2), b(1)).compare(vector(b(1), a(2))) == .same)
        #expect(vector(a(2)).compare(vector(a(1), b(1))) == .concurrent)
        #expect(vector(a(1)).compare(vector(b(1))) == .concurrent)
    }

    @Test func anEntryThatWouldEqualTheEmptyPlaceIsAnEntry() {
        let zero = ReplicaID(member: MemberNumber(0), incarnation: Incarnation(nonce: 0))
        var seen = VersionVector()
        #expect(seen[zero] == 0)
        seen.observe(zero(3))
        #expect(!seen.isEmpty && seen[zero] == 3 && seen.count == 1)
        seen.observe(a(1))
        #expect(seen.lastDots == [zero(3), a(1)])
    }

    /// Up to 20 replicas, so that the inline entry, the linear and the binary search are all met.
    @Test(arguments: 0 ..< 60 as Range<UInt64>) func itIsADictionaryOfMaxima(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let replicas = (0 ..< 1 + random.below(20)).map {
            replica(UInt32($0 % 4), life: UInt64($0 % 3), sub: UInt32($0))
        }
        var model: [ReplicaID: UInt64] = [:]
        var seen = VersionVector()
        for _ in 0 ..< 60 {
            if random.chance(3, in: 4) {
                let dot = Dot(random.pick(replicas)!, UInt64(1 + random.below(9)))
                seen.observe(dot)
                model[dot.replica] = max(model[dot.replica] ?? 0, dot.counter)
            } else {
                let other = random.vector(over: replicas, upTo: 9)
                seen.merge(other)
                for (replica, counter) in other.entries { model[replica] = max(model[replica] ?? 0, counter) }
            }
            seen.checkInvariants()
        }
        #expect(seen.count == model.count, "seed \(seed)")
        #expect(seen.entries.map(\.replica) == model.keys.sorted())
        for replica in replicas { #expect(seen[replica] == model[replica] ?? 0) }
        var encoded = ByteBuffer()
        encoded.writeVersionVector(seen)
        #expect(encoded.readVersionVector() == seen && encoded.readableBytes == 0)
    }

    @Test(arguments: [3, 16]) func theOrderIsThatOfTheEntriesAndMergeIsItsJoin(width: Int) {
        var random = SeededGenerator(seed: UInt64(width))
        let replicas = (0 ..< width).map { replica(UInt32($0)) }
        for _ in 0 ..< 1500 {
            let x = random.vector(over: replicas, upTo: 2)
            var y = random.vector(over: replicas, upTo: 2)
            if random.chance(1, in: 3) { y.merge(x) }
            let more = replicas.contains { x[$0] > y[$0] }
            let less = replicas.contains { x[$0] < y[$0] }
            #expect(x.compare(y) == CausalOrder(firstHasMore: more, secondHasMore: less), "\(x) and \(y)")
            #expect(x.descends(y) == !less)
            let join = x.merged(with: y)
            join.checkInvariants()
            #expect(join == y.merged(with: x))
            for replica in replicas { #expect(join[replica] == max(x[replica], y[replica])) }
        }
    }

    @Test func goldenBytesOfADotAndAVector() {
        var buffer = ByteBuffer()
        buffer.writeDot(Dot(replica(300, life: 0x0102_0304_0506_0708, sub: 5), 1_000_000))
        #expect(hex(buffer) == "ac02" + "0102030405060708" + "05" + "c0843d")
        buffer.clear()
        buffer.writeVersionVector(VersionVector())
        #expect(hex(buffer) == "00")
        buffer.clear()
        buffer.writeVersionVector(vector(b(2), a(128)))
        #expect(
            hex(buffer) == "02" + "01" + "0000000000000001" + "00" + "8001" + "02" + "0000000000000001" + "00" + "02")
    }

    @Test func readingTakesNothingWhereTheBytesAreCutOffOrWrong() {
        var whole = ByteBuffer()
        whole.writeVersionVector(vector(a(300), b(1), c(2)))
        for length in 0 ..< whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length)!
            #expect(cut.readVersionVector() == nil)
            #expect(cut.readableBytes == length)
        }
        let wrong = [
            "01 01 0000000000000001 00 00",  // counter 0
            "01 01 0000000000000001 00 8100",  // counter not in its shortest form
            "01 01 0000000000000001 00 80808080808080808001",  // counter 2^63
            "01 8080808010 0000000000000001 00 01",  // member 2^32
            "02 02 0000000000000001 00 01 01 0000000000000001 00 01",  // swapped
            "02 01 0000000000000001 00 01 01 0000000000000001 00 02",  // twice
            "ffffffffffffffffff01 01 0000000000000001 00 01",  // a count beyond all memory
        ]
        for text in wrong {
            var buffer = bytes(text)
            #expect(buffer.readVersionVector() == nil, "\(text)")
            #expect(buffer.readableBytes == bytes(text).readableBytes)
        }
    }
}
