// A store in memory, for tests and caches: the same protocol, the same ordered index, nothing on any disk.
//
// Values are copied in: a value that came as a slice of an inbound buffer must not keep that buffer alive. Barriers
// take the same way as on a disk (work handed out, completion taken back), so that a machine above sees the same
// sequence of events.

import CoteriePrimitives
import NIOCore

/// A store that lives as long as its process. Used from one event loop; not thread-safe.
public final class MemoryEngine: StorageEngine {
    private let limits: StorageLimits
    /// Each key's location names a place in `values`.
    private var index = KeyIndex()
    private var values: [ByteBuffer] = []
    private var freePlaces: [UInt32] = []
    private var metadataValues: [String: ByteBuffer] = [:]
    private var waiting: [BarrierTicket] = []
    private var inFlight: (id: UInt64, tickets: [BarrierTicket])?
    private var nextTicket: UInt64 = 1
    private var nextWorkID: UInt64 = 1
    private var counters = StorageStatistics()

    /// An empty store. Traps where the limits contradict each other.
    public init(limits: StorageLimits = StorageLimits()) {
        if let problem = limits.problem { preconditionFailure(problem) }
        self.limits = limits
    }

    public func get(_ group: Group, _ key: ByteBuffer) -> ReadResult {
        guard let location = key.withUnsafeReadableBytes({ index.find(group, $0) }) else { return .absent }
        return .found(values[Int(location.offset)])
    }

    public func keys(in group: Group, from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        index.keys(in: group, from: start, limit: limit)
    }

    public func count(in group: Group) -> Int { index.count(in: group) }

    public var groups: [Group] { index.groups }

    public func metadata(_ name: String) -> ByteBuffer? { metadataValues[name] }

    public func audit(_ group: Group) -> Bool { index.audit(group) }

    public func apply(_ batch: Batch) throws(StorageFailure) {
        _ = try batch.recordBytes(within: limits)
        for change in batch.changes {
            change.key.withUnsafeReadableBytes { key in
                switch change.action {
                case .put(let value): put(change.group, key, value)
                case .remove: remove(change.group, key)
                }
            }
        }
        for change in batch.metadata {
            let isRemoval = change.value.readableBytes == 0
            metadataValues[change.name] = isRemoval ? nil : ByteBuffer(bytes: change.value.readableBytesView)
        }
    }

    private func put(_ group: Group, _ key: UnsafeRawBufferPointer, _ value: ByteBuffer) {
        let copy = ByteBuffer(bytes: value.readableBytesView)
        counters.acceptedBytes += key.count + copy.readableBytes
        counters.liveBytes += key.count + copy.readableBytes
        if let old = index.find(group, key) {
            counters.liveBytes -= key.count + values[Int(old.offset)].readableBytes
            values[Int(old.offset)] = copy
            return
        }
        let place = freePlaces.popLast() ?? UInt32(values.count)
        if Int(place) == values.count { values.append(copy) } else { values[Int(place)] = copy }
        _ = index.set(group, key, Location(segment: 0, offset: place, length: 0, checksum: 0))
    }

    private func remove(_ group: Group, _ key: UnsafeRawBufferPointer) {
        counters.acceptedBytes += key.count
        guard let old = index.remove(group, key) else { return }
        counters.liveBytes -= key.count + values[Int(old.offset)].readableBytes
        values[Int(old.offset)] = ByteBuffer()
        freePlaces.append(old.offset)
    }

    public func barrier(_ strength: BarrierStrength) -> BarrierTicket {
        defer { nextTicket += 1 }
        let ticket = BarrierTicket(rawValue: nextTicket)
        waiting.append(ticket)
        return ticket
    }

    public func nextWork() -> DiskWork? {
        guard inFlight == nil, !waiting.isEmpty else { return nil }
        let work = DiskWork(id: nextWorkID, lane: .write, steps: [])
        nextWorkID += 1
        inFlight = (work.id, waiting)
        waiting = []
        return work
    }

    public func complete(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        guard let finished = inFlight, finished.id == completion.id else {
            preconditionFailure("work \(completion.id) was never handed out, or completed before")
        }
        inFlight = nil
        counters.flushes += 1
        for ticket in finished.tickets { events.append(.barrierCompleted(ticket)) }
    }

    public var statistics: StorageStatistics {
        var figures = counters
        figures.keys = index.count
        figures.totalBytes = counters.liveBytes
        figures.indexBytes = index.bytes
        return figures
    }

    public func checkInvariants() {
        index.checkInvariants()
        precondition(values.count - freePlaces.count == index.count, "a value has no key, or a key no value")
    }
}
