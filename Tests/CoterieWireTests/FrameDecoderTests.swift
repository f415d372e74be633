// Streams of frames, cut anywhere, and all that is wrong with a frame.

import CoteriePrimitives
import CoterieWire
import NIOCore
import Testing

struct FrameDecoderTests {
    private func stream(_ seed: UInt64, count: Int) -> (bytes: ByteBuffer, messages: [Message]) {
        var random = RandomMessages(seed: seed)
        var bytes = ByteBuffer()
        let messages = (0 ..< count).map { _ in
            let kind = random.generator.pick(MessageKind.allCases) ?? .hello
            let message = random.next(kind)
            message.encode(into: &bytes)
            return message
        }
        return (bytes, messages)
    }

    private func drain(_ decoder: inout FrameDecoder) throws -> [Message] {
        var messages: [Message] = []
        while let frame = try decoder.next() { messages.append(try Message.decode(frame)) }
        return messages
    }

    @Test func framesArriveByteByByte() throws {
        let (bytes, messages) = stream(1, count: 12)
        var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
        var decoded: [Message] = []
        for byte in bytes.readableBytesView {
            decoder.append(ByteBuffer(bytes: [byte]))
            decoded += try drain(&decoder)
        }
        #expect(decoded == messages)
        #expect(decoder.bufferedBytes == 0)
    }

    @Test func framesArriveInReadsOfAnySize() throws {
        for seed in 0 ..< UInt64(60) {
            var (bytes, messages) = stream(seed, count: 20)
            var cuts = SeededGenerator(seed: seed)
            var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
            var decoded: [Message] = []
            while bytes.readableBytes > 0 {
                let length = min(bytes.readableBytes, 1 + cuts.below(cuts.chance(1, in: 2) ? 40 : 3_000))
                decoder.append(bytes.readSlice(length: length) ?? ByteBuffer())
                // Now and then two reads come before anyone looks.
                if cuts.chance(2, in: 3) { decoded += try drain(&decoder) }
            }
            decoded += try drain(&decoder)
            #expect(decoded == messages, "seed \(seed)")
        }
    }

    @Test func aFrameBeyondTheLimitIsRefusedByItsHeaderAlone() {
        var header = ByteBuffer()
        header.writeInteger(UInt32(100_000_000))
        header.writeInteger(UInt32(0))
        header.writeBytes([1, MessageKind.store.rawValue, 0, 0])
        var decoder = FrameDecoder(maxFrameBytes: 64 << 20)
        decoder.append(header)
        #expect(throws: FrameError.tooLong(bytes: 100_000_012, limit: 64 << 20)) { try decoder.next() }
    }

    @Test func theLimitCountsTheHeader() throws {
        var bytes = ByteBuffer()
        let size = Samples.request(.get).encode(into: &bytes)
        var exact = FrameDecoder(maxFrameBytes: size)
        exact.append(bytes)
        #expect(try exact.next() != nil)
        var short = FrameDecoder(maxFrameBytes: size - 1)
        short.append(bytes)
        #expect(throws: FrameError.tooLong(bytes: size, limit: size - 1)) { try short.next() }
    }

    @Test func aPromisedLengthTakesNoMemory() throws {
        var header = ByteBuffer()
        header.writeInteger(UInt32(60 << 20))
        header.writeInteger(UInt32(0))
        header.writeBytes([1, MessageKind.store.rawValue, 0, 0, 1, 2, 3])
        var decoder = FrameDecoder(maxFrameBytes: 64 << 20)
        decoder.append(header)
        #expect(try decoder.next() == nil)
        #expect(decoder.bufferedBytes == 15)
    }

    @Test func everyFlippedBitIsSeen() throws {
        for (name, message) in Samples.all {
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            for bit in 0 ..< bytes.readableBytes * 8 {
                var flipped = bytes
                let byte = flipped.getInteger(at: bit / 8, as: UInt8.self) ?? 0
                flipped.setInteger(byte ^ (1 << UInt8(bit % 8)), at: bit / 8)
                var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
                decoder.append(flipped)
                // A longer length waits for bytes that do not come; everything else is an error at once.
                let frame = try? decoder.next()
                #expect(frame == .some(nil) || frame == nil, "\(name), bit \(bit)")
            }
        }
    }

    @Test func anUnknownVersionKindOrFlagEndsTheStreamForGood() throws {
        var good = ByteBuffer()
        Samples.request(.get).encode(into: &good)
        let cases: [(offset: Int, value: UInt8, error: FrameError)] = [
            (8, 2, .unknownVersion(2)), (9, 250, .unknownKind(250)), (11, 1, .reservedBitsSet(1)),
        ]
        for (offset, value, error) in cases {
            var bytes = good
            bytes.setInteger(value, at: offset)
            var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
            decoder.append(bytes)
            #expect(throws: error) { try decoder.next() }
            decoder.append(good)
            #expect(throws: error) { try decoder.next() }
            #expect(decoder.bufferedBytes <= good.readableBytes)
        }
    }

    @Test func otherProtocolsAreRefusedByTheirFirstBytes() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "*1\r\n$4\r\nPING\r\n*1\r\n", "\u{16}\u{3}\u{1}aaaaaaaaaaaaaa",
        ] {
            var decoder = FrameDecoder(maxFrameBytes: 64 << 20)
            decoder.append(ByteBuffer(string: text))
            #expect(throws: FrameError.self) { try decoder.next() }
        }
    }
}
