// The embedded log store: an append-only log is the data, an ordered index in memory knows where each key's newest
// record lies. Format and invariants (L1 … L9) stand in `LogFormat`; the parts:
//
//   LogEngine+Apply       encoding batches into the write queue, reading
//   LogEngine+Flush       group commit: one write in flight, barriers, failures
//   LogEngine+Load        reads that go through the disk
//   LogEngine+Compaction  copying what is alive out of segments that are mostly dead
//   LogEngine+Checkpoint  the index on disk; removal of drained segments
//   Opening               replay
//
// What a failed write means. What was applied stays applied: it is visible, and in memory until it is on disk.
//   - The disk is full: every barrier that waits fails, `apply` throws `.diskFull`, reads go on. The bytes are kept
//     with their places; `probeWritable` (and every so many refused batches) writes them again, after cutting the files
//     back to what was good. When that succeeds the store is writable again, and what had failed is durable after all:
//     a failed write may still appear, it is *unknown*, never "not applied" (INV 25).
//   - Any other error of a write, or a failed fsync: the store is read-only until it is opened anew. A failed fsync is
//     never repeated, because the kernel may have dropped the pages and report success (L8).
// Nothing acknowledged by a completed barrier is touched by either.

import CoteriePrimitives
import NIOCore

/// A store over an append-only log. Used from one event loop; not thread-safe.
public final class LogEngine: StorageEngine {
    public let settings: Settings
    /// What opening found.
    public let openingReport: OpeningReport
    /// Called right before a checkpoint takes its snapshot, on the engine's event loop: what it returns becomes part of
    /// the log and of the checkpoint. Notes of records that are dead go with their segments, but never before a
    /// checkpoint taken after they died is durable (L5); so an owner that returns here what it derived from notes
    /// (clocks) loses nothing.
    public var beforeCheckpoint: (() -> [MetadataChange])?

    let disk: any Disk
    var index: KeyIndex
    var segments: SegmentTable
    var metadataRecords: [String: MetadataRecord]
    var queue: WriteQueue
    var flushes = FlushState()
    var loads = LoadState()
    var compaction = CompactionState()
    var checkpoint: CheckpointState
    var counters = StorageStatistics()
    var nextWorkID: UInt64 = 1
    /// Something has come up since there was nothing to do: set by all that is asked of the engine or given back to it.
    /// Most ticks of a node have neither, and look no further.
    var mayHaveWork = true
    /// Events that arose where none can be told; they come with the next completion.
    var deferredEvents: [StorageEvent] = []
    /// What is wrong with writing; nil where nothing is.
    public internal(set) var writability = Writability.writable

    /// Takes what opening found.
    init(_ opening: Opening) {
        disk = opening.disk
        settings = opening.settings
        index = opening.index
        segments = opening.segments
        metadataRecords = opening.metadata
        openingReport = opening.report
        queue = WriteQueue(nextNumber: opening.nextNumber, previous: opening.last)
        checkpoint = CheckpointState(lastBytes: opening.checkpointBytes, bytesSince: opening.report.replayedBytes)
        checkpoint.removals = opening.removals
        compaction.readCredit = settings.segmentBytes
        counters.faults = opening.report.faults.count
        if let unproven = opening.unproven { copyForward(unproven) }
    }

    /// Writes anew what opening could not prove to be on the disk (L8), as *one* batch: half of it, replayed behind the
    /// whole, would bring older records back.
    private func copyForward(_ unproven: Opening.Unproven) {
        let reader = RecordReader(segment: unproven.segment, base: unproven.offset)
        unproven.bytes.withUnsafeReadableBytes { raw in
            var records: [ParsedRecord] = []
            var place = 0
            while place < raw.count, case .record(let record) = reader.parse(raw, at: place) {
                place = record.end
                if record.head.kind != .mark { records.append(record) }
            }
            guard !records.isEmpty else { return }
            makeRoom(for: raw.count)
            for (number, record) in records.enumerated() {
                let old = record.location(in: unproven.segment, base: unproven.offset)
                let flags =
                    (number == 0 ? RecordHead.first : 0) | (number == records.count - 1 ? RecordHead.last : 0)
                copyForward(record, raw, from: old, flags: flags)
            }
        }
    }

    public func keys(in group: Group, from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        index.keys(in: group, from: start, limit: limit)
    }

