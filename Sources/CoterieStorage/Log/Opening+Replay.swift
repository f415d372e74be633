// Replay of one segment. The rules stand in `Opening`.

import CoteriePrimitives
import NIOCore

extension Opening {
    /// A segment in memory, and how far its replay has come.
    private struct Walk {
        let number: UInt32
        let file: String
        let isLast: Bool
        var place: Int
        /// Records of a batch whose last record has not come yet, each with whether its body is intact.
        var batch: [(record: ParsedRecord, isIntact: Bool)] = []
        /// Bytes that are known to have been fsynced.
        var proven: Int
        var hasLookedAhead = false

        var reader: RecordReader { RecordReader(segment: number, base: 0) }

        /// Whether what lies before `end` was fsynced once. Marks lie behind what they prove: looks ahead where needed.
        mutating func isProven(_ end: Int, _ raw: UnsafeRawBufferPointer) -> Bool {
            guard isLast, proven < end else { return true }
            if !hasLookedAhead {
                hasLookedAhead = true
                var place = place
                while let next = reader.resynchronise(raw, from: place) {
                    guard case .record(let record) = reader.parse(raw, at: next) else {
                        place = next + 1
                        continue
                    }
                    if record.head.kind == .mark { proven = max(proven, record.head.valueLength) }
                    place = record.end
                }
            }
            return proven >= end
        }
    }

    /// Removes the last segment where not even its first batch is whole: then the segment before is the last, as it was
    /// before this one was begun, and what is doubtful in it is written anew (L8).
    mutating func removeIfNothingIsWhole(_ number: UInt32) throws(StorageOpenError) -> Bool {
        guard number != position.segment || position.offset == 0 else { return false }
        let file = LogFormat.file(of: number)
        let size = try onDisk { () throws(DiskError) in Int(try disk.size(of: file)) }
        // As a rule the first batch lies at the beginning; only behind damage is the whole file of interest.
        if beginsWhole(number, try readAll(file, size: min(size, 1 << 20), isLast: true)) { return false }
        if beginsWhole(number, try readAll(file, size: size, isLast: true)) { return false }
        report.cutBytes += size
        try onDisk { () throws(DiskError) in try disk.remove(file) }
        return true
    }

    /// Whether the last segment begins with a batch that is whole, or was fsynced and so is none that never happened.
    private func beginsWhole(_ number: UInt32, _ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { raw in
            var walk = Walk(
                number: number, file: "", isLast: true, place: LogFormat.segmentHeaderLength, proven: 0)
            switch SegmentHeader.parse(raw, expecting: number) {
            case .newer: return true
            case .broken: return walk.isProven(1, raw)
            case .header: break
            }
            while case .record(let record) = walk.reader.parse(raw, at: walk.place), record.bodyIsIntact(in: raw) {
                if record.head.isLast { return true }
                walk.place = record.end
            }
            return walk.isProven(walk.place + 1, raw)
        }
    }

    /// From where on a segment's content was written anew at the beginning of the next one; nil for nowhere.
    func copiedFrom(_ number: UInt32, by next: UInt32) -> Int? {
        guard let head = read(LogFormat.file(of: next), 0, LogFormat.segmentHeaderLength),
            case .header(let header) = head.withUnsafeReadableBytes({ SegmentHeader.parse($0, expecting: next) }),
            header.previous == number
        else { return nil }
        return Int(header.previousLength)
    }

    /// Replays a segment from `start` on, up to `limit` where there is one: what lies behind it comes again in the next
    /// segment.
    mutating func replaySegment(
        _ number: UInt32, from start: Int, limit: Int?, isLast: Bool
    ) throws(StorageOpenError) {
        let file = LogFormat.file(of: number)
        let fileSize = try onDisk { () throws(DiskError) in Int(try disk.size(of: file)) }
        let size = max(start, min(fileSize, limit ?? fileSize))
        let bytes = try readAll(file, size: min(size, fileSize), isLast: isLast)
        guard start <= fileSize else {
            addFault(file, fileSize, "the segment ends before the checkpoint's position \(start)", .unknownKeys)
            segments.update(number) { $0.isUnreadable = true }
            return
        }
        if segments[number] == nil { segments.insert(Segment(number: number, length: size, state: .sealed)) }
        var walk = Walk(number: number, file: file, isLast: isLast, place: start, proven: start)
        let end = try bytes.withUnsafeReadableBytes { raw throws(StorageOpenError) -> Int in
            try replayHeader(raw, &walk)
            replayRecords(raw, &walk)
            return closeLastBatch(raw, &walk)
        }
        report.replayedBytes += end - min(start, end)
        segments.update(number) {
            $0.length = end
            $0.isDurable = true
        }
        guard isLast else { return }
        try cut(file, to: end, size: size)
        let unprovenStart = max(walk.proven, LogFormat.segmentHeaderLength)
        if unprovenStart < end, let slice = bytes.getSlice(at: unprovenStart, length: end - unprovenStart) {
            unproven = Unproven(segment: number, offset: unprovenStart, bytes: slice)
        }
    }

