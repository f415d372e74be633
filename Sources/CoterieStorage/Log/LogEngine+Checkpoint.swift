// Checkpoints and the removal of drained segments: the background lane.
//
//     idle → writing (pieces of the snapshot, into a new file) → sealing (fsync, rename) → idle, removals due
//
// The snapshot is taken at once, between two batches, and costs nothing but the pages that are changed while it is
// being written (they are copied on write). The rename is handed out only when the log is durable up to the snapshot's
// position (L5); if nobody else asks for that, the checkpoint does.

import CoteriePrimitives
import NIOCore

/// The checkpoint under way, and what is to be removed.
struct CheckpointState {
    enum Phase {
        case idle
        case writing(Snapshot)
        /// All is written; fsync and rename are in flight or wait for the log's durability.
        case sealing(Snapshot)
        case removing([UInt32])
    }
    struct Snapshot {
        var writer: CheckpointWriter
        /// The log's end as of the snapshot.
        let end: UInt64
        var bytes = 0
        /// Drained segments that this checkpoint covers.
        let covered: [UInt32]
    }
    var phase = Phase.idle
    var workID: UInt64?
    /// Size of the last checkpoint, and log bytes since its snapshot.
    var lastBytes: Int
    var bytesSince: Int
    var isRequested = false
    /// Segments that a durable checkpoint covers: their files may go.
    var removals: [UInt32] = []
    /// What an abandoned checkpoint has written is to be removed, before the next one begins.
    var discardsNewFile = false

    init(lastBytes: Int, bytesSince: Int) {
        self.lastBytes = lastBytes
        self.bytesSince = bytesSince
    }
}

extension LogEngine {
    /// Asks for a checkpoint soon, whether one is due or not: a graceful stop, so that the next opening is fast.
    public func requestCheckpoint() {
        checkpoint.isRequested = true
        mayHaveWork = true
    }

    /// Whether a checkpoint or a removal is under way or wanted, or a step of compaction is in flight. While the store
    /// is read-only, only what is in flight counts.
    public var isWorkingInBackground: Bool {
        if checkpoint.workID != nil || compaction.workID != nil { return true }
        guard writability == .writable else { return false }
        if case .idle = checkpoint.phase { return checkpoint.isRequested || !checkpoint.removals.isEmpty }
        return true
    }

    func nextBackgroundWork() -> DiskWork? {
        guard checkpoint.workID == nil, compaction.workID == nil else { return nil }
        // Removals go on with a full disk: they make room.
        if case .readOnly(.diskFull) = writability { return nextRemoval() }
        guard writability == .writable else { return nil }
        compaction.hasDrained = false
        if let work = nextCheckpointWork() ?? nextCompactionWork() { return work }
        // Compaction may drain without reading anything what a checkpoint is due for.
        return compaction.hasDrained ? nextCheckpointWork() : nil
    }

    private var checkpointIsDue: Bool {
        checkpoint.isRequested
            || checkpoint.bytesSince >= max(settings.checkpointBytes, checkpoint.lastBytes * settings.checkpointShare)
            || removalsAreHeldUp
    }

    /// Whether the segment behind the oldest one holds little but removals, and waits only for the oldest's file to go
    /// (L6). Without a checkpoint for it, a store from which much was removed would give its space back only as fast as new
    /// records come. Not where the checkpoint would cost much more than the segment.
    private var removalsAreHeldUp: Bool {
        guard let oldest = segments.oldest, segments[oldest]?.state == .drained,
            let next = segments.numbers.lazy.compactMap({ self.segments[$0] }).first(where: { $0.state != .drained })
        else { return false }
        return next.state == .sealed && next.isDurable && !next.isUnreadable && next.removalBytes > next.length / 4
            && checkpoint.lastBytes / 4 <= next.length
    }

