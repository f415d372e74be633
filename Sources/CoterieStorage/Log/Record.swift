// One record: its head, and how it is written and read back. The format stands in `LogFormat`.

import CoteriePrimitives
import NIOCore

/// What a record is.
enum RecordKind: UInt8 {
    case put = 1
    case remove = 2
    case metadataPut = 3
    case metadataRemove = 4
    /// Not a change: says how many bytes of its segment were fsynced when it was written.
    case mark = 5
}

/// The fixed part of a record.
struct RecordHead: Equatable {
    static let kindMask: UInt8 = 0x07
    static let first: UInt8 = 0x10
    static let last: UInt8 = 0x20
    /// Written by compaction or at opening: a copy of an older record.
    static let copy: UInt8 = 0x40

    var kind: RecordKind
    var flags: UInt8
    var group: Group
    var keyLength: Int
    var noteLength: Int
    /// Of a mark: the proven length.
    var valueLength: Int
    var bodyChecksum: UInt32

    var isFirst: Bool { flags & Self.first != 0 }
    var isLast: Bool { flags & Self.last != 0 }
    var bodyLength: Int { kind == .mark ? 0 : noteLength + valueLength }
    /// Bytes of the whole record.
    var length: Int { LogFormat.recordHeadLength + keyLength + bodyLength }

    static let noGroup = Group(partition: PartitionIndex(0), n: 0)

    init(
        kind: RecordKind, flags: UInt8, group: Group = RecordHead.noGroup, keyLength: Int = 0, noteLength: Int = 0,
        valueLength: Int, bodyChecksum: UInt32 = 0
    ) {
        self.kind = kind
        self.flags = flags
        self.group = group
        self.keyLength = keyLength
        self.noteLength = noteLength
        self.valueLength = valueLength
        self.bodyChecksum = bodyChecksum
    }

    /// The CRC-32 of note and value, one behind the other; 0 where both are empty.
    @inline(__always)
    static func bodyChecksum(_ note: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> UInt32 {
        // zlib takes an empty buffer for "begin anew", so empty parts are left out.
        let ofNote = note.isEmpty ? 0 : crc32(note)
        return value.isEmpty ? ofNote : crc32(value, continuing: ofNote)
    }

    /// Writes head and key to the front of `raw`, which lies at `offset` of `segment`.
    @inline(__always)
    func write(
        key: UnsafeRawBufferPointer, to raw: UnsafeMutableRawBufferPointer, segment: UInt32, offset: UInt32
    ) {
        raw.store(kind.rawValue | flags, at: 4)
        raw.store(group.n, at: 5)
        raw.store(group.partition.rawValue, at: 6)
        raw.store(UInt16(keyLength), at: 8)
        raw.store(UInt16(noteLength), at: 10)
        raw.store(UInt32(valueLength), at: 12)
        raw.store(bodyChecksum, at: 16)
        raw.write(key, at: LogFormat.recordHeadLength)
        let covered = UnsafeRawBufferPointer(raw).part(4, LogFormat.recordHeadLength - 4 + keyLength)
        raw.store(crc32(covered, continuing: LogFormat.seed(segment, offset)), at: 0)
    }
}

/// A record within a buffer: its head, and where its parts lie. The head's checksum is known to hold, the body's not.
struct ParsedRecord: Equatable {
    let head: RecordHead
    /// Where it begins in the buffer.
    let start: Int
    var end: Int { start + head.length }

    /// Where it lies, in a buffer that begins at `base` of a segment.
    @inline(__always)
    func location(in segment: UInt32, base: Int = 0) -> Location {
        Location(
            segment: segment, offset: UInt32(base + start), length: UInt32(head.length), checksum: head.bodyChecksum)
    }

    @inline(__always)
    func key(in raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        raw.part(start + LogFormat.recordHeadLength, head.keyLength)
    }
    @inline(__always)
    func note(in raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        raw.part(start + LogFormat.recordHeadLength + head.keyLength, head.noteLength)
    }
    @inline(__always)
    func value(in raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        raw.part(start + LogFormat.recordHeadLength + head.keyLength + head.noteLength, head.valueLength)
    }
    /// Note and value.
    @inline(__always)
    func body(in raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        raw.part(start + LogFormat.recordHeadLength + head.keyLength, head.bodyLength)
    }
    @inline(__always)
    func bodyIsIntact(in raw: UnsafeRawBufferPointer) -> Bool {
        head.bodyLength == 0 || crc32(body(in: raw)) == head.bodyChecksum
    }
}

/// Reads records out of bytes of a segment.
struct RecordReader {
    let segment: UInt32
    /// Offset in the segment of the buffer's first byte.
    let base: Int

    enum Parsed: Equatable {
        case record(ParsedRecord)
        /// The head holds, the record ends behind the buffer: so many bytes are needed in all.
        case incomplete(length: Int)
        /// No head here, or it ends behind the buffer.
        case broken
    }

    /// The record at `start` of the buffer. Its body is not verified.
    func parse(_ raw: UnsafeRawBufferPointer, at start: Int) -> Parsed {
        let left = raw.count - start
        guard left >= LogFormat.recordHeadLength, start >= 0 else { return .broken }
        let first = raw[start + 4]
        guard let kind = RecordKind(rawValue: first & RecordHead.kindMask), first & 0x88 == 0 else { return .broken }
        let keyLength = Int(raw.load(at: start + 8, as: UInt16.self))
        guard LogFormat.recordHeadLength + keyLength <= left else { return .broken }
        let covered = raw.part(start + 4, LogFormat.recordHeadLength - 4 + keyLength)
        let seed = LogFormat.seed(segment, UInt32(truncatingIfNeeded: base + start))
        guard crc32(covered, continuing: seed) == raw.load(at: start, as: UInt32.self) else { return .broken }
        let head = RecordHead(
            kind: kind, flags: first & ~RecordHead.kindMask,
            group: Group(
                partition: PartitionIndex(raw.load(at: start + 6, as: UInt16.self)), n: raw[start + 5]),
            keyLength: keyLength, noteLength: Int(raw.load(at: start + 10, as: UInt16.self)),
            valueLength: Int(raw.load(at: start + 12, as: UInt32.self)),
            bodyChecksum: raw.load(at: start + 16, as: UInt32.self))
        guard head.length <= left else { return .incomplete(length: head.length) }
        return .record(ParsedRecord(head: head, start: start))
    }

    /// The first place at or behind `start` where a head's checksum holds; nil where there is none. Used behind rot
    /// only.
    func resynchronise(_ raw: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var place = start
        while place + LogFormat.recordHeadLength <= raw.count {
            if parse(raw, at: place) != .broken { return place }
            place += 1
        }
        return nil
    }
}
