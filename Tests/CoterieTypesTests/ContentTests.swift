// A value and its metadata as bytes, and hostile bytes as none.

import CoteriePrimitives
import CoterieTypes
import NIOCore
import Testing

struct ContentTests {
    private let full = Content(
        ByteBuffer(string: "<a/>"), contentType: "text/xml", charset: "latin1", contentEncoding: "gzip",
        metadata: [NamedValue("color", "red"), NamedValue("color", "blue")], indexes: [NamedValue("age_int", "7")],
        links: [Link(bucket: "people", key: "ann", tag: "friend")],
        written: HybridTime(milliseconds: 1_700_000_000_000, logical: 3))

    private func random(_ seed: UInt64) -> Content {
        var generator = SeededGenerator(seed: seed)
        func text() -> String {
            String((0 ..< generator.below(6)).map { _ in generator.pick(Array("aZ/ é€🦊\u{0}")) ?? "x" })
        }
        func pairs() -> [NamedValue] { (0 ..< generator.below(4)).map { _ in NamedValue(text(), text()) } }
        let value = ByteBuffer(repeating: UInt8(generator.below(256)), count: generator.below(400))
        return Content(
            value, contentType: generator.chance(1, in: 2) ? text() : Content.defaultContentType, charset: text(),
            contentEncoding: text(), metadata: pairs(), indexes: pairs(),
            links: (0 ..< generator.below(3)).map { _ in Link(bucket: text(), key: text(), tag: text()) },
            written: generator.chance(1, in: 2)
                ? HybridTime(rawValue: generator.next() >> UInt64(generator.below(64))) : nil)
    }

    @Test func whatIsEncodedIsDecodedAgain() throws {
        for seed in 0 ..< UInt64(500) {
            let content = random(seed)
            let payload = content.encoded()
            #expect(try Content(decoding: payload) == content, "seed \(seed)")
            #expect(Content.written(in: payload) == content.written, "seed \(seed)")
            var behind = ByteBuffer(string: "x")
            content.encode(into: &behind)
            #expect(behind.getSlice(at: 1, length: payload.readableBytes) == payload, "seed \(seed)")
        }
    }

    @Test func thePayloadOfVersionOneNeverChanges() throws {
        let plain = Content(ByteBuffer(string: "milk"), written: HybridTime(rawValue: 0x0102_0304_0506_0708))
        let bytes: [UInt8] = [1, 0x0a, 4, 0x6d, 0x69, 0x6c, 0x6b, 0x11, 8, 7, 6, 5, 4, 3, 2, 1]
        #expect(Array(plain.encoded().readableBytesView) == bytes)
        #expect(try Content(decoding: ByteBuffer(bytes: bytes)) == plain)
        #expect(Array(Content(ByteBuffer()).encoded().readableBytesView) == [1])
        #expect(Array(Content(ByteBuffer(), contentType: "").encoded().readableBytesView) == [1, 0x1a, 0])
    }

    @Test func theValueIsASliceOfThePayload() throws {
        let payload = Content(ByteBuffer(repeating: 1, count: 5_000)).encoded()
        let value = try Content(decoding: payload).value
        let base = payload.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        let start = value.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(start > base && start < base + 20)
    }

    @Test func anUnknownFormatIsNamedAndNothingIsEmpty() {
        #expect(throws: ContentError.empty) { try Content(decoding: ByteBuffer()) }
        #expect(throws: ContentError.unknownVersion(9)) { try Content(decoding: ByteBuffer(bytes: [9, 1, 2])) }
        #expect(Content.written(in: ByteBuffer()) == nil)
        #expect(Content.written(in: ByteBuffer(bytes: [9])) == nil)
    }

    @Test func fieldsOfANewerWriterAreSkipped() throws {
        var payload = full.encoded()
        payload.writePresent(99, varint: 1)
        payload.writeField(100, bytes: ByteBuffer(string: "later"))
        #expect(try Content(decoding: payload) == full)
    }

    @Test func cutOrFlippedPayloadsNeverTrap() throws {
        let payload = full.encoded()
        for length in 0 ..< payload.readableBytes {
            let cut = payload.getSlice(at: 0, length: length) ?? ByteBuffer()
            #expect((try? Content(decoding: cut)) != full, "cut to \(length)")
            _ = Content.written(in: cut)
        }
        for bit in 0 ..< payload.readableBytes * 8 {
            var flipped = payload
            let byte = flipped.getInteger(at: bit / 8, as: UInt8.self) ?? 0
            flipped.setInteger(byte ^ (1 << UInt8(bit % 8)), at: bit / 8)
            _ = try? Content(decoding: flipped)
            _ = Content.written(in: flipped)
        }
        var generator = SeededGenerator(seed: 1)
        for _ in 0 ..< 5_000 {
            let noise = (0 ..< generator.below(30)).map { _ in
                UInt8(truncatingIfNeeded: generator.next() >> 58 | generator.next())
            }
            _ = try? Content(decoding: ByteBuffer(bytes: [1] + noise))
        }
    }

    @Test func emptyEntriesAreBounded() {
        var payload = ByteBuffer(bytes: [1])
        for index in 0 ... Content.maxEntries { payload.writeField(6 + index % 3) { _ in } }
        #expect(throws: ContentError.self) { try Content(decoding: payload) }
    }
}
