// The stored and sent form of clocks and sets of dots.
//
//     set     := version (1), entry count varint, entries that ascend strictly by replica
//     entry   := replica (member varint, nonce 8 bytes big-endian, sub-number varint),
//                base varint, range count varint, ranges
//     range   := gap varint: how many counters are missing since the end of what came before, less one,
//                length varint: how many counters it has, less one
//
// Canonical: equal sets have equal bytes. A clock is written as the set of its dots.

import CoteriePrimitives
import NIOCore

/// Why bytes are not a clock or a set of dots.
public typealias ClockCodecError = EncodingFault

extension DotSet {
    /// The newest version of the format, and the one that is written.
    public static let formatVersion: UInt8 = 1

    /// A replica's ten bytes, a base and a range count of one byte each.
    private static let leastEntrySize = 12
    private static let leastRangeSize = 2

    /// How many bytes `encode` appends.
    public var encodedSize: Int {
        var sum = 1 + varintSize(UInt64(entries.count))
        for entry in entries {
            sum += ByteWriter.size(entry.replica) + varintSize(entry.counters.base)
            sum += varintSize(UInt64(entry.counters.above.count))
            Self.forEachRange(entry.counters) { gap, length in sum += varintSize(gap) + varintSize(length) }
        }
        return sum
    }

    /// Appends the set.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.append(encodedSize) { writer in
            writer.byte(Self.formatVersion)
            writer.varint(UInt64(entries.count))
            for entry in entries {
                writer.replica(entry.replica)
                writer.varint(entry.counters.base)
                writer.varint(UInt64(entry.counters.above.count))
                Self.forEachRange(entry.counters) { gap, length in
                    writer.varint(gap)
                    writer.varint(length)
                }
            }
        }
    }

    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return buffer
    }

    /// Takes a set off the front and leaves what follows; where it throws, nothing is taken.
    public init(decoding buffer: inout ByteBuffer) throws(ClockCodecError) {
        self = try buffer.take { (cursor) throws(EncodingFault) in try Self.set(from: &cursor) }
    }

    /// Takes bytes that are one set and nothing else.
    public init(decoding buffer: ByteBuffer) throws(ClockCodecError) {
        self = try buffer.parse { (cursor) throws(EncodingFault) in try Self.set(from: &cursor) }
    }

    /// Between two ranges at least one counter is missing: one missing is a gap of 0.
    private static func forEachRange(_ counters: CounterRanges, _ body: (_ gap: UInt64, _ length: UInt64) -> Void) {
        var reach = counters.base
        for range in counters.above {
            body(range.lowerBound - reach - 2, range.upperBound - range.lowerBound)
            reach = range.upperBound
        }
    }

    private static func set(from cursor: inout ByteCursor) throws(EncodingFault) -> DotSet {
        _ = try cursor.version(newest: formatVersion)
        let count = try cursor.count(.entryCount, eachAtLeast: leastEntrySize)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        var previous: ReplicaID?
        for _ in 0 ..< count {
            let start = cursor.position
            let replica = try cursor.replica()
            if let previous, !(previous < replica) { throw .unordered(.entryCount, offset: start) }
            previous = replica
            let counters = try counters(from: &cursor)
            if counters.isEmpty { throw .emptyEntry(offset: cursor.position) }
            entries.append(Entry(replica: replica, counters: counters))
        }
        return DotSet(ascending: entries)
    }

    private static func counters(from cursor: inout ByteCursor) throws(EncodingFault) -> CounterRanges {
        let base = try cursor.varint(.base, in: 0 ... Dot.maximumCounter)
        let count = try cursor.count(.rangeCount, eachAtLeast: leastRangeSize)
        if count == 0 { return CounterRanges(canonical: base, []) }
        var above: [ClosedRange<UInt64>] = []
        above.reserveCapacity(count)
        var reach = base
        for _ in 0 ..< count {
            let room = Dot.maximumCounter - reach
            guard room >= 2 else {
                throw .outOfRange(.rangeCount, value: UInt64(count), allowed: 0 ... 0, offset: cursor.position)
            }
            let from = reach + 2 + (try cursor.varint(.rangeGap, in: 0 ... room - 2))
            reach = from + (try cursor.varint(.rangeLength, in: 0 ... Dot.maximumCounter - from))
            above.append(from ... reach)
        }
        return CounterRanges(canonical: base, above)
    }
}

extension PartitionClock {
    /// How many bytes `encode` appends.
    public var encodedSize: Int { dots.encodedSize }

    /// Appends the clock.
    public func encode(into buffer: inout ByteBuffer) { dots.encode(into: &buffer) }

    public func encoded() -> ByteBuffer { dots.encoded() }

    /// Takes a clock off the front and leaves what follows; where it throws, nothing is taken.
    public init(decoding buffer: inout ByteBuffer) throws(ClockCodecError) {
        self.init(try DotSet(decoding: &buffer))
    }

    /// Takes bytes that are one clock and nothing else.
    public init(decoding buffer: ByteBuffer) throws(ClockCodecError) {
        self.init(try DotSet(decoding: buffer))
    }
}
