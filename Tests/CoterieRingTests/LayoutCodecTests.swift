// Layouts as bytes: round trips, the schema's golden bytes, and every way of breaking them.

import CoteriePrimitives
import CoterieRing
import NIOCore
import Testing

@Suite struct LayoutCodecTests {
    @Test func aLayoutReadsBackEqual() throws {
        for seed in UInt64(4000) ..< 4040 {
            let cluster = DrawnCluster(seed: seed)
            let layout = try cluster.layout()
            let again = try Layout(decoding: layout.encoded())
            #expect(again == layout, "\(cluster)")
            #expect(again.digest == layout.digest, "\(cluster)")
            #expect(again.encoded() == layout.encoded(), "\(cluster)")
            again.checkInvariants()
        }
    }

    @Test func everyPropertyOfABucketTypeSurvives() throws {
        let layout = try Tiny.layout(
            types: [
                BucketType(
                    name: "all", n: 2, kind: .lww,
                    properties: BucketProperties(
                        r: .one, w: .all, pr: .quorum, pw: .count(0), dw: .count(2), nodeConfirms: .count(1),
                        basicQuorum: true, notfoundOK: false, sloppy: false, returnBody: true,
                        timeout: .milliseconds(1500))),
                BucketType(name: "none", n: 1, kind: .siblings, properties: BucketProperties()),
            ])
        #expect(try Layout(decoding: layout.encoded()) == layout)
    }

    /// The same message written by protoc from `layout.proto`: format 1 stays readable, byte for byte.
    @Test func theBytesAreThoseOfTheSchema() throws {
        #expect(hex(try Tiny.layout().encoded()) == GoldenLayout.hex)
        #expect(try Layout(decoding: GoldenLayout.bytes) == Tiny.layout())
        #expect(String(try Tiny.layout().digest, radix: 16) == GoldenLayout.digest)
    }

    @Test func layoutsThatDifferInOnePartHaveDifferentDigests() throws {
        let base = try Tiny.layout()
        let others = [
            try Tiny.layout(name: "other"), try Tiny.layout(epoch: 2), try Tiny.layout(owners: [2, 1, 2, 3]),
            try Tiny.layout(types: [BucketType(name: "default", n: 1, kind: .siblings)]),
        ]
        for other in others {
            #expect(other.digest != base.digest)
            #expect(other != base)
        }
    }

    @Test func cutOffAnywhereItIsRefused() throws {
        let bytes = try Tiny.layout().encoded()
        for length in 0 ..< bytes.readableBytes {
            let cut = try #require(bytes.getSlice(at: bytes.readerIndex, length: length))
            #expect(throws: LayoutError.self, "cut to \(length)") { try Layout(decoding: cut) }
        }
    }

    @Test func aFlippedBitIsRefusedOrGivesASoundLayout() throws {
        let bytes = try Tiny.layout().encoded()
        var sound = 0
        for bit in 0 ..< bytes.readableBytes * 8 {
            var flipped = bytes
            let byte = try #require(flipped.getInteger(at: bit / 8, as: UInt8.self))
            flipped.setInteger(byte ^ 1 << UInt8(bit % 8), at: bit / 8)
            guard let layout = try? Layout(decoding: flipped) else { continue }
            layout.checkInvariants()
            sound += 1
        }
        #expect(sound > 0)
    }

