// The format of the log's files. Bitcask's line (Sheehy and Smith, "Bitcask: A Log-Structured Hash Table for Fast
// Key/Value Data", 2010): an append-only log is the data, and memory knows where each key's newest record lies; here
// the key directory is ordered, and written to checkpoints instead of hint files.
//
//   0000000001.log …   segments, numbered upwards and never reused while they matter; only the last is appended to
//   index.checkpoint   the index as of a position in the log (see `CheckpointFormat`)
//   index.new          a checkpoint being written; removed at opening
//
// All integers are little-endian.
//
// A segment:                                         A record:
//    0  8 bytes  "COTERIEL"                             0  u32  head checksum: CRC-32 of bytes 4 ..< 20 and the key,
//    8  u16      format version, 1                              continued from `seed(segment, offset)`
//   10  u16      length of this header, 32              4  u8   kind (bits 0–2), flags (bits 4–6)
//   12  u32      own number                             5  u8   n of the group
//   16  u32      number of the segment before           6  u16  partition of the group
//   20  u64      length of the segment before (L8)      8  u16  key length
//   28  u32      CRC-32 of bytes 0 ..< 28              10  u16  note length
//   32           records                               12  u32  value length (of a mark: the proven length)
//                                                      16  u32  body checksum: CRC-32 of note and value
//                                                      20       key, note, value
//
// The head checksum covers the key, so a record whose value has rotted still says which key is lost. It depends on
// where the record lies, so bytes of a record that ended up elsewhere (a misdirected write, a value that contains a
// segment) are not taken for one.
//
// The invariants that everything else rests on:
//
//   L1  The log is one total order: segments by number, records by offset. The newest record of a key is the key.
//       Compaction copies a record to the *end* of the log, and only while it is the newest of its key; so order never
//       has to be decided by anything but position, and a copy changes nothing.
//   L2  A segment gets its first byte only after all bytes of the one before are fsynced. So in every segment but the
//       last, what cannot be read is rot.
//   L3  In the last segment, a *mark* (kind 5) says how much of the segment was fsynced when it was written. What
//       cannot be read below the highest mark is rot; what cannot be read above it is a torn tail and is cut, with all
//       that follows and with the batch it is part of.
//   L4  A batch lies in one segment, its first record flagged `first`, its last flagged `last`. A batch whose last
//       record is missing at the torn end never happened.
//   L5  A segment is removed only after a checkpoint has become durable whose position lies behind everything that made
//       the segment's records dead, copies and removals included; and a checkpoint becomes durable only after all of
//       the log before its position has.
//   L6  A removal's record is dropped by compaction only from the oldest segment there is: as long as an older segment
//       exists, it may hold a put of that key, which a replay without checkpoint would bring back. Elsewhere it is
//       copied, unless the key has a newer put.
//   L7  There is one checkpoint at a time. If it is damaged, everything is replayed from the first segment: L1 and L6
//       make that right.
//   L8  Opening never appends to a segment that was there: it cuts the torn tail, fsyncs, and begins a new one on the
//       first write, into which it first copies what lies above the highest mark, as one batch. The new segment's
//       header gives the mark as the length of the one before, and what lies behind is not replayed. A segment without
//       one whole batch counts as not begun. After a failed fsync a kernel may report success for pages that it has
//       dropped ("fsyncgate"); only bytes written anew can be believed.
//   L9  A mark carries, in the place of a key, the digest of all that the index pointed at when it was written (see
//       `ContentDigest`; older marks have none). Replay that passes through the states of then must meet the same.

import CoteriePrimitives

/// Names and numbers of the log's files.
enum LogFormat {
    static let version: UInt16 = 1
    static let segmentMagic: [UInt8] = Array("COTERIEL".utf8)
    static let segmentHeaderLength = 32
    static let recordHeadLength = 20
    /// Of the digest that a mark carries in the place of a key.
    static let digestLength = 8
    static let checkpointFile = "index.checkpoint"
    static let newCheckpointFile = "index.new"

    /// The file of a segment: ten digits, so that names sort as numbers do.
    static func file(of segment: UInt32) -> String {
        String(unsafeUninitializedCapacity: 14) { name in
            var rest = segment
            for place in stride(from: 9, through: 0, by: -1) {
                name[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            // At each read: letter by letter, since a loop over the text costs more than all the rest.
            name[10] = UInt8(ascii: ".")
            name[11] = UInt8(ascii: "l")
            name[12] = UInt8(ascii: "o")
            name[13] = UInt8(ascii: "g")
            return 14
        }
    }

    /// The segment that a file holds; nil for files that are not ours.
    static func segment(of file: String) -> UInt32? {
        let name = Array(file.utf8)
        guard name.count == 14, file.hasSuffix(".log") else { return nil }
        var number: UInt64 = 0
        for digit in name[0 ..< 10] {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            number = number * 10 + UInt64(digit - 0x30)
        }
        return number > 0 ? UInt32(exactly: number) : nil
    }

    /// What a head checksum continues from.
    @inline(__always)
    static func seed(_ segment: UInt32, _ offset: UInt32) -> UInt32 {
        (segment &* 0x9e37_79b1) ^ (offset &* 0x85eb_ca6b) ^ 0x436f_7465
    }
}

/// The first bytes of a segment.
struct SegmentHeader: Equatable {
    var number: UInt32
    /// The segment before, of which `previousLength` bytes count, all of them fsynced; 0 for none.
    var previous: UInt32
    var previousLength: UInt64

    func write(to raw: UnsafeMutableRawBufferPointer) {
        LogFormat.segmentMagic.withUnsafeBytes { raw.write($0, at: 0) }
        raw.store(LogFormat.version, at: 8)
        raw.store(UInt16(LogFormat.segmentHeaderLength), at: 10)
        raw.store(number, at: 12)
        raw.store(previous, at: 16)
        raw.store(previousLength, at: 20)
        raw.store(crc32(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(raw)[0 ..< 28])), at: 28)
    }

    /// What the first bytes of a file say.
    enum Parsed: Equatable {
        case header(SegmentHeader)
        case newer(version: Int)
        case broken(String)
    }

    static func parse(_ raw: UnsafeRawBufferPointer, expecting number: UInt32) -> Parsed {
        guard raw.count >= LogFormat.segmentHeaderLength else { return .broken("the segment's header is cut off") }
        let magic = LogFormat.segmentMagic.withUnsafeBytes { compareBytes(raw.part(0, 8), $0) == 0 }
        guard magic else { return .broken("the segment does not begin with its mark") }
        let version = raw.load(at: 8, as: UInt16.self)
        let length = Int(raw.load(at: 10, as: UInt16.self))
        guard length >= LogFormat.segmentHeaderLength, length <= raw.count,
            crc32(raw.part(0, length - 4)) == raw.load(at: length - 4, as: UInt32.self)
        else { return .broken("the segment header's checksum does not match") }
        guard version <= LogFormat.version else { return .newer(version: Int(version)) }
        let header = SegmentHeader(
            number: raw.load(at: 12, as: UInt32.self), previous: raw.load(at: 16, as: UInt32.self),
            previousLength: raw.load(at: 20, as: UInt64.self))
        guard header.number == number else { return .broken("the segment says it is number \(header.number)") }
        return .header(header)
    }
}