    private func nextCheckpointWork() -> DiskWork? {
        switch checkpoint.phase {
        case .idle:
            if let removal = nextRemoval() { return removal }
            guard checkpointIsDue else { return nil }
            takeSnapshot()
            if case .idle = checkpoint.phase { return nil }
            return nextCheckpointWork()
        case .writing(var snapshot):
            checkpoint.phase = .idle
            guard let piece = snapshot.writer.next(limit: settings.checkpointStepBytes) else {
                checkpoint.phase = .sealing(snapshot)
                return nextCheckpointWork()
            }
            // What an abandoned one may have left must not stand in front.
            let file = LogFormat.newCheckpointFile
            let clearing: [DiskWork.Step] = snapshot.bytes == 0 ? [.remove(file: file)] : []
            snapshot.bytes += piece.readableBytes
            checkpoint.phase = .writing(snapshot)
            return background(clearing + [.append(piece, file: file)])
        case .sealing(let snapshot):
            guard queue.durableEnd >= snapshot.end else {
                flushes.wantsDurability = true
                return nil
            }
            flushes.wantsDurability = false
            return background([
                .fsync(file: LogFormat.newCheckpointFile),
                .rename(file: LogFormat.newCheckpointFile, target: LogFormat.checkpointFile),
            ])
        case .removing:
            return nil
        }
    }

    private func takeSnapshot() {
        checkpoint.isRequested = false
        do throws(StorageFailure) {
            try apply(Batch(metadata: beforeCheckpoint?() ?? []))
        } catch {
            // Without the owner's summary a checkpoint would let notes go that nothing else tells of: rather none.
            checkpoint.bytesSince = 0
            let reason = "no checkpoint, because the metadata for it was refused: \(error)"
            deferredEvents.append(
                .faultFound(
                    RecordFault(file: LogFormat.newCheckpointFile, offset: 0, reason: reason, extent: .nothing)))
            return
        }
        checkpoint.bytesSince = 0
        let covered = segments.all.filter { $0.state == .drained }.map(\.number)
        let writer = CheckpointWriter(
            position: queue.end, segments: segments.all, metadata: metadataRecords, groups: index.snapshot,
            digest: index.digest)
        checkpoint.phase = .writing(
            CheckpointState.Snapshot(writer: writer, end: queue.appliedEnd, covered: covered))
    }

    private func nextRemoval() -> DiskWork? {
        guard case .idle = checkpoint.phase, !checkpoint.removals.isEmpty || checkpoint.discardsNewFile else {
            return nil
        }
        let numbers = checkpoint.removals
        var steps = numbers.map { DiskWork.Step.remove(file: LogFormat.file(of: $0)) }
        if checkpoint.discardsNewFile { steps.append(.remove(file: LogFormat.newCheckpointFile)) }
        checkpoint.removals = []
        checkpoint.discardsNewFile = false
        checkpoint.phase = .removing(numbers)
        return background(steps)
    }

    private func background(_ steps: [DiskWork.Step]) -> DiskWork {
        let work = makeWork(.background, steps)
        checkpoint.workID = work.id
        return work
    }

    func completeCheckpointWork(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        checkpoint.workID = nil
        let phase = checkpoint.phase
        switch (phase, completion.outcome) {
        case (.writing, .done), (.idle, _):
            break
        case (.sealing(let snapshot), .done):
            checkpoint.phase = .idle
            checkpoint.lastBytes = snapshot.bytes
            checkpoint.removals += snapshot.covered
            counters.writtenBytes += snapshot.bytes
            counters.checkpoints += 1
            counters.fsyncs += 1
        case (.removing(let numbers), .done):
            checkpoint.phase = .idle
            for number in numbers { segments.remove(number) }
            compaction.mayHaveCandidate = true
        case (.removing(let numbers), .failed(let error)):
            // The files stay until the next checkpoint covers them again.
            checkpoint.phase = .idle
            let file = numbers.first.map(LogFormat.file(of:)) ?? LogFormat.checkpointFile
            report(
                RecordFault(file: file, offset: 0, reason: "removing failed: \(error)", extent: .nothing), into: &events
            )
        case (.writing(let snapshot), .failed(let error)), (.sealing(let snapshot), .failed(let error)):
            // Abandoned; the next one is due after as much log again.
            checkpoint.phase = .idle
            checkpoint.discardsNewFile = true
            counters.writtenBytes += snapshot.bytes
            flushes.wantsDurability = false
            let reason = "the checkpoint could not be written: \(error)"
            report(
                RecordFault(file: LogFormat.newCheckpointFile, offset: 0, reason: reason, extent: .nothing),
                into: &events)
        }
    }
}
