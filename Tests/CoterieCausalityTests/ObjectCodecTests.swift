// The stored form of objects: golden bytes, canonicity, and what is not an object.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct ObjectCodecTests {
    static let twoSiblings = object(vector(a(300), b(2)), live: [a(298), b(2)])

    func error(of buffer: ByteBuffer) -> ObjectCodecError? {
        do {
            _ = try CausalObject(decoding: buffer)
            return nil
        } catch {
            return error
        }
    }

    /// The format's first version: these bytes must decode for ever.
    @Test func goldenVectors() throws {
        #expect(hex(CausalObject().encoded()) == "01" + "00" + "00")

        var one = CausalObject()
        one.write(dot: a(5), payload: ByteBuffer(string: "apple"), observed: VersionVector())
        #expect(hex(one.encoded()) == "01" + "01 01 0000000000000001 00 05".packed + "01 000005".packed + "6170706c65")

        one.write(dot: a(6), payload: nil, observed: vector(a(5)))
        #expect(hex(one.encoded()) == "01" + "01 01 0000000000000001 00 06".packed + "00")

        var two = CausalObject()
        let old = replica(7, life: 0xfeed_beef_cafe_f00d, sub: 200)
        two.write(dot: old(1_000), payload: ByteBuffer(string: "x"), observed: VersionVector())
        two.write(dot: old(1_130), payload: ByteBuffer(), observed: VersionVector())
        two.write(dot: b(1), payload: ByteBuffer(string: "yz"), observed: VersionVector())
        let entries = "02 02 0000000000000001 00 01  07 feedbeefcafef00d c801 ea08".packed
        let heads = "03 000002 01820101 010000".packed
        #expect(hex(two.encoded()) == "01" + entries + heads + "797a" + "78")
        #expect(try CausalObject(decoding: bytes("01" + entries + heads + "797a" + "78")) == two)
    }

    @Test(arguments: 0 ..< 40 as Range<UInt64>) func objectsComeBackAndEqualOnesHaveEqualBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let replicas = (0 ..< random.below(8)).map { replica(UInt32($0 % 3), life: random.next()) }
        let state = random.object(over: replicas, upTo: 6)
        var buffer = ByteBuffer(string: "before")
        state.encode(into: &buffer)
        #expect(buffer.readableBytes == 6 + state.encodedSize, "seed \(seed)")
        buffer.writeString("behind")
        buffer.moveReaderIndex(forwardBy: 6)
        let back = try CausalObject(decoding: &buffer)
        #expect(back == state && String(buffer: buffer) == "behind")
        back.checkInvariants()
        #expect(back.encoded() == state.encoded())
    }

    @Test func payloadsAreSlicesOfTheInput() throws {
        var object = CausalObject()
        object.write(dot: a(1), payload: ByteBuffer(repeating: 7, count: 1000), observed: VersionVector())
        let input = object.encoded()
        let output = try CausalObject(decoding: input)
        let outer = input.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        let inner = output.siblings[0].payload.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(inner == outer + UInt(input.readableBytes - 1000))
    }

    @Test(arguments: 0 ..< 40 as Range<UInt64>) func aPeekTellsWhatTheObjectWould(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let state = random.object(over: [a, b, c, replica(1, life: 9)], upTo: 3)
        let summary = try CausalObject.peekContextAndDots(state.encoded())
        #expect(summary.context == state.context && summary.liveDots == state.liveDots, "seed \(seed)")
        #expect(summary.digest == state.digest && summary.isMarker == state.isMarker)
        #expect(try CausalObject.digest(ofEncoded: state.encoded()) == state.digest)
    }

    @Test func anObjectCutOffAnywhereIsRefused() throws {
        let whole = Self.twoSiblings.encoded()
        for length in 0 ..< whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length)!
            #expect(error(of: cut) != nil, "\(length) of \(whole.readableBytes) bytes")
            #expect(throws: ObjectCodecError.self) { try CausalObject(decoding: &cut) }
            #expect(cut.readableBytes == length, "nothing is taken")
            #expect(throws: ObjectCodecError.self) { try CausalObject.peekContextAndDots(cut) }
            #expect(throws: ObjectCodecError.self) { try CausalObject.digest(ofEncoded: cut) }
        }
    }

    static let entryA = "01 0000000000000001 00 05 "
    static let entryB = "02 0000000000000001 00 01 "

    @Test(
        arguments: [
            ("00 00 00", .unknownVersion(0, newest: 1)),
            ("02 00 00", .unknownVersion(2, newest: 1)),
            ("01 00 00 00", .trailingBytes(1)),
            ("01 00 01 000000", .outOfRange(.siblingCount, value: 1, allowed: 0 ... 0, offset: 2)),
            ("01 02" + entryB + entryA + "00", .unordered(.entryCount, offset: 13)),
            ("01 02" + entryA + entryA + "00", .unordered(.entryCount, offset: 13)),
            ("01 01" + entryA + "02 000000 000100", .unordered(.siblingEntry, offset: 17)),
            ("01 01" + entryA + "02 000000 000000", .unordered(.siblingEntry, offset: 17)),
            ("01 01" + entryA + "01 010000", .outOfRange(.siblingEntry, value: 1, allowed: 0 ... 0, offset: 14)),
            ("01 01" + entryA + "01 000500", .outOfRange(.siblingDistance, value: 5, allowed: 0 ... 4, offset: 15)),
            ("01 01" + entryA + "01 000001", .truncated(.payload, offset: 17)),
            ("01 01" + entryA + "02 000101 000003 616263", .truncated(.payload, offset: 20)),
            ("01 01" + entryA + "02 000103 000000 61", .truncated(.payload, offset: 20)),
            (
                "01 01" + entryA + "01 0000ffffffffffffffffff01",
                .truncated(.payload, offset: 26)
            ),
            ("01 01" + entryA + "01 000001 6161", .trailingBytes(1)),
            ("01 01" + entryA + "01 00008000", .malformedInteger(.payloadLength, offset: 16)),
            ("01 ffffffff0f" + entryA, .countTooLarge(.entryCount, count: 4_294_967_295, possible: 1, offset: 1)),
            ("01 01" + entryA + "7f 000000", .countTooLarge(.siblingCount, count: 127, possible: 1, offset: 13)),
            (
                "01 01 01 0000000000000001 8080808010 01 00",
                .outOfRange(.sub, value: 4_294_967_296, allowed: 0 ... 4_294_967_295, offset: 11)
            ),
        ] as [(String, ObjectCodecError)])
    func malformedBytesAreNamed(_ text: String, _ expected: ObjectCodecError) {
        #expect(error(of: bytes(text)) == expected)
        #expect(expected.description.isEmpty == false)
    }

    /// Whatever decodes must be canonical: it encodes to the very bytes it came from.
    @Test(arguments: 0 ..< 40 as Range<UInt64>) func flippedAndRandomBytesNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func check(_ bytes: [UInt8]) {
            let buffer = ByteBuffer(bytes: bytes)
            if let object = try? CausalObject(decoding: buffer) {
                object.checkInvariants()
                #expect(object.encoded() == buffer, "seed \(seed): \(hex(buffer))")
                #expect((try? CausalObject.digest(ofEncoded: buffer)) == object.digest)
            } else {
                #expect((try? CausalObject.peekContextAndDots(buffer)) == nil)
            }
        }
        let whole = Array(random.object(over: [a, b, c], upTo: 3).encoded().readableBytesView)
        for _ in 0 ..< 150 {
            var bytes = whole
            for _ in 0 ... random.below(3) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
            check(bytes)
            check([1] + (0 ..< random.below(40)).map { _ in UInt8(random.below(random.chance(1, in: 2) ? 4 : 256)) })
        }
    }
}

