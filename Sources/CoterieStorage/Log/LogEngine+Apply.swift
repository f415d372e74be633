// Applying a batch: checked first, then encoded into the write queue and put into the index, record by record.

import CoteriePrimitives
import NIOCore

extension LogEngine {
    public func apply(_ batch: Batch) throws(StorageFailure) {
        mayHaveWork = true
        if case .readOnly(let failure) = writability {
            noteRefusal()
            throw failure
        }
        let bytes = try batch.recordBytes(within: settings.limits)
        guard bytes > 0 else { return }
        var left = batch.changes.count + batch.metadata.count
        makeRoom(for: bytes)
        let start = queue.appliedEnd
        var flags = RecordHead.first
        for change in batch.changes {
            left -= 1
            write(change, flags: left == 0 ? flags | RecordHead.last : flags)
            flags = 0
        }
        for change in batch.metadata {
            left -= 1
            write(change, flags: left == 0 ? flags | RecordHead.last : flags)
            flags = 0
        }
        account(written: Int(queue.appliedEnd - start))
    }

    /// Seals the active segment where a batch of so many bytes would not fit.
    func makeRoom(for bytes: Int) {
        guard queue.mustRoll(for: bytes, segmentBytes: settings.segmentBytes) else { return }
        let (sealed, begun) = queue.roll()
        if let sealed { segments.update(sealed) { $0.state = .sealed } }
        segments.insert(Segment(number: begun, length: LogFormat.segmentHeaderLength, state: .active))
    }

    private func account(written bytes: Int) {
        checkpoint.bytesSince += bytes
        compaction.earn(bytes, settings)
    }

    private func write(_ change: Change, flags: UInt8) {
        change.key.withUnsafeReadableBytes { key in
            change.note.withUnsafeReadableBytes { note in
                switch change.action {
                case .put(let value):
                    value.withUnsafeReadableBytes { value in
                        let location = append(.put, flags, change.group, key, note, value)
                        counters.acceptedBytes += key.count + value.count
                        setLive(change.group, key, location)
                    }
                case .remove:
                    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                    let location = append(.remove, flags, change.group, key, note, nothing)
                    segments.update(location.segment) { $0.removalBytes += Int(location.length) }
                    counters.acceptedBytes += key.count
                    if let old = index.remove(change.group, key) { segments.becameDead(old) }
                }
            }
        }
    }

    private func write(_ change: MetadataChange, flags: UInt8) {
        let name = ByteBuffer(string: change.name)
        let kind: RecordKind = change.value.readableBytes == 0 ? .metadataRemove : .metadataPut
        name.withUnsafeReadableBytes { key in
            change.value.withUnsafeReadableBytes { value in
                let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                let location = append(kind, flags, RecordHead.noGroup, key, nothing, value)
                counters.acceptedBytes += key.count + value.count
                if let old = metadataRecords.removeValue(forKey: change.name) { segments.becameDead(old.location) }
                guard kind == .metadataPut else {
                    segments.update(location.segment) { $0.removalBytes += Int(location.length) }
                    return
                }
                segments.becameLive(location)
                metadataRecords[change.name] = MetadataRecord(value: ByteBuffer(bytes: value), location: location)
            }
        }
    }

    @inline(__always)
    func setLive(_ group: Group, _ key: UnsafeRawBufferPointer, _ location: Location) {
        if let old = index.set(group, key, location) { segments.becameDead(old) }
        segments.becameLive(location)
    }

    /// Encodes one record at the log's end.
    @inline(__always)
    func append(
        _ kind: RecordKind, _ flags: UInt8, _ group: Group, _ key: UnsafeRawBufferPointer,
        _ note: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) -> Location {
        let head = RecordHead(
            kind: kind, flags: flags, group: group, keyLength: key.count, noteLength: note.count,
            valueLength: value.count, bodyChecksum: RecordHead.bodyChecksum(note, value))
        let location = queue.append(head, key: key, note: note, value: value)
        segments.update(location.segment) { $0.length += Int(location.length) }
        return location
    }
}

extension Batch {
    /// What the batch's records take in the log; throws where a part of it exceeds a limit.
    func recordBytes(within limits: StorageLimits) throws(StorageFailure) -> Int {
        var total = 0
        for change in changes {
            let key = change.key.readableBytes
            guard key <= limits.maxKeyBytes else {
                throw .keyTooLarge(bytes: key, limit: limits.maxKeyBytes)
            }
            let note = change.note.readableBytes
            guard note <= StorageLimits.maxNoteBytes else {
                throw .valueTooLarge(bytes: note, limit: StorageLimits.maxNoteBytes)
            }
            var value = 0
            if case .put(let bytes) = change.action { value = bytes.readableBytes }
            guard value <= limits.maxValueBytes else {
                throw .valueTooLarge(bytes: value, limit: limits.maxValueBytes)
            }
            total += LogFormat.recordHeadLength + key + note + value
        }
        for change in metadata {
            let name = change.name.utf8.count
            guard name <= limits.maxKeyBytes else { throw .keyTooLarge(bytes: name, limit: limits.maxKeyBytes) }
            let value = change.value.readableBytes
            guard value <= limits.maxValueBytes else {
                throw .valueTooLarge(bytes: value, limit: limits.maxValueBytes)
            }
            total += LogFormat.recordHeadLength + name + value
        }
        guard total <= limits.maxBatchBytes else {
            throw .valueTooLarge(bytes: total, limit: limits.maxBatchBytes)
        }
        return total
    }
}
