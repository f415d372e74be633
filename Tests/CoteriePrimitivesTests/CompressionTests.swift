import CoteriePrimitives
import NIOCore
import Testing

@Suite struct CompressionTests {
    @Test(arguments: [1, 100, 4_096, 100_000]) func whatIsCompressedComesBack(length: Int) throws {
        var generator = SeededGenerator(seed: UInt64(length))
        let bytes = ByteBuffer(bytes: (0 ..< length).map { _ in UInt8(generator.below(4)) })
        guard let small = bytes.compressed() else {
            #expect(length < 100, "four different bytes take two bits each")
            return
        }
        #expect(small.readableBytes < length)
        #expect(small.decompressed(to: length) == bytes)
        #expect(small.decompressed(to: length - 1) == nil)
        #expect(small.decompressed(to: length + 1) == nil)
    }

    @Test func whatDoesNotShrinkIsLeftAlone() {
        var generator = SeededGenerator(seed: 1)
        #expect(ByteBuffer(bytes: (0 ..< 10_000).map { _ in UInt8(generator.below(256)) }).compressed() == nil)
        #expect(ByteBuffer().compressed() == nil)
    }

    @Test func damagedBytesAreNoContent() throws {
        let bytes = ByteBuffer(string: String(repeating: "a cart, a cart, a cart; ", count: 200))
        let small = try #require(bytes.compressed())
        for place in 0 ..< small.readableBytes {
            var damaged = small
            damaged.setInteger(UInt8(damaged.getInteger(at: place, as: UInt8.self)! ^ 0x10), at: place)
            let found = damaged.decompressed(to: bytes.readableBytes)
            #expect(found == nil || found == bytes, "byte \(place)")
            #expect(
                small.getSlice(at: 0, length: place)?.decompressed(to: bytes.readableBytes) == nil, "cut at \(place)")
        }
    }
}
