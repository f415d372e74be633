// What is encoded is decoded again, whole, and into the same bytes.

import CoteriePrimitives
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

struct RoundTripTests {
    @Test(arguments: MessageKind.allCases)
    func everyMessageComesBackAsItWas(_ kind: MessageKind) throws {
        for seed in 0 ..< UInt64(150) {
            var random = RandomMessages(seed: seed)
            let message = random.next(kind)
            var bytes = ByteBuffer(string: "before")
            bytes.moveReaderIndex(forwardBy: 3)
            let count = message.encode(into: &bytes)
            bytes.moveReaderIndex(forwardBy: 3)
            #expect(count == bytes.readableBytes, "seed \(seed)")

            var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
            decoder.append(bytes)
            let frame = try #require(try decoder.next(), "seed \(seed)")
            #expect(frame.kind == kind)
            let decoded = try Message.decode(frame)
            #expect(decoded == message, "seed \(seed)")

            var again = ByteBuffer()
            decoded.encode(into: &again)
            #expect(again == bytes, "seed \(seed): equal messages have equal bytes")
        }
    }

    /// Of an offer and of a scan's answer, with so many objects.
    private func batches(of count: Int) -> [Message] {
        let objects = (0 ..< count).map { number in
            (
                ObjectKey(type: "default", bucket: "carts", key: "key-\(number)"),
                ByteBuffer(string: "bread and \(number)")
            )
        }
        return [
            .offer(
                Offer(
                    exchange: 1, epoch: Epoch(2), round: 3,
                    status: .batch(
                        objects.map { OfferedObject(key: $0.0, dots: [], digest: 4, object: $0.1) }, isLast: true,
                        forgotten: false))),
            .scanReply(
                ScanReply(
                    exchange: 1, epoch: Epoch(2), round: 3,
                    status: .batch(
                        objects.map { ScannedObject(key: $0.0, object: $0.1) }, next: ByteBuffer(string: "k"),
                        clock: nil))),
        ]
    }

    @Test(arguments: [1, 10, 100, 5_000]) func batchesComeBackWholeAndLargeOnesAreCompressed(count: Int) throws {
        for message in batches(of: count) {
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            let frame = try #require(try frame(of: bytes))
            #expect(try Message.decode(frame) == message)
            if count >= 100 { #expect(bytes.readableBytes < 25 * count, "\(bytes.readableBytes) bytes") }
        }
    }

    @Test func aCompressedBatchThatIsDamagedIsRefused() throws {
        for message in batches(of: 500) {
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            let whole = try #require(try frame(of: bytes))
            var found = 0
            for place in stride(from: 12, to: whole.body.readableBytes, by: 7) {
                var body = whole.body
                let start = body.readerIndex + place
                body.setInteger(UInt8(body.getInteger(at: start, as: UInt8.self)! ^ 0x41), at: start)
                if (try? Message.decode(Frame(kind: whole.kind, body: body))) == message { found += 1 }
            }
            #expect(found == 0)
        }
    }

    private func frame(of bytes: ByteBuffer) throws -> Frame? {
        var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
        decoder.append(bytes)
        return try decoder.next()
    }

    @Test func frameSizesAroundEveryLengthOfVarint() throws {
        for size in [0, 1, 100, 126, 127, 128, 129, 16_383, 16_384, 70_000, 2_097_151, 2_097_152] {
            for overhead in 0 ..< 40 where size >= overhead {
                let value = ByteBuffer(repeating: 7, count: size - overhead)
                let message = Samples.request(.put(.init(value), context: Samples.context, condition: .absent))
                var bytes = ByteBuffer()
                message.encode(into: &bytes)
                #expect(try decodeOne(bytes) == message, "a value of \(size - overhead) bytes")
                if size > 20_000 { break }
            }
        }
    }

    @Test func fieldsOfANewerSchemaAreSkipped() throws {
        for (name, message) in Samples.all {
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            bytes.moveReaderIndex(forwardBy: Frame.headerBytes)
            bytes.writePresent(1_000, varint: 5)
            bytes.writePresent(1_001, fixed64: 5)
            bytes.writeField(1_002, bytes: ByteBuffer(string: "new"))
            bytes.writeTag(1_003, .fixed32)
            bytes.writeInteger(UInt32(1))
            #expect(try Message.decode(kind: message.kind, body: bytes) == message, "\(name)")
        }
    }

    @Test func valuesAreSlicesOfTheInboundBytes() throws {
        let value = ByteBuffer(repeating: 9, count: 10_000)
        var bytes = ByteBuffer()
        Message.fetchReply(FetchReply(exchange: 1, epoch: Epoch(1), status: .object(value))).encode(into: &bytes)
        let inbound = bytes.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        guard case .fetchReply(let reply) = try decodeOne(bytes), case .object(let object) = reply.status else {
            Issue.record("not a fetch reply")
            return
        }
        let start = object.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(start > inbound && start < inbound + 100)
    }
}

func decodeOne(_ bytes: ByteBuffer) throws -> Message {
    var decoder = FrameDecoder(maxFrameBytes: 64 << 20)
    decoder.append(bytes)
    return try Message.decode(try #require(try decoder.next()))
}