    public func count(in group: Group) -> Int { index.count(in: group) }

    public func audit(_ group: Group) -> Bool { index.audit(group) }

    public var groups: [Group] { index.groups }

    public func metadata(_ name: String) -> ByteBuffer? { metadataRecords[name]?.value }

    /// Names of all metadata records, in order.
    public var metadataNames: [String] { metadataRecords.keys.sorted() }

    public func nextWork() -> DiskWork? {
        guard mayHaveWork else { return nil }
        mayHaveWork = false
        // A checkpoint may find only now that it needs a flush.
        guard let work = nextLoad() ?? nextFlush() ?? nextBackgroundWork() ?? nextFlush() else { return nil }
        mayHaveWork = true
        return work
    }

    public func complete(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        mayHaveWork = true
        if flushes.inFlight?.id == completion.id {
            completeFlush(completion, into: &events)
        } else if loads.inFlight[completion.id] != nil {
            completeLoad(completion, into: &events)
        } else if checkpoint.workID == completion.id {
            completeCheckpointWork(completion, into: &events)
        } else if compaction.workID == completion.id {
            completeCompactionRead(completion, into: &events)
        } else {
            preconditionFailure("work \(completion.id) was never handed out, or completed before")
        }
        if !deferredEvents.isEmpty {
            events += deferredEvents
            deferredEvents = []
        }
    }

    public var statistics: StorageStatistics {
        var figures = counters
        figures.keys = index.count
        figures.indexBytes = index.bytes
        figures.segments = segments.count
        for segment in segments.all {
            figures.liveBytes += segment.liveBytes
            figures.totalBytes += segment.length
        }
        figures.waitingBytes = queue.waitingBytes
        return figures
    }

    /// Bytes that the log has taken since opening: as long as they do not grow, no key changes.
    public var appliedBytes: UInt64 { queue.appliedEnd }

    func makeWork(_ lane: DiskWork.Lane, _ steps: [DiskWork.Step]) -> DiskWork {
        defer { nextWorkID += 1 }
        return DiskWork(id: nextWorkID, lane: lane, steps: steps)
    }

    func report(_ fault: RecordFault, into events: inout [StorageEvent]) {
        counters.faults += 1
        events.append(.faultFound(fault))
    }

    public func checkInvariants() {
        index.checkInvariants()
        queue.checkInvariants()
        var live: [UInt32: (bytes: Int, records: Int)] = [:]
        func add(_ location: Location) {
            live[location.segment, default: (0, 0)].bytes += Int(location.length)
            live[location.segment, default: (0, 0)].records += 1
        }
        let start = UnsafeRawBufferPointer(start: nil, count: 0)
        for (_, keys) in index.snapshot {
            keys.forEach(from: start) { _, _, location in
                add(location)
                return true
            }
        }
        for record in metadataRecords.values { add(record.location) }
        for segment in segments.all {
            let actual = live.removeValue(forKey: segment.number) ?? (0, 0)
            precondition(
                actual.bytes == segment.liveBytes && actual.records == segment.liveRecords,
                "segment \(segment.number) has \(actual) live, the table says \(segment.liveBytes), \(segment.liveRecords)"
            )
            precondition(segment.state != .drained || actual.records == 0, "\(segment.file) is drained and needed")
        }
        precondition(live.isEmpty, "the index points at segments that are not there: \(live.keys.sorted())")
    }
}

/// A metadata record in memory.
struct MetadataRecord: Sendable {
    let value: ByteBuffer
    let location: Location
}

/// What opening a store found.
public struct OpeningReport: Equatable, Sendable {
    /// Whether a checkpoint was used; without one, everything was replayed.
    public internal(set) var usedCheckpoint = false
    /// Records and bytes replayed behind the checkpoint.
    public internal(set) var replayedRecords = 0
    public internal(set) var replayedBytes = 0
    /// Bytes of a torn tail that were cut: never acknowledged, or the only trace of them was there.
    public internal(set) var cutBytes = 0
    /// Rot and losses, in the order in which they were met.
    public internal(set) var faults: [RecordFault] = []
    /// Some fault hides which keys it touches: any key may have gone back to an older record, or be absent. Whoever
    /// vouches for this store must not, until it is refilled.
    public var hasUnknownLosses: Bool { faults.contains { $0.extent == .unknownKeys } }
    public init() {}
}
