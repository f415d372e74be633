// A checkpoint: the index, the segment table and the metadata as of one position of the log, so that opening replays
// only what lies behind. It is a shortcut and never the truth: whatever is wrong with it, it is ignored as a whole and
// the log is replayed from its first segment (L7).
//
//    0  8 bytes  "COTERIEC"
//    8  u16      format version, 2 (older ones are not used: the log has it all)
//   10  u16      length of this header, 28
//   12  u32      segment \ of the first byte that
//   16  u32      offset  / is not covered
//   20  u32      reserved, 0
//   24  u32      CRC-32 of bytes 0 ..< 24
//   28  blocks
//
// A block: u32 CRC-32 of the rest of the block, u32 payload length, u8 kind, 3 zero bytes, payload. In this order:
//   1 segments   rows: u32 number, u32 length, u64 live bytes, u64 live records, u64 removal bytes, u8 flags,
//                3 zero bytes
//   2 metadata   rows: location (4 × u32), u16 name length, u16 0, u32 value length, name, value
//   3 pages      u16 partition, u8 n, u8 0, then pages of that group in order: u16 length, the bytes (see `Page`)
//   4 end        u64 number of keys, u64 number of pages, u64 digest of the index: the checkpoint is whole
// The flags of a segment: 1 drained, 2 unreadable.

import CoteriePrimitives
import NIOCore

enum CheckpointFormat {
    static let version: UInt16 = 2
    static let magic: [UInt8] = Array("COTERIEC".utf8)
    static let headerLength = 28
    static let blockHeadLength = 12

    enum Kind: UInt8 {
        case segments = 1
        case metadata = 2
        case pages = 3
        case end = 4
    }
    static let drained: UInt8 = 1
    static let unreadable: UInt8 = 2
}

/// Writes a frozen snapshot piece by piece.
struct CheckpointWriter {
    let position: LogPosition
    private let segments: [Segment]
    private let metadata: [(name: String, record: MetadataRecord)]
    private let groups: [(group: Group, keys: GroupIndex)]
    private let digest: ContentDigest
    private enum Part {
        case header, segments, metadata, pages, end, nothing
    }
    private var part = Part.header
    private var group = 0
    private var branch = 0
    private var page = 0
    private var pagesWritten: UInt64 = 0

    init(
        position: LogPosition, segments: [Segment], metadata: [String: MetadataRecord],
        groups: [(group: Group, keys: GroupIndex)], digest: ContentDigest
    ) {
        self.position = position
        self.digest = digest
        self.segments = segments
        self.metadata = metadata.keys.sorted().compactMap { name in metadata[name].map { (name, $0) } }
        self.groups = groups
    }

    /// The next piece, of about `limit` bytes; nil behind the last one.
    mutating func next(limit: Int) -> ByteBuffer? {
        var out = ByteBuffer()
        out.reserveCapacity(limit + Page.limit)
        while out.readableBytes < limit {
            switch part {
            case .header:
                writeHeader(into: &out)
                part = .segments
            case .segments:
                Self.write(.segments, into: &out) { block in
                    for segment in segments { Self.write(segment, into: &block) }
                }
                part = .metadata
            case .metadata:
                Self.write(.metadata, into: &out) { block in
                    for row in metadata { Self.write(row.name, row.record, into: &block) }
                }
                part = .pages
            case .pages:
                if group < groups.count { writePages(limit: limit, into: &out) } else { part = .end }
            case .end:
                let keys = groups.reduce(0) { $0 + $1.keys.count }
                Self.write(.end, into: &out) { block in
                    block.writeInteger(UInt64(keys), endianness: .little)
                    block.writeInteger(pagesWritten, endianness: .little)
                    block.writeInteger(digest.value, endianness: .little)
                }
                part = .nothing
            case .nothing:
                return out.readableBytes > 0 ? out : nil
            }
        }
        return out
    }

    private func writeHeader(into out: inout ByteBuffer) {
        out.writeBytes(CheckpointFormat.magic)
        out.writeInteger(CheckpointFormat.version, endianness: .little)
        out.writeInteger(UInt16(CheckpointFormat.headerLength), endianness: .little)
        out.writeInteger(position.segment, endianness: .little)
        out.writeInteger(position.offset, endianness: .little)
        out.writeInteger(UInt32(0))
        out.writeInteger(out.crc32(), endianness: .little)
    }

    private mutating func writePages(limit: Int, into out: inout ByteBuffer) {
        let (id, keys) = groups[group]
        let before = out.readableBytes
        var (branch, page, written) = (self.branch, self.page, UInt64(0))
        Self.write(.pages, into: &out) { block in
            block.writeInteger(id.partition.rawValue, endianness: .little)
            block.writeInteger(id.n)
            block.writeInteger(UInt8(0))
            while branch < keys.branches.count, before + block.readableBytes < limit || written == 0 {
                let bytes = keys.branches[branch].pages[page].bytes
                block.writeInteger(UInt16(bytes.count), endianness: .little)
                block.writeBytes(bytes)
                written += 1
                page += 1
                if page == keys.branches[branch].count { (branch, page) = (branch + 1, 0) }
            }
        }
        pagesWritten += written
        (self.branch, self.page) = (branch, page)
        if branch == keys.branches.count { (group, self.branch, self.page) = (group + 1, 0, 0) }
    }

    private static func write(
        _ kind: CheckpointFormat.Kind, into out: inout ByteBuffer, _ payload: (inout ByteBuffer) -> Void
    ) {
        let start = out.writerIndex
        out.writeRepeatingByte(0, count: CheckpointFormat.blockHeadLength)
        payload(&out)
        let length = out.writerIndex - start - CheckpointFormat.blockHeadLength
        out.setInteger(UInt32(length), at: start + 4, endianness: .little)
        out.setInteger(kind.rawValue, at: start + 8)
        let checksum = out.withUnsafeReadableBytes { raw in
            crc32(raw.part(start + 4 - out.readerIndex, length + CheckpointFormat.blockHeadLength - 4))
        }
        out.setInteger(checksum, at: start, endianness: .little)
    }

    private static func write(_ segment: Segment, into block: inout ByteBuffer) {
        block.writeInteger(segment.number, endianness: .little)
        block.writeInteger(UInt32(segment.length), endianness: .little)
        block.writeInteger(UInt64(segment.liveBytes), endianness: .little)
        block.writeInteger(UInt64(segment.liveRecords), endianness: .little)
        block.writeInteger(UInt64(segment.removalBytes), endianness: .little)
        var flags: UInt8 = segment.isUnreadable ? CheckpointFormat.unreadable : 0
        if segment.state == .drained { flags |= CheckpointFormat.drained }
        block.writeInteger(flags)
        block.writeRepeatingByte(0, count: 3)
    }

    private static func write(_ name: String, _ record: MetadataRecord, into block: inout ByteBuffer) {
        let location = record.location
        for part in [location.segment, location.offset, location.length, location.checksum] {
            block.writeInteger(part, endianness: .little)
        }
        block.writeInteger(UInt16(name.utf8.count), endianness: .little)
        block.writeInteger(UInt16(0))
        block.writeInteger(UInt32(record.value.readableBytes), endianness: .little)
        block.writeString(name)
        block.writeImmutableBuffer(record.value)
    }
}
