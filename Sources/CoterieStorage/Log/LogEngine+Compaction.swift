// Compaction: what is still alive in a segment that is mostly dead is copied to the log's end, through the same write
// path as everything else; the segment is then drained, and goes with the next checkpoint (L5).
//
// A record is copied if, at the moment it is looked at, the index points at it: so it is the newest of its key, and its
// copy, being the log's end, stays the newest (L1). The index points at the copy at once; until the copy is durable the
// segment is there. Removals: L6. What cannot be read is not copied: while keys point at it the segment stays, so that
// they go on being `.corrupt` and never become absent or older.
//
// Budget: one step reads at most `compactionStepBytes`; steps spend a credit that grows with what callers store; and
// the next step waits until the copies of the one before are written.

import CoteriePrimitives
import NIOCore

/// The compaction under way.
struct CompactionState {
    struct Run {
        let segment: UInt32
        var offset: Int
        /// How much to read at `offset`: more than a step where one record is longer.
        var count: Int
        /// The step's copies end here in the log.
        var copiesEnd: UInt64 = 0
        var isUnreadable = false
    }
    var run: Run?
    var workID: UInt64?
    /// Bytes that may be read.
    var readCredit = 0
    /// Something has changed since no segment was worth it.
    var mayHaveCandidate = true
    /// A segment was drained since this was last looked at.
    var hasDrained = false
    private var earnedSinceLook = 0

    mutating func earn(_ bytes: Int, _ settings: LogEngine.Settings) {
        readCredit = min(readCredit + bytes * settings.compactionReadShare, 4 * settings.segmentBytes)
        earnedSinceLook += bytes
        if earnedSinceLook > settings.segmentBytes / 16 {
            earnedSinceLook = 0
            mayHaveCandidate = true
        }
    }
}

extension LogEngine {
    func nextCompactionWork() -> DiskWork? {
        guard compaction.workID == nil else { return nil }
        if compaction.run == nil, compaction.mayHaveCandidate {
            compaction.mayHaveCandidate = false
            drainDeadSegments()
            if let number = compactionCandidate {
                compaction.run = CompactionState.Run(
                    segment: number, offset: LogFormat.segmentHeaderLength, count: settings.compactionStepBytes)
            }
        }
        guard let run = compaction.run, compaction.readCredit > 0, queue.writtenEnd >= run.copiesEnd,
            let segment = segments[run.segment]
        else { return nil }
        guard run.offset < segment.length else {
            finishCompaction(of: segment, run)
            return nextCompactionWork()
        }
        let count = min(run.count, segment.length - run.offset)
        compaction.readCredit -= count
        let work = makeWork(.background, [.read(file: segment.file, offset: UInt64(run.offset), count: count)])
        compaction.workID = work.id
        return work
    }

    /// Segments that hold nothing anyone needs are drained without being read.
    private func drainDeadSegments() {
        // At each tick: nothing is copied to look at them.
        for number in segments.numbers {
            guard let segment = segments[number], segment.state == .sealed, segment.isDurable,
                segment.liveRecords == 0
            else { continue }
            let isOldest = segment.number == segments.oldest
            guard isOldest || (segment.removalBytes == 0 && !segment.isUnreadable) else { continue }
            segments.update(segment.number) { $0.state = .drained }
            compaction.hasDrained = true
        }
    }

    /// The segment that is most worth compacting; nil where none is.
    private var compactionCandidate: UInt32? {
        var best: (number: UInt32, share: Int)?
        var small: [UInt32] = []
        var removals = 0
        var total = 0
        for number in segments.numbers {
            guard let segment = segments[number], segment.state == .sealed || segment.state == .active else { continue }
            removals += segment.removalBytes
            total += segment.length
            guard segment.state == .sealed, segment.isDurable, !segment.isUnreadable else { continue }
            let needed = segment.liveBytes + (segment.number == segments.oldest ? 0 : segment.removalBytes)
            let dead = segment.length - LogFormat.segmentHeaderLength - needed
            let share = dead * 100 / max(segment.length, 1)
            if share >= settings.compactionDeadPercent, share > (best?.share ?? -1) { best = (segment.number, share) }
            if segment.length < settings.segmentBytes / 8 { small.append(segment.number) }
        }
        if let best { return best.number }
        // Removals can only be dropped from the oldest segment: where they take a quarter of the log, it is its turn.
        if removals * 4 > total, let oldest = segments.oldest, let segment = segments[oldest],
            segment.state == .sealed, segment.isDurable, !segment.isUnreadable
        {
            return oldest
        }
        return small.count >= settings.smallSegmentLimit ? small.first : nil
    }

    func completeCompactionRead(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        compaction.workID = nil
        guard var run = compaction.run, let segment = segments[run.segment] else { return }
        switch completion.outcome {
        case .failed(let error):
            let reason = "compaction cannot read the segment: \(error)"
            report(RecordFault(file: segment.file, offset: UInt64(run.offset), reason: reason), into: &events)
            segments.update(run.segment) { $0.isUnreadable = true }
            compaction.run = nil
            compaction.mayHaveCandidate = true
        case .done(let parts):
            guard writability == .writable else {
                // What was read is read again once writing is possible.
                compaction.run = run
                return
            }
            copyLive(from: parts.first ?? ByteBuffer(), segment, &run, into: &events)
            run.copiesEnd = queue.appliedEnd
            compaction.run = run
        }
    }

