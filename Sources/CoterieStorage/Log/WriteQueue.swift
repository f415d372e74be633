// Bytes on their way into the log: encoded at once, given a place at once, written later.
//
//     applied ≥ written ≥ durable        (three counters of log bytes since opening)
//
// What is not written yet is read from here. A failed write's bytes come back to the front of the queue, with the same
// places, so that nothing that points at them changes.

import CoteriePrimitives
import NIOCore

/// The log's end: where records are appended before they reach the disk.
struct WriteQueue {
    /// Consecutive bytes of one segment.
    struct Chunk {
        let segment: UInt32
        let base: UInt32
        var bytes: ByteBuffer
        /// The segment ends here: it is to be fsynced before the next one gets its first byte (L2).
        var seals: Bool
    }

    /// Chunks that are complete: of sealed segments, or returned by a failed write.
    private(set) var closed: [Chunk] = []
    /// Chunks that a write is at work on.
    private(set) var inFlight: [Chunk] = []
    /// The chunk that records are appended to; at `tailBase` of segment `active`.
    private var tail = ByteBuffer()
    private var tailBase: UInt32 = 0
    /// The segment appended to; nil until the first record after opening.
    private(set) var active: UInt32?
    /// What the next segment's header says about the one before.
    private var previous: (number: UInt32, length: UInt64)
    private(set) var nextNumber: UInt32

    /// Log bytes since opening: applied, handed to the operating system, fsynced.
    private(set) var appliedEnd: UInt64 = 0
    private(set) var writtenEnd: UInt64 = 0
    private(set) var durableEnd: UInt64 = 0
    /// How much of the active segment is fsynced, and how much of that a mark says (L3).
    private var proven: UInt32 = 0
    private var marked: UInt32 = 0

    init(nextNumber: UInt32, previous: (number: UInt32, length: UInt64)) {
        self.nextNumber = nextNumber
        self.previous = previous
    }

    var isEmpty: Bool { closed.isEmpty && tail.readableBytes == 0 }
    /// Bytes that are not written yet.
    var waitingBytes: Int { Int(appliedEnd - writtenEnd) }
    /// Where the next record will lie; of a segment that does not exist yet, its beginning.
    var end: LogPosition {
        guard let active else { return LogPosition(segment: nextNumber, offset: 0) }
        return LogPosition(segment: active, offset: tailEnd)
    }
    private var tailEnd: UInt32 { tailBase + UInt32(tail.readableBytes) }

    /// Whether a batch of so many record bytes makes a new segment due.
    func mustRoll(for bytes: Int, segmentBytes: Int) -> Bool {
        guard active != nil else { return true }
        return Int(tailEnd) > LogFormat.segmentHeaderLength && Int(tailEnd) + bytes > segmentBytes
    }

    /// Seals the active segment, if there is one, and begins the next. Returns their numbers.
    mutating func roll() -> (sealed: UInt32?, begun: UInt32) {
        let sealed = active
        if let sealed {
            previous = (sealed, UInt64(tailEnd))
            closeTail(seals: true)
        }
        let begun = nextNumber
        nextNumber += 1
        active = begun
        tailBase = 0
        proven = 0
        marked = 0
        let header = SegmentHeader(number: begun, previous: previous.number, previousLength: previous.length)
        tail.writeWithUnsafeMutableBytes(minimumWritableBytes: LogFormat.segmentHeaderLength) { raw in
            header.write(to: raw)
            return LogFormat.segmentHeaderLength
        }
        appliedEnd += UInt64(LogFormat.segmentHeaderLength)
        return (sealed, begun)
    }

    /// Encodes a record at the log's end. A segment must have been begun.
    @inline(__always)
    mutating func append(
        _ head: RecordHead, key: UnsafeRawBufferPointer, note: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
    ) -> Location {
        guard let active else { preconditionFailure("a record needs a segment") }
        let offset = tailEnd
        let length = head.length
        tail.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { raw in
            head.write(key: key, to: raw, segment: active, offset: offset)
            raw.write(note, at: LogFormat.recordHeadLength + key.count)
            raw.write(value, at: LogFormat.recordHeadLength + key.count + note.count)
            return length
        }
        appliedEnd += UInt64(length)
        return Location(segment: active, offset: offset, length: UInt32(length), checksum: head.bodyChecksum)
    }

