// Opening a log store: the checkpoint, then everything behind it, in log order.
//
// What replay does with a record that is broken:
//   - Its head holds, its body does not: the key is known and the record is its newest. The index points at it, so a
//     read says `.corrupt`; an older record never takes its place. A removal has no body that matters: it is carried
//     out.
//   - Its head does not hold: what it was is unknown. Replay goes on at the next head that holds, and reports a fault
//     of extent `unknownKeys`: some key may now show an older record or none, and only the owner of the store can say
//     what follows (design, section 4, rule 11). A key that the checkpoint covers is not touched by this: its place is
//     known.
//   - All heads hold, and what was replayed up to a mark does not give the digest that the mark says (L9): records are
//     there that were not, or lack that were. A fault of extent `unknownKeys`, reported once.
//   - The newest record of a metadata name has a broken body: opening fails. Metadata is small, and says who we are.
//   - In the last segment above the highest mark, all of these are a torn tail instead (L3): cut. An error of the disk
//     is never taken for a torn tail: in the last segment it ends the opening, elsewhere what cannot be read is rot.
//
// Segments that are missing are noticed by the checkpoint, which knows them all; without one, by gaps in their numbers,
// if there never was one. Where a checkpoint is there and damaged, gaps are what compaction leaves, and a loss among
// them is not noticed.
//
// Rot of the very last write, above the last mark, cannot be told from a torn tail, and is cut like one. The write may
// have been acknowledged; to the protocol above, it is a replica that silently lost its newest writes.

import CoteriePrimitives
import NIOCore

/// A change as replay meets it.
public struct ReplayedRecord: Equatable, Sendable {
    public let group: Group
    public let key: ByteBuffer
    public let isRemoval: Bool
    public let note: ByteBuffer

    public init(group: Group, key: ByteBuffer, isRemoval: Bool, note: ByteBuffer) {
        self.group = group
        self.key = key
        self.isRemoval = isRemoval
        self.note = note
    }
}

extension LogEngine {
    /// Opens the store on `disk`, blocking: at start only. An empty directory is an empty store.
    ///
    /// `replay` gets every change that lies behind the checkpoint, in log order, superseded ones and copies of older
    /// ones too; not those that the checkpoint covers. An owner that derives state from notes keeps a summary of it in
    /// metadata (see `beforeCheckpoint`) and adds what is replayed; adding a note twice must do no harm.
    ///
    /// O(keys) for the checkpoint's pages, O(bytes) for what lies behind it.
    public static func open(
        disk: any Disk, settings: Settings = Settings(), replay: ((ReplayedRecord) -> Void)? = nil
    ) throws(StorageOpenError) -> LogEngine {
        if let problem = settings.problem { throw .settings(problem) }
        var opening = Opening(disk: disk, settings: settings, replay: replay)
        try opening.run()
        return LogEngine(opening)
    }
}

/// Rebuilds index, segment table and metadata from the files.
struct Opening {
    /// Batches above the highest mark: in the file, perhaps not on the disk (L8).
    struct Unproven {
        let segment: UInt32
        let offset: Int
        let bytes: ByteBuffer
    }

    let disk: any Disk
    let settings: LogEngine.Settings
    let replay: ((ReplayedRecord) -> Void)?

    var index = KeyIndex()
    var segments = SegmentTable()
    var metadata: [String: MetadataRecord] = [:]
    var report = OpeningReport()
    /// Segments that the checkpoint covers as drained, and that are still there.
    var removals: [UInt32] = []
    var unproven: Unproven?
    var checkpointBytes = 0
    /// What the next segment is numbered, and the last one there is.
    var nextNumber: UInt32 = 1
    var last: (number: UInt32, length: UInt64) = (0, 0)
    /// Metadata names whose newest record is broken.
    var brokenMetadata: [String: RecordFault] = [:]
    /// Where the checkpoint ends.
    var position = LogPosition(segment: 0, offset: 0)
    /// Whether what is replayed passes through the states that the store was in. Not where a checkpoint is damaged: what
    /// compaction has moved comes later then; nor behind a fault that hides which keys it touches.
    var isExact = true

    init(disk: any Disk, settings: LogEngine.Settings, replay: ((ReplayedRecord) -> Void)?) {
        self.disk = disk
        self.settings = settings
        self.replay = replay
    }