    /// Cuts a torn tail off, and makes sure of the rest before anything is written behind it (L2).
    private mutating func cut(_ file: String, to end: Int, size: Int) throws(StorageOpenError) {
        report.cutBytes += size - end
        if end < size { try onDisk { () throws(DiskError) in try disk.truncate(file, to: UInt64(end)) } }
        try onDisk { () throws(DiskError) in try disk.fsync(file) }
    }

    /// Reads a segment. What cannot be read comes as zeros, which are no records: it is found and reported as rot. Not
    /// in the last segment, where bytes that are no record may be a torn tail, and would be cut: there an error of the
    /// disk is final.
    private func readAll(_ file: String, size: Int, isLast: Bool) throws(StorageOpenError) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(size)
        while bytes.readableBytes < size {
            let offset = UInt64(bytes.readableBytes)
            let large = min(size - bytes.readableBytes, 1 << 20)
            let small = min(large, 4096)
            if let part = read(file, offset, large) ?? read(file, offset, small) {
                bytes.writeImmutableBuffer(part)
            } else if isLast {
                bytes.writeImmutableBuffer(
                    try onDisk { () throws(DiskError) in try disk.read(file, at: offset, count: small) })
            } else {
                bytes.writeRepeatingByte(0, count: small)
            }
        }
        return bytes
    }

    /// Bytes of a file, where they can be read.
    private func read(_ file: String, _ offset: UInt64, _ count: Int) -> ByteBuffer? {
        do throws(DiskError) {
            let bytes = try disk.read(file, at: offset, count: count)
            return bytes.readableBytes > 0 ? bytes : nil
        } catch {
            return nil
        }
    }

    /// Looks at the header where replay begins with it.
    private mutating func replayHeader(_ raw: UnsafeRawBufferPointer, _ walk: inout Walk) throws(StorageOpenError) {
        guard walk.place == 0 else { return }
        walk.place = LogFormat.segmentHeaderLength
        switch SegmentHeader.parse(raw, expecting: walk.number) {
        case .newer(let version):
            throw .newerFormat(file: walk.file, version: version, supported: Int(LogFormat.version))
        case .broken(let reason):
            addFault(walk.file, 0, reason, raw.count < LogFormat.segmentHeaderLength ? .unknownKeys : .nothing)
        case .header(let header):
            if let before = segments[header.previous], before.state != .drained, !before.isUnreadable,
                UInt64(before.length) < header.previousLength
            {
                let lost = header.previousLength - UInt64(before.length)
                addFault(before.file, before.length, "the segment has lost \(lost) bytes at its end", .unknownKeys)
            } else if segments[header.previous] == nil, report.usedCheckpoint, header.previous >= position.segment {
                addFault(LogFormat.file(of: header.previous), 0, "the segment is missing", .unknownKeys)
            }
        }
    }

    private mutating func replayRecords(_ raw: UnsafeRawBufferPointer, _ walk: inout Walk) {
        while walk.place < raw.count {
            if case .record(let record) = walk.reader.parse(raw, at: walk.place) {
                let isIntact = record.bodyIsIntact(in: raw)
                guard isIntact || walk.isProven(record.end, raw) else { return }
                walk.place = record.end
                take(record, isIntact, raw, &walk)
                continue
            }
            guard walk.isProven(walk.place + 1, raw) else { return }
            var next = walk.reader.resynchronise(raw, from: walk.place + 1) ?? raw.count
            while next < raw.count, case .incomplete = walk.reader.parse(raw, at: next) {
                next = walk.reader.resynchronise(raw, from: next + 1) ?? raw.count
            }
            addFault(
                walk.file, walk.place, "\(next - walk.place) bytes are no record: what was in them is unknown",
                .unknownKeys)
            segments.update(walk.number) { $0.isUnreadable = true }
            walk.place = next
        }
    }

    /// Takes a record in; a batch is applied when its last record has come.
    private mutating func take(
        _ record: ParsedRecord, _ isIntact: Bool, _ raw: UnsafeRawBufferPointer, _ walk: inout Walk
    ) {
        if record.head.kind == .mark {
            walk.proven = max(walk.proven, record.head.valueLength)
            verify(record, raw, walk)
            return
        }
        if record.head.isFirst, !walk.batch.isEmpty {
            // The end of that batch lies in bytes that were no record, and are reported as such.
            applyBatch(raw, &walk)
        }
        walk.batch.append((record, isIntact))
        if record.head.isLast { applyBatch(raw, &walk) }
    }

    /// Whether the store is what it was when the mark was written (L9).
    private mutating func verify(_ mark: ParsedRecord, _ raw: UnsafeRawBufferPointer, _ walk: Walk) {
        guard isExact, mark.head.keyLength == LogFormat.digestLength else { return }
        let then = mark.key(in: raw).load(at: 0, as: UInt64.self)
        if walk.batch.isEmpty, index.digest.value == then { return }
        addFault(walk.file, mark.start, "the records before do not add up to what the store held here", .unknownKeys)
    }

    private mutating func applyBatch(_ raw: UnsafeRawBufferPointer, _ walk: inout Walk) {
        for (record, isIntact) in walk.batch { apply(record, isIntact, raw, walk) }
        walk.batch.removeAll(keepingCapacity: true)
    }

    /// Decides about a batch without end. Returns where the segment's content ends.
    private mutating func closeLastBatch(_ raw: UnsafeRawBufferPointer, _ walk: inout Walk) -> Int {
        guard let first = walk.batch.first?.record else { return walk.place }
        guard !walk.isProven(first.start + 1, raw) else {
            addFault(walk.file, walk.place, "the end of a batch is missing", .unknownKeys)
            let end = walk.isLast ? max(walk.proven, first.start) : walk.place
            walk.batch.removeAll { $0.record.end > end }
            applyBatch(raw, &walk)
            return end
        }
        walk.batch = []
        return first.start
    }

    private mutating func apply(
        _ record: ParsedRecord, _ isIntact: Bool, _ raw: UnsafeRawBufferPointer, _ walk: Walk
    ) {
        let location = record.location(in: walk.number)
        let key = record.key(in: raw)
        report.replayedRecords += 1
        switch record.head.kind {
        case .put:
            if let old = index.set(record.head.group, key, location) { segments.becameDead(old) }
            segments.becameLive(location)
        case .remove:
            if let old = index.remove(record.head.group, key) { segments.becameDead(old) }
            segments.update(walk.number) { $0.removalBytes += record.head.length }
        case .metadataPut, .metadataRemove:
            applyMetadata(record, raw, location, isIntact: isIntact, walk)
            return
        case .mark: return
        }
        guard isIntact else {
            addFault(walk.file, record.start, "the record's value does not match its checksum", .knownKeys)
            return
        }
        replay?(
            ReplayedRecord(
                group: record.head.group, key: ByteBuffer(bytes: key), isRemoval: record.head.kind == .remove,
                note: ByteBuffer(bytes: record.note(in: raw))))
    }

    private mutating func applyMetadata(
        _ record: ParsedRecord, _ raw: UnsafeRawBufferPointer, _ location: Location, isIntact: Bool, _ walk: Walk
    ) {
        let name = String(decoding: record.key(in: raw), as: UTF8.self)
        if let old = metadata.removeValue(forKey: name) { segments.becameDead(old.location) }
        brokenMetadata[name] = nil
        guard record.head.kind == .metadataPut else {
            segments.update(walk.number) { $0.removalBytes += record.head.length }
            return
        }
        guard isIntact else {
            let fault = RecordFault(
                file: walk.file, offset: UInt64(record.start),
                reason: "the value of metadata record “\(name)” does not match its checksum")
            report.faults.append(fault)
            brokenMetadata[name] = fault
            return
        }
        segments.becameLive(location)
        metadata[name] = MetadataRecord(value: ByteBuffer(bytes: record.value(in: raw)), location: location)
    }
}