    /// Copies what is alive in the bytes at `run.offset`, and moves `run` behind them.
    private func copyLive(
        from bytes: ByteBuffer, _ segment: Segment, _ run: inout CompactionState.Run, into events: inout [StorageEvent]
    ) {
        let reader = RecordReader(segment: segment.number, base: run.offset)
        let isLastPart = run.offset + bytes.readableBytes >= segment.length
        let isOldest = segments.oldest == segment.number
        var place = 0
        var wanted = settings.compactionStepBytes
        bytes.withUnsafeReadableBytes { raw in
            while place < raw.count {
                switch reader.parse(raw, at: place) {
                case .record(let record):
                    if !copyIfLive(record, raw, segment.number, isOldest: isOldest, offset: run.offset) {
                        run.isUnreadable = true
                        let fault = RecordFault(
                            file: segment.file, offset: UInt64(run.offset + place),
                            reason: "compaction found a record whose value does not match its checksum")
                        report(fault, into: &events)
                    }
                    place = record.end
                    continue
                case .incomplete(let length) where !isLastPart:
                    if place == 0 { wanted = length }
                    return
                case .broken where !isLastPart && raw.count - place < Self.longestHead:
                    // The head may go on behind these bytes.
                    if place == 0 { wanted = settings.compactionStepBytes + Self.longestHead }
                    return
                case .incomplete, .broken:
                    run.isUnreadable = true
                    let fault = RecordFault(
                        file: segment.file, offset: UInt64(run.offset + place),
                        reason: "compaction found bytes that are no record")
                    report(fault, into: &events)
                    place =
                        reader.resynchronise(raw, from: place + 1)
                        ?? (isLastPart ? raw.count : max(place + 1, raw.count - Self.longestHead))
                }
            }
        }
        if bytes.readableBytes == 0 {
            run.isUnreadable = true
            place = segment.length - run.offset
        }
        run.offset += place
        run.count = wanted
    }

    static var longestHead: Int { LogFormat.recordHeadLength + StorageLimits.longestKey }

    /// Copies the record to the log's end if it is needed; false where it is needed and broken.
    private func copyIfLive(
        _ record: ParsedRecord, _ raw: UnsafeRawBufferPointer, _ segment: UInt32, isOldest: Bool, offset: Int
    ) -> Bool {
        let location = record.location(in: segment, base: offset)
        let key = record.key(in: raw)
        let isNeeded: Bool
        switch record.head.kind {
        case .put: isNeeded = index.find(record.head.group, key) == location
        case .metadataPut:
            isNeeded = metadataRecords[String(decoding: key, as: UTF8.self)]?.location == location
        case .remove: isNeeded = !isOldest && index.find(record.head.group, key) == nil
        case .metadataRemove:
            isNeeded = !isOldest && metadataRecords[String(decoding: key, as: UTF8.self)] == nil
        case .mark: isNeeded = false
        }
        guard isNeeded else { return true }
        guard record.bodyIsIntact(in: raw) else { return false }
        makeRoom(for: record.head.length)
        copyForward(record, raw, from: location, flags: RecordHead.first | RecordHead.last)
        return true
    }

    /// Appends a copy of the record at `old` to the log; whatever points at the record then points at the copy.
    func copyForward(_ record: ParsedRecord, _ raw: UnsafeRawBufferPointer, from old: Location, flags: UInt8) {
        var head = record.head
        head.flags = flags | RecordHead.copy
        let key = record.key(in: raw)
        let location = queue.append(head, key: key, note: record.note(in: raw), value: record.value(in: raw))
        segments.update(location.segment) { $0.length += Int(location.length) }
        checkpoint.bytesSince += Int(location.length)
        switch head.kind {
        case .put:
            if index.find(head.group, key) == old { setLive(head.group, key, location) }
        case .metadataPut:
            let name = String(decoding: key, as: UTF8.self)
            guard let record = metadataRecords[name], record.location == old else { return }
            segments.becameDead(old)
            segments.becameLive(location)
            metadataRecords[name] = MetadataRecord(value: record.value, location: location)
        case .remove, .metadataRemove: segments.update(location.segment) { $0.removalBytes += Int(location.length) }
        case .mark: break
        }
    }

    private func finishCompaction(of segment: Segment, _ run: CompactionState.Run) {
        compaction.run = nil
        compaction.mayHaveCandidate = true
        compaction.hasDrained = true
        counters.compactions += 1
        // A live record that was not met as a record is unreadable too.
        let isUnreadable = run.isUnreadable || segment.liveRecords > 0
        segments.update(segment.number) {
            $0.isUnreadable = $0.isUnreadable || isUnreadable
            if !isUnreadable { $0.state = .drained }
        }
    }
}
