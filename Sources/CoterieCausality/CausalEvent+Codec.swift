// The sent form of an event by itself.
//
//     event := version (1), first dot, base vector, dropped count varint, dropped dots that ascend strictly, joined vector,
//              payload count varint, payload length varints, payloads
//
// Canonical: equal events have equal bytes.

import CoteriePrimitives
import NIOCore

extension CausalEvent {
    /// The newest version of the format, and the one that is written.
    public static let formatVersion: UInt8 = 1

    /// How many bytes `encode` appends.
    public var encodedSize: Int {
        var sum = 1 + ByteWriter.size(run.first) + ByteWriter.size(base) + varintSize(UInt64(dropped.count))
        for dot in dropped { sum += ByteWriter.size(dot) }
        sum += ByteWriter.size(joined) + varintSize(UInt64(payloads.count))
        for payload in payloads { sum += varintSize(UInt64(payload.readableBytes)) + payload.readableBytes }
        return sum
    }

    /// Appends the event.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.append(encodedSize) { writer in
            writer.byte(Self.formatVersion)
            writer.dot(run.first)
            writer.vector(base)
            writer.varint(UInt64(dropped.count))
            for dot in dropped { writer.dot(dot) }
            writer.vector(joined)
            writer.varint(UInt64(payloads.count))
            for payload in payloads { writer.varint(UInt64(payload.readableBytes)) }
            for payload in payloads { payload.withUnsafeReadableBytes { writer.raw($0) } }
        }
    }

    /// The event in bytes of its own.
    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return buffer
    }

    /// Takes bytes that are one event and nothing else. Payloads are slices that share the buffer's memory.
    public init(decoding buffer: ByteBuffer) throws(EncodingFault) {
        self = try buffer.parse { (cursor) throws(EncodingFault) in
            try Self.event(from: &cursor, of: buffer)
        }
    }

    private static func event(
        from cursor: inout ByteCursor, of buffer: ByteBuffer
    ) throws(EncodingFault) -> CausalEvent {
        _ = try cursor.version(newest: formatVersion)
        let first = try cursor.dot()
        let baseAt = cursor.position
        let base = try cursor.vector()
        guard !base.covers(first) else {
            throw .outOfRange(
                .base, value: base[first.replica], allowed: 0 ... first.counter - 1, offset: baseAt)
        }
        let dropped = try dots(from: &cursor)
        let joined = try cursor.vector()
        let place = cursor.position
        let count = try cursor.count(.siblingCount, eachAtLeast: 1)
        let room = Dot.maximumCounter - first.counter
        guard count < 1 || UInt64(count - 1) <= room else {
            throw .outOfRange(.siblingCount, value: UInt64(count), allowed: 0 ... room + 1, offset: place)
        }
        var lengths: [Int] = []
        lengths.reserveCapacity(count)
        for _ in 0 ..< count {
            let length = try cursor.varint(.payloadLength)
            guard length <= UInt64(cursor.remaining) else { throw .truncated(.payload, offset: cursor.position) }
            lengths.append(Int(length))
        }
        var payloads: [ByteBuffer] = []
        payloads.reserveCapacity(count)
        for length in lengths {
            guard length <= cursor.remaining,
                let payload = buffer.getSlice(at: buffer.readerIndex + cursor.position, length: length)
            else { throw .truncated(.payload, offset: cursor.position) }
            cursor.skip(length)
            payloads.append(payload)
        }
        return CausalEvent(
            run: DotRun(first, count: max(1, count)), base: base, dropped: dropped, payloads: payloads, joined: joined)
    }

    private static func dots(from cursor: inout ByteCursor) throws(EncodingFault) -> [Dot] {
        let count = try cursor.count(.entryCount, eachAtLeast: ByteWriter.leastDotSize)
        var dots: [Dot] = []
        dots.reserveCapacity(count)
        for _ in 0 ..< count {
            let start = cursor.position
            let dot = try cursor.dot()
            if let last = dots.last, !(last < dot) { throw .unordered(.entryCount, offset: start) }
            dots.append(dot)
        }
        return dots
    }
}
