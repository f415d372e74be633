// Reading values: from the write queue, from the page cache where that surely does not block, else by work on the read
// lane. Every read verifies the whole record, so rot is never an answer and never "absent".
//
// A load answers with the key's state at the time of its event: where the key has been written, removed or moved by
// compaction meanwhile, it is looked up again.

import CoteriePrimitives
import NIOCore

/// Reads that wait for the disk.
struct LoadState {
    struct Load {
        let ticket: LoadTicket
        let group: Group
        let key: ByteBuffer
        let location: Location
    }
    /// Not handed out yet, the oldest last.
    var waiting: [Load] = []
    /// By the id of their work.
    var inFlight: [UInt64: Load] = [:]
    var nextTicket: UInt64 = 1
}

extension LogEngine {
    public func get(_ group: Group, _ key: ByteBuffer) -> ReadResult {
        guard let location = key.withUnsafeReadableBytes({ index.find(group, $0) }) else { return .absent }
        if let result = readNow(location, group, key) { return result }
        let ticket = LoadTicket(rawValue: loads.nextTicket)
        loads.nextTicket += 1
        loads.waiting.insert(LoadState.Load(ticket: ticket, group: group, key: key, location: location), at: 0)
        mayHaveWork = true
        return .pending(ticket)
    }

    func nextLoad() -> DiskWork? {
        guard let load = loads.waiting.popLast() else { return nil }
        let location = load.location
        let work = makeWork(
            .read,
            [
                .read(
                    file: file(of: location.segment), offset: UInt64(location.offset), count: Int(location.length))
            ])
        loads.inFlight[work.id] = load
        return work
    }

    func completeLoad(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        guard let load = loads.inFlight.removeValue(forKey: completion.id) else { return }
        guard let location = load.key.withUnsafeReadableBytes({ index.find(load.group, $0) }) else {
            events.append(.loaded(load.ticket, .absent))
            return
        }
        if location != load.location {
            if let result = readNow(location, load.group, load.key) {
                events.append(.loaded(load.ticket, result))
            } else {
                loads.waiting.append(
                    LoadState.Load(ticket: load.ticket, group: load.group, key: load.key, location: location))
            }
            return
        }
        switch completion.outcome {
        case .done(let parts):
            let result = verify(parts.first ?? ByteBuffer(), location, load.group, load.key)
            events.append(.loaded(load.ticket, result))
        case .failed(let error):
            events.append(.loaded(load.ticket, corrupt(location, "the record cannot be read: \(error)")))
        }
    }

    /// The value without blocking; nil where only the disk has it.
    @inline(__always)
    private func readNow(_ location: Location, _ group: Group, _ key: ByteBuffer) -> ReadResult? {
        if let bytes = queue.bytes(at: location) {
            // A copy: a slice that a caller keeps would make the queue copy itself on its next append.
            return verify(ByteBuffer(bytes: bytes.readableBytesView), location, group, key)
        }
        guard
            let bytes = disk.readNow(
                file(of: location.segment), at: UInt64(location.offset), count: Int(location.length))
        else { return nil }
        return verify(bytes, location, group, key)
    }

    func file(of segment: UInt32) -> String {
        segments[segment]?.file ?? LogFormat.file(of: segment)
    }

    /// The value in a record's bytes, if they are that record's and whole.
    private func verify(_ bytes: ByteBuffer, _ location: Location, _ group: Group, _ key: ByteBuffer) -> ReadResult {
        guard bytes.readableBytes == Int(location.length) else {
            return corrupt(
                location, "the file ends \(Int(location.length) - bytes.readableBytes) bytes before the record")
        }
        let reader = RecordReader(segment: location.segment, base: Int(location.offset))
        enum Found {
            case value(offset: Int, length: Int)
            case fault(String)
        }
        let found: Found = bytes.withUnsafeReadableBytes { raw in
            guard case .record(let record) = reader.parse(raw, at: 0), record.end == raw.count else {
                return .fault("the record's head does not match its checksum")
            }
            let isIt = key.withUnsafeReadableBytes { compareBytes($0, record.key(in: raw)) == 0 }
            guard record.head.kind == .put, record.head.group == group, isIt else {
                return .fault("the index points at another key's record")
            }
            guard record.head.bodyChecksum == location.checksum else {
                return .fault("the record is another one than was stored: an earlier one of its key")
            }
            guard record.bodyIsIntact(in: raw) else {
                return .fault("the record's value does not match its checksum")
            }
            return .value(offset: record.end - record.head.valueLength, length: record.head.valueLength)
        }
        switch found {
        case .value(let offset, let length):
            guard let value = bytes.getSlice(at: bytes.readerIndex + offset, length: length) else {
                return corrupt(location, "the record is cut off")
            }
            return .found(value)
        case .fault(let reason):
            return corrupt(location, reason)
        }
    }

    private func corrupt(_ location: Location, _ reason: String) -> ReadResult {
        counters.faults += 1
        return .corrupt(
            RecordFault(file: file(of: location.segment), offset: UInt64(location.offset), reason: reason))
    }
}