    mutating func run() throws(StorageOpenError) {
        let files = try onDisk { () throws(DiskError) in try disk.list() }
        if files.contains(LogFormat.newCheckpointFile) {
            try onDisk { () throws(DiskError) in try disk.remove(LogFormat.newCheckpointFile) }
        }
        let numbers = files.compactMap(LogFormat.segment(of:)).sorted()
        if files.contains(LogFormat.checkpointFile) {
            try readCheckpoint(present: numbers)
        } else if let first = numbers.first, let end = numbers.last, first != 1 || Int(end) != numbers.count {
            // Segments go only with a checkpoint, and there is none.
            addFault(LogFormat.checkpointFile, 0, "segments are missing, and no checkpoint tells why", .unknownKeys)
        }
        var behind = numbers.filter { $0 >= position.segment }
        nextNumber = max(position.segment, (numbers.last ?? 0) + 1, (segments.all.last?.number ?? 0) + 1)
        while let newest = behind.last, try removeIfNothingIsWhole(newest) {
            behind.removeLast()
            // Numbers have no gaps but those that a checkpoint explains.
            nextNumber = newest
        }
        for (place, number) in behind.enumerated() {
            let next = place + 1 < behind.count ? behind[place + 1] : nil
            try replaySegment(
                number, from: number == position.segment ? Int(position.offset) : 0,
                limit: next.flatMap { copiedFrom(number, by: $0) }, isLast: next == nil)
        }
        // What is not proven is written anew: the segment counts up to there, and the next one's header will say so.
        if let unproven { segments.update(unproven.segment) { $0.length = unproven.offset } }
        if let newest = segments.all.last { last = (newest.number, UInt64(newest.length)) }
        if let (name, fault) = brokenMetadata.min(by: { $0.key < $1.key }) { throw .corruptMetadata(name: name, fault) }
    }

    func onDisk<T>(_ work: () throws(DiskError) -> T) throws(StorageOpenError) -> T {
        do throws(DiskError) { return try work() } catch { throw .disk(error) }
    }

    mutating func addFault(_ file: String, _ offset: Int, _ reason: String, _ extent: RecordFault.Extent) {
        report.faults.append(RecordFault(file: file, offset: UInt64(offset), reason: reason, extent: extent))
        if extent == .unknownKeys { isExact = false }
    }

    /// Takes over the checkpoint, if it is whole.
    private mutating func readCheckpoint(present numbers: [UInt32]) throws(StorageOpenError) {
        let content: CheckpointContent
        do throws(CheckpointError) {
            content = try CheckpointReader.read(LogFormat.checkpointFile, on: disk)
        } catch {
            switch error {
            case .newer(let version):
                throw .newerFormat(
                    file: LogFormat.checkpointFile, version: version, supported: Int(CheckpointFormat.version))
            case .older(let version):
                addFault(LogFormat.checkpointFile, 0, "it has format \(version): the log is replayed", .nothing)
            case .damaged(let reason): addFault(LogFormat.checkpointFile, 0, reason, .nothing)
            case .disk(let error): addFault(LogFormat.checkpointFile, 0, "it cannot be read: \(error)", .nothing)
            }
            isExact = numbers.first == 1 && numbers.last.map { Int($0) } == numbers.count
            return
        }
        report.usedCheckpoint = true
        position = content.position
        index = content.index
        metadata = content.metadata
        checkpointBytes = try onDisk { () throws(DiskError) in Int(try disk.size(of: LogFormat.checkpointFile)) }
        for segment in content.segments {
            try adopt(segment, isPresent: numbers.contains(segment.number))
        }
        for number in numbers where number < position.segment && segments[number] == nil {
            addFault(LogFormat.file(of: number), 0, "the checkpoint does not know this segment: ignored", .nothing)
        }
    }

    /// Takes over a row of the checkpoint's segment table, and compares it with the file.
    private mutating func adopt(_ segment: Segment, isPresent: Bool) throws(StorageOpenError) {
        var segment = segment
        if segment.state == .drained {
            guard isPresent else { return }
            removals.append(segment.number)
        } else if !isPresent {
            guard segment.length > 0 else { return }
            segment.isUnreadable = true
            let isOpen = segment.number == position.segment
            addFault(segment.file, 0, "the segment is missing", isOpen ? .unknownKeys : .knownKeys)
        } else if segment.number < position.segment {
            let size = try onDisk { () throws(DiskError) in try disk.size(of: segment.file) }
            if size < UInt64(segment.length) {
                segment.isUnreadable = true
                addFault(
                    segment.file, Int(size), "the segment has lost \(UInt64(segment.length) - size) bytes at its end",
                    .knownKeys)
            }
        }
        segments.insert(segment)
    }
}