    /// The bytes of a record that is not written yet; nil for one that is.
    @inline(__always)
    func bytes(at location: Location) -> ByteBuffer? {
        guard writtenEnd < appliedEnd else { return nil }
        if location.segment == active, location.offset >= tailBase {
            return tail.getSlice(at: tail.readerIndex + Int(location.offset - tailBase), length: Int(location.length))
        }
        for chunk in closed where Self.holds(chunk, location) { return Self.slice(chunk, location) }
        for chunk in inFlight where Self.holds(chunk, location) { return Self.slice(chunk, location) }
        return nil
    }

    private static func holds(_ chunk: Chunk, _ location: Location) -> Bool {
        chunk.segment == location.segment && location.offset >= chunk.base
            && location.offset - chunk.base < UInt32(chunk.bytes.readableBytes)
    }

    private static func slice(_ chunk: Chunk, _ location: Location) -> ByteBuffer? {
        chunk.bytes.getSlice(
            at: chunk.bytes.readerIndex + Int(location.offset - chunk.base), length: Int(location.length))
    }

    private mutating func closeTail(seals: Bool) {
        guard let active, seals || tail.readableBytes > 0 else { return }
        let length = tail.readableBytes
        closed.append(Chunk(segment: active, base: tailBase, bytes: tail, seals: seals))
        tailBase += UInt32(length)
        tail = ByteBufferAllocator().buffer(capacity: min(max(length, 1 << 12), 1 << 20))
    }
}

extension WriteQueue {
    /// Writes a mark where more of the active segment is fsynced than the last one says, with the digest of what is
    /// stored (L9). Returns its length.
    mutating func appendMark(_ digest: ContentDigest) -> Int {
        guard proven > marked, tail.readableBytes > 0 else { return 0 }
        marked = proven
        let head = RecordHead(
            kind: .mark, flags: RecordHead.first | RecordHead.last, keyLength: LogFormat.digestLength,
            valueLength: Int(proven))
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        return withUnsafeBytes(of: digest.value.littleEndian) { key in
            Int(append(head, key: key, note: nothing, value: nothing).length)
        }
    }

    /// All chunks that wait, to be written in order. They stay readable until `wrote` or `failed`.
    mutating func take() -> [Chunk] {
        precondition(inFlight.isEmpty, "one write is in flight at a time")
        closeTail(seals: false)
        inFlight = closed
        closed = []
        return inFlight
    }

    /// The chunks taken are written: all of the log up to `end`, fsynced if `durable`, the active segment up to
    /// `offset`.
    mutating func wrote(upTo end: UInt64, durable: Bool, active offset: LogPosition) {
        inFlight = []
        writtenEnd = end
        guard durable else { return }
        durableEnd = end
        if offset.segment == active { proven = offset.offset }
    }

    /// The chunks taken could not be written: they wait again, before all others.
    mutating func failed() {
        closed = inFlight + closed
        inFlight = []
    }

    /// Traps where an invariant does not hold.
    func checkInvariants() {
        precondition(durableEnd <= writtenEnd && writtenEnd <= appliedEnd, "\(durableEnd) \(writtenEnd) \(appliedEnd)")
        let waiting = (inFlight + closed).reduce(0) { $0 + $1.bytes.readableBytes } + tail.readableBytes
        precondition(waiting == waitingBytes, "\(waiting) bytes wait, \(waitingBytes) are counted")
        precondition(marked <= proven && proven <= tailEnd, "marked \(marked), proven \(proven), end \(tailEnd)")
        for (chunk, next) in zip(inFlight + closed, (inFlight + closed).dropFirst()) {
            let follows = next.segment == chunk.segment && next.base == chunk.base + UInt32(chunk.bytes.readableBytes)
            precondition(follows != chunk.seals || next.segment > chunk.segment, "chunks do not follow each other")
        }
    }
}
