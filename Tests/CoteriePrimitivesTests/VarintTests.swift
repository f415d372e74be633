// Varints: their bytes, their sizes, and what is cut off or does not fit.

import CoteriePrimitives
import NIOCore
import Testing

@Suite struct VarintTests {
    static let edges: [UInt64] = {
        var values: [UInt64] = [0, 300, .max]
        for shift in 0 ..< 64 {
            let power: UInt64 = 1 << UInt64(shift)
            values += [power, power - 1]
        }
        return Array(Set(values)).sorted()
    }()

    func encoded(_ value: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeVarint(value)
        return buffer
    }

    @Test func theBytesAreThoseOfProtobuf() {
        #expect(encoded(0) == ByteBuffer(bytes: [0x00]))
        #expect(encoded(127) == ByteBuffer(bytes: [0x7f]))
        #expect(encoded(128) == ByteBuffer(bytes: [0x80, 0x01]))
        #expect(encoded(300) == ByteBuffer(bytes: [0xac, 0x02]))
        #expect(encoded(.max) == ByteBuffer(bytes: Array(repeating: 0xff, count: 9) + [0x01]))
    }

    @Test(arguments: edges) func whatIsWrittenIsReadAndSized(_ value: UInt64) {
        var buffer = encoded(value)
        #expect(buffer.readableBytes == varintSize(value))
        buffer.writeInteger(UInt8(0xaa))
        #expect(buffer.readVarint() == value)
        #expect(buffer.readableBytes == 1, "what follows is left")
    }

    @Test(arguments: edges) func aCutOffVarintIsNilAndTakesNothing(_ value: UInt64) {
        let whole = encoded(value)
        for length in 0 ..< whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length)!
            #expect(cut.readVarint() == nil)
            #expect(cut.readableBytes == length)
        }
    }

    @Test func whatDoesNotFit64BitsIsNil() {
        for bytes in [
            Array(repeating: UInt8(0xff), count: 9) + [0x02], Array(repeating: 0x80, count: 10) + [0x01],
            Array(repeating: 0xff, count: 30),
        ] {
            var buffer = ByteBuffer(bytes: bytes)
            #expect(buffer.readVarint() == nil)
            #expect(buffer.readableBytes == bytes.count)
        }
    }

    @Test func lengthPrefixedBytesComeBackAsASlice() {
        var buffer = ByteBuffer()
        buffer.writeLengthPrefixed(ByteBuffer(string: "cart"))
        buffer.writeLengthPrefixed(ByteBuffer())
        buffer.writeInteger(UInt8(9))
        #expect(buffer.readLengthPrefixed() == ByteBuffer(string: "cart"))
        #expect(buffer.readLengthPrefixed() == ByteBuffer())
        #expect(buffer.readableBytes == 1)
    }

    @Test func lengthPrefixedBytesThatAreCutOffTakeNothing() {
        var whole = ByteBuffer()
        whole.writeLengthPrefixed(ByteBuffer(repeating: 7, count: 200))
        for length in 0 ..< whole.readableBytes {
            var cut = whole.getSlice(at: 0, length: length)!
            #expect(cut.readLengthPrefixed() == nil)
            #expect(cut.readableBytes == length)
        }
    }

    @Test func aLengthBeyondAllMemoryIsRefused() {
        for length in [UInt64.max, UInt64(Int.max), UInt64(Int.max) + 1, 4] {
            var buffer = encoded(length)
            buffer.writeString("abc")
            let before = buffer.readableBytes
            #expect(buffer.readLengthPrefixed() == nil)
            #expect(buffer.readableBytes == before)
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SeededGenerator(seed: 1)
        for _ in 0 ..< 2000 {
            let bytes = (0 ..< random.below(16)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            var buffer = ByteBuffer(bytes: bytes)
            if let value = buffer.readVarint() { #expect(varintSize(value) <= bytes.count) }
            var other = ByteBuffer(bytes: bytes)
            _ = other.readLengthPrefixed()
        }
    }
}
