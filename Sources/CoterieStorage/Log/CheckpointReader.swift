// Reading a checkpoint back, whole or not at all.

import CoteriePrimitives
import NIOCore

/// What a checkpoint holds.
struct CheckpointContent {
    var position = LogPosition(segment: 0, offset: 0)
    var segments: [Segment] = []
    var metadata: [String: MetadataRecord] = [:]
    var index = KeyIndex()
}

/// Why a checkpoint is not used.
enum CheckpointError: Error, Equatable {
    case disk(DiskError)
    case damaged(String)
    case newer(version: Int)
    /// Of a format that lacks what is needed now. The log has it all.
    case older(version: Int)
}

/// Reads a checkpoint block by block.
struct CheckpointReader {
    /// How much is read at a time, unless a block is larger.
    static let readAhead = 4 << 20

    private let disk: any Disk
    private let file: String
    private let size: Int
    /// The next byte to take in; and what has been read ahead, from `base` on.
    private var offset = 0
    private var ahead = ByteBuffer()
    private var base = 0
    private var content = CheckpointContent()
    private var pages: UInt64 = 0

    static func read(_ file: String, on disk: any Disk) throws(CheckpointError) -> CheckpointContent {
        let size: UInt64
        do throws(DiskError) { size = try disk.size(of: file) } catch { throw .disk(error) }
        var reader = CheckpointReader(disk: disk, file: file, size: Int(size))
        return try reader.run()
    }

    private init(disk: any Disk, file: String, size: Int) {
        self.disk = disk
        self.file = file
        self.size = size
    }

    private mutating func run() throws(CheckpointError) -> CheckpointContent {
        try ensure(CheckpointFormat.headerLength)
        offset = try readHeader()
        while true {
            try ensure(CheckpointFormat.blockHeadLength)
            let length = ahead.withUnsafeReadableBytes { Int($0.load(at: offset - base + 4, as: UInt32.self)) }
            try ensure(CheckpointFormat.blockHeadLength + length)
            if try takeBlock(length: CheckpointFormat.blockHeadLength + length) { return content }
            offset += CheckpointFormat.blockHeadLength + length
        }
    }

    /// Has at least `count` bytes from `offset` on in `ahead`.
    private mutating func ensure(_ count: Int) throws(CheckpointError) {
        guard offset + count > base + ahead.readableBytes else { return }
        guard offset + count <= size else { throw .damaged("the checkpoint is cut off at \(offset)") }
        do throws(DiskError) {
            ahead = try disk.read(file, at: UInt64(offset), count: min(size - offset, max(count, Self.readAhead)))
        } catch {
            throw .disk(error)
        }
        base = offset
        guard ahead.readableBytes >= count else { throw .damaged("the checkpoint is cut off at \(offset)") }
    }

    private mutating func readHeader() throws(CheckpointError) -> Int {
        let parsed: Result<(LogPosition, Int), CheckpointError> = ahead.withUnsafeReadableBytes { raw in
            guard raw.count >= CheckpointFormat.headerLength,
                CheckpointFormat.magic.withUnsafeBytes({ compareBytes(raw.part(0, 8), $0) == 0 })
            else { return .failure(.damaged("the checkpoint does not begin with its mark")) }
            let length = Int(raw.load(at: 10, as: UInt16.self))
            guard length >= CheckpointFormat.headerLength, length <= raw.count,
                crc32(raw.part(0, length - 4)) == raw.load(at: length - 4, as: UInt32.self)
            else { return .failure(.damaged("the checkpoint header's checksum does not match")) }
            let version = raw.load(at: 8, as: UInt16.self)
            guard version <= CheckpointFormat.version else { return .failure(.newer(version: Int(version))) }
            guard version == CheckpointFormat.version else { return .failure(.older(version: Int(version))) }
            let position = LogPosition(
                segment: raw.load(at: 12, as: UInt32.self), offset: raw.load(at: 16, as: UInt32.self))
            return .success((position, length))
        }
        let (position, length) = try parsed.get()
        content.position = position
        return length
    }

    /// Takes in a block; true behind the last one.
    private mutating func takeBlock(length: Int) throws(CheckpointError) -> Bool {
        let place = offset
        let start = offset - base
        let bytes = ahead
        let result: Result<Bool, CheckpointError> = bytes.withUnsafeReadableBytes { raw in
            let block = raw.part(start, length)
            guard crc32(block.part(4, length - 4)) == block.load(at: 0, as: UInt32.self) else {
                return .failure(.damaged("a block's checksum at \(place) does not match"))
            }
            let payload = block.part(CheckpointFormat.blockHeadLength, length - CheckpointFormat.blockHeadLength)
            let isGood: Bool
            switch CheckpointFormat.Kind(rawValue: block[8]) {
            case .segments: isGood = takeSegments(payload)
            case .metadata: isGood = takeMetadata(payload)
            case .pages: isGood = takePages(payload)
            case .end:
                isGood =
                    payload.count == 24 && payload.load(at: 0, as: UInt64.self) == UInt64(content.index.count)
                    && payload.load(at: 8, as: UInt64.self) == pages
                    && payload.load(at: 16, as: UInt64.self) == content.index.digest.value
                if isGood { return .success(true) }
            case nil: isGood = false
            }
            return isGood ? .success(false) : .failure(.damaged("the block at \(place) makes no sense"))
        }
        return try result.get()
    }

    private mutating func takeSegments(_ raw: UnsafeRawBufferPointer) -> Bool {
        guard raw.count % 36 == 0 else { return false }
        for row in stride(from: 0, to: raw.count, by: 36) {
            let flags = raw[row + 32]
            var segment = Segment(
                number: raw.load(at: row, as: UInt32.self), length: Int(raw.load(at: row + 4, as: UInt32.self)),
                state: flags & CheckpointFormat.drained != 0 ? .drained : .sealed)
            segment.liveBytes = Int(truncatingIfNeeded: raw.load(at: row + 8, as: UInt64.self))
            segment.liveRecords = Int(truncatingIfNeeded: raw.load(at: row + 16, as: UInt64.self))
            segment.removalBytes = Int(truncatingIfNeeded: raw.load(at: row + 24, as: UInt64.self))
            segment.isUnreadable = flags & CheckpointFormat.unreadable != 0
            segment.isDurable = true
            content.segments.append(segment)
        }
        return true
    }

    private mutating func takeMetadata(_ raw: UnsafeRawBufferPointer) -> Bool {
        var place = 0
        while place < raw.count {
            guard place + 24 <= raw.count else { return false }
            let name = Int(raw.load(at: place + 16, as: UInt16.self))
            let value = Int(raw.load(at: place + 20, as: UInt32.self))
            guard place + 24 + name + value <= raw.count else { return false }
            content.metadata[String(decoding: raw.part(place + 24, name), as: UTF8.self)] = MetadataRecord(
                value: ByteBuffer(bytes: raw.part(place + 24 + name, value)), location: raw.location(at: place))
            place += 24 + name + value
        }
        return true
    }

    private mutating func takePages(_ raw: UnsafeRawBufferPointer) -> Bool {
        guard raw.count >= 4 else { return false }
        let group = Group(partition: PartitionIndex(raw.load(at: 0, as: UInt16.self)), n: raw[2])
        var place = 4
        while place < raw.count {
            guard place + 2 <= raw.count else { return false }
            let length = Int(raw.load(at: place, as: UInt16.self))
            guard length > 0, place + 2 + length <= raw.count,
                let page = Page(stored: [UInt8](raw.part(place + 2, length))),
                content.index.append(page, to: group)
            else { return false }
            pages += 1
            place += 2 + length
        }
        return true
    }
}