    @Test func randomBytesAreRefused() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0 ..< 2000 {
            var bytes = ByteBuffer()
            for _ in 0 ..< generator.below(200) { bytes.writeInteger(UInt8(generator.below(256))) }
            #expect(throws: LayoutError.self) { try Layout(decoding: bytes) }
        }
    }

    @Test func spliceOfTwoLayoutsNeverTraps() throws {
        var generator = SeededGenerator(seed: 6)
        let a = try Tiny.layout().encoded()
        let b = try makeLayout(members: makeMembers(4, zone: { "z\($0)" }), partitions: 5, replicas: 2).encoded()
        for _ in 0 ..< 1000 {
            var bytes = ByteBuffer()
            for source in [a, b] {
                let start = generator.below(source.readableBytes)
                bytes.writeBytes(source.readableBytesView.dropFirst(start).prefix(generator.below(200)))
            }
            if let layout = try? Layout(decoding: bytes) { layout.checkInvariants() }
        }
    }

    @Test func unknownFieldsAreSkipped() throws {
        var bytes = try Tiny.layout().encoded()
        bytes.writePresent(100, varint: 7)
        bytes.writePresent(101, fixed64: 7)
        bytes.writePresent(102, string: "later")
        #expect(try Layout(decoding: bytes) == Tiny.layout())
    }

    @Test func aLaterFormatIsRefusedWhateverFollows() throws {
        var bytes = ByteBuffer()
        bytes.writeField(1, varint: 3)
        bytes.writeBytes([0xff, 0xff])
        #expect(throws: LayoutError.unsupportedFormat(found: 3, supported: 2)) { try Layout(decoding: bytes) }
        #expect(throws: LayoutError.unsupportedFormat(found: 0, supported: 2)) { try Layout(decoding: ByteBuffer()) }
        let text = "\(LayoutError.unsupportedFormat(found: 3, supported: 2))"
        #expect(text == "the layout is in format 3; this release reads formats 1 to 2")
    }

    @Test func anErrorNamesThePlace() throws {
        var bytes = ByteBuffer()
        bytes.writeField(1, varint: 1)
        bytes.writeField(8) { member in
            member.writeField(1, varint: 1)
            member.writeField(5) { $0.writePresent(2, string: "port") }
        }
        let error = #expect(throws: LayoutError.self) { try Layout(decoding: bytes) }
        #expect(
            error?.description
                == "the layout's bytes are malformed: in members[0].peer, field 2 has another wire type than in the schema"
        )
    }

    @Test func aLayoutWithATypeThatIsToldByItsNameIsOfFormatTwoAndComesBack() throws {
        let layout = try Tiny.layout(types: [
            BucketType(name: "ballots", n: 1, kind: TypeKind(rawValue: "ballot")),
            BucketType(name: "counters", n: 2, kind: .counter), BucketType(name: "default", n: 2, kind: .siblings),
        ])
        let bytes = layout.encoded()
        #expect(hex(bytes).hasPrefix("0802"))
        let decoded = try Layout(decoding: bytes)
        #expect(decoded == layout)
        #expect(decoded.bucketTypes.map(\.kind.rawValue) == ["ballot", "counter", "siblings"])
    }

    @Test func aLayoutThatTheFirstFormatCanSayKeepsItsBytes() throws {
        #expect(hex(try Tiny.layout().encoded()).hasPrefix("0801"))
    }

    @Test func aNameOfATypeThatHasANumberAndOneInTheFirstFormatAreRefused() throws {
        let layout = try Tiny.layout(types: [BucketType(name: "t", n: 1, kind: TypeKind(rawValue: "abc"))])
        var bytes = layout.encoded()
        let text = hex(bytes)
        #expect(text.contains("2a03616263"))
        for changed in [text.replacingFirst("2a03616263", with: "2a036c7777"), "0801" + text.dropFirst(4)] {
            bytes = try #require(bytesOf(changed))
            #expect(throws: LayoutError.malformed(place: "bucket_types[0]", reason: .malformedValue(field: 5))) {
                try Layout(decoding: bytes)
            }
        }
    }

    @Test func longListsTakeNoMoreMemoryThanTheLimits() throws {
        var bytes = ByteBuffer()
        bytes.writeField(1, varint: 1)
        for _ in 0 ..< 100_000 { bytes.writeField(8, bytes: ByteBuffer()) }
        #expect(throws: LayoutError.self) { try Layout(decoding: bytes) }
    }
}

/// Three members, two partitions of two slots.
enum Tiny {
    static func layout(
        name: String = "tiny", epoch: UInt64 = 1, owners: [UInt32] = [1, 2, 2, 3],
        types: [BucketType] = [
            BucketType(name: "default", n: 2, kind: .siblings),
            BucketType(
                name: "fast", n: 1, kind: .lww, properties: BucketProperties(r: .one, w: .count(1), sloppy: false)),
        ]
    ) throws -> Layout {
        try Layout(
            clusterName: name, hashKey: HashKey(1, 0x0102_0304_0506_0708), epoch: Epoch(epoch), partitionCount: 2,
            replicas: 2, members: makeMembers(3, weight: { $0 + 1 }, zone: { "z\($0 % 2)" }), bucketTypes: types,
            owners: owners.map { MemberNumber($0) })
    }
}

func hex(_ bytes: ByteBuffer) -> String {
    bytes.readableBytesView.map { byte in
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }.joined()
}

func bytesOf(_ hex: String) -> ByteBuffer? {
    var bytes = ByteBuffer()
    var rest = Substring(hex)
    while !rest.isEmpty {
        guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
        bytes.writeInteger(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}

extension String {
    func replacingFirst(_ old: String, with new: String) -> String {
        guard let range = ranges(of: old).first else { return self }
        return replacingCharacters(in: range, with: new)
    }

    private func replacingCharacters(in range: Range<Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