@Suite struct DigestTests {
    /// Digests are compared between machines and kept on disk: they must never change.
    @Test func goldenValues() {
        #expect(CausalObject().digest == 0)
        #expect(object(vector(a(1))).digest == 0x2129_191c_0eac_1c53)
        #expect(object(vector(a(1)), live: [a(1)]).digest == 0xccf8_1326_8348_ce21)
        let siblings = object(vector(a(2), b(1)), live: [a(2), b(1)])
        #expect(siblings.digest(under: ByteBuffer(string: "cart")) == 0x2ded_76a5_f7f3_76bb)
    }

    @Test func aDotCountsOtherwiseLiveThanSeen() {
        let seen = object(vector(a(1), b(1)))
        let live = object(vector(a(1), b(1)), live: [a(1)])
        let other = object(vector(a(1), b(1)), live: [b(1)])
        let both = object(vector(a(1), b(1)), live: [a(1), b(1)])
        #expect(Set([seen, live, other, both].map(\.digest)).count == 4)
        #expect(seen.digest ^ live.digest == other.digest ^ both.digest, "the hashes of live dots are XORed in")
    }

    @Test func theSamePartsInOtherPlacesAreAnotherDigest() {
        let swapped = [
            vector(a(1), b(2)), vector(a(2), b(1)), vector(replica(1, life: 2)(1)), vector(replica(2, life: 1)(1)),
            vector(replica(1, life: 1, sub: 2)(1)), vector(replica(1, life: 1)(2)),
        ]
        #expect(Set(swapped.map { object($0).digest }).count == swapped.count)
    }

    @Test func boundToAKeyEqualStatesDiffer() {
        let state = object(vector(a(1)), live: [a(1)])
        #expect(state.digest(under: ByteBuffer(string: "x")) != state.digest(under: ByteBuffer(string: "y")))
        #expect(CausalObject().digest(under: ByteBuffer(string: "x")) == 0)
        #expect(
            CausalDigest.bind(state.digest, to: ByteBuffer(string: "x")) == state.digest(under: ByteBuffer(string: "x"))
        )
    }
}

extension String {
    /// Hex without the spaces that make it readable.
    fileprivate var packed: String { filter { $0 != " " } }
}
