// The stored and sent form of an object.
//
//     object  := version (1), vector (its context), sibling count varint, heads, payloads
//     head    := entry varint: which entry of the context has the sibling's replica,
//                distance varint: how far the sibling's counter lies behind that entry's (0 of the replica's last event),
//                payload length varint
//
// Heads ascend by dot; the payloads follow behind the last head, in the same order, so that contexts and dots are read
// without touching them. A live dot is written by its entry: one that the context does not cover cannot be said.
// Canonical: equal objects have equal bytes.

import CoteriePrimitives
import NIOCore

/// Why bytes are not an object.
public typealias ObjectCodecError = EncodingFault

/// What can be told of an encoded object without its payloads.
public struct CausalSummary: Hashable, Sendable {
    public let context: VersionVector
    /// The live dots, ascending.
    public let liveDots: [Dot]

    /// The same number as the object's `digest`.
    public var digest: UInt64 {
        liveDots.reduce(CausalDigest.hash(context)) { $0 ^ CausalDigest.hash(liveDot: $1) }
    }

    public var isMarker: Bool { liveDots.isEmpty && !context.isEmpty }
}

extension CausalObject {
    /// The newest version of the format, and the one that is written.
    public static let formatVersion: UInt8 = 1

    /// How many bytes `encode` appends.
    public var encodedSize: Int {
        var sum = 1 + ByteWriter.size(context) + varintSize(UInt64(siblings.count))
        forEachHead { entry, distance, payload in
            let length = payload.readableBytes
            sum += varintSize(UInt64(entry)) + varintSize(distance) + varintSize(UInt64(length)) + length
        }
        return sum
    }

    /// Appends the object.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.append(encodedSize) { writer in
            writer.byte(Self.formatVersion)
            writer.vector(context)
            writer.varint(UInt64(siblings.count))
            forEachHead { entry, distance, payload in
                writer.varint(UInt64(entry))
                writer.varint(distance)
                writer.varint(UInt64(payload.readableBytes))
            }
            for sibling in siblings { sibling.payload.withUnsafeReadableBytes { writer.raw($0) } }
        }
    }

    /// The object in bytes of its own.
    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return buffer
    }

    /// Takes an object off the front and leaves what follows. Payloads are slices that share the buffer's memory, and
    /// keep all of it alive. Where it throws, nothing is taken.
    public init(decoding buffer: inout ByteBuffer) throws(ObjectCodecError) {
        let source = buffer
        self = try buffer.take { (cursor) throws(EncodingFault) in
            try Self.object(from: &cursor, of: source)
        }
    }

    /// Takes bytes that are one object and nothing else. Payloads are slices that share the buffer's memory.
    public init(decoding buffer: ByteBuffer) throws(ObjectCodecError) {
        self = try buffer.parse { (cursor) throws(EncodingFault) in
            try Self.object(from: &cursor, of: buffer)
        }
    }

    /// Context and live dots of an encoded object, its payloads neither sliced nor touched.
    public static func peekContextAndDots(_ encoded: ByteBuffer) throws(ObjectCodecError) -> CausalSummary {
        try encoded.parse { (cursor) throws(EncodingFault) in
            let context = try context(from: &cursor)
            let heads = try CheckedHeads(at: &cursor, context)
            var dots: [Dot] = []
            dots.reserveCapacity(heads.count)
            try heads.forEach { (dot, _, _) in dots.append(dot) }
            return CausalSummary(context: context, liveDots: dots)
        }
    }

    /// The digest of an encoded object, without building it.
    public static func digest(ofEncoded encoded: ByteBuffer) throws(ObjectCodecError) -> UInt64 {
        try encoded.parse { (cursor) throws(EncodingFault) in
            let context = try context(from: &cursor)
            var sum = CausalDigest.hash(context)
            try CheckedHeads(at: &cursor, context).forEach { (dot, _, _) in sum ^= CausalDigest.hash(liveDot: dot) }
            return sum
        }
    }

    private static func object(
        from cursor: inout ByteCursor, of buffer: ByteBuffer
    ) throws(EncodingFault) -> CausalObject {
        let context = try context(from: &cursor)
        let heads = try CheckedHeads(at: &cursor, context)
        var siblings: [Sibling] = []
        siblings.reserveCapacity(heads.count)
        let start = buffer.readerIndex
        try heads.forEach { (dot, offset, length) in
            // The bytes are there: the heads were checked against them.
            let payload = buffer.getSlice(at: start + offset, length: length) ?? ByteBuffer()
            siblings.append(Sibling(dot: dot, payload: payload))
        }
        return CausalObject(context: context, siblings: siblings)
    }

    private static func context(from cursor: inout ByteCursor) throws(EncodingFault) -> VersionVector {
        _ = try cursor.version(newest: formatVersion)
        return try cursor.vector()
    }
}

extension CausalObject {
    /// Each sibling's place among the context's entries, its distance behind that entry, and its payload.
    private func forEachHead(_ body: (_ entry: Int, _ distance: UInt64, _ payload: ByteBuffer) -> Void) {
        var entry = 0
        for sibling in siblings {
            while context.dot(at: entry).replica != sibling.dot.replica { entry += 1 }
            body(entry, context.dot(at: entry).counter - sibling.dot.counter, sibling.payload)
        }
    }
}

/// The heads of an encoded object, all of them checked, and where its payloads lie.
private struct CheckedHeads {
    /// An entry, a distance and a length of one byte each.
    private static let leastSize = 3

    private(set) var count: Int
    private let context: VersionVector
    /// Before the first head.
    private var cursor: ByteCursor
    /// Where the first payload begins, from the cursor's first byte.
    private var payloads = 0

    /// Checks the heads at the cursor and moves it behind the payloads.
    init(at cursor: inout ByteCursor, _ context: VersionVector) throws(EncodingFault) {
        let place = cursor.position
        count = try cursor.count(.siblingCount, eachAtLeast: Self.leastSize)
        self.context = context
        self.cursor = cursor
        if count > 0, context.isEmpty {
            throw .outOfRange(.siblingCount, value: UInt64(count), allowed: 0 ... 0, offset: place)
        }
        var total = 0
        var previous: Dot?
        for _ in 0 ..< count {
            let start = cursor.position
            let (dot, length) = try Self.head(from: &cursor, context)
            if let previous, !(previous < dot) { throw .unordered(.siblingEntry, offset: start) }
            previous = dot
            let room = cursor.remaining - total
            guard room >= 0, length <= UInt64(room) else { throw .truncated(.payload, offset: cursor.position) }
            total += Int(length)
        }
        payloads = cursor.position
        cursor.skip(total)
    }

    /// Each live dot and where its payload lies, from the cursor's first byte.
    func forEach(_ body: (_ dot: Dot, _ offset: Int, _ length: Int) -> Void) throws(EncodingFault) {
        var cursor = cursor
        var offset = payloads
        for _ in 0 ..< count {
            let (dot, length) = try Self.head(from: &cursor, context)
            body(dot, offset, Int(length))
            offset += Int(length)
        }
    }

    private static func head(
        from cursor: inout ByteCursor, _ context: VersionVector
    ) throws(EncodingFault) -> (dot: Dot, length: UInt64) {
        let entry = try cursor.varint(.siblingEntry, in: 0 ... UInt64(context.count - 1))
        let last = context.dot(at: Int(entry))
        let distance = try cursor.varint(.siblingDistance, in: 0 ... last.counter - 1)
        return (Dot(last.replica, last.counter - distance), try cursor.varint(.payloadLength))
    }
}
