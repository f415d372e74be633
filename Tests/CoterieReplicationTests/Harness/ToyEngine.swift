// A store for tests of the machine: a dictionary, a barrier that completes when its disk work is performed, and knobs
// for what a disk may do to its owner.

import CoteriePrimitives
import CoterieStorage
import NIOCore

final class ToyEngine: StorageEngine {
    private struct Place: Hashable {
        let group: Group
        let key: ByteBuffer
    }

    private var values: [Place: ByteBuffer] = [:]
    private var records: [String: ByteBuffer] = [:]
    private var nextTicket: UInt64 = 0
    private var waiting: [BarrierTicket] = []
    private var inFlight: [UInt64: [BarrierTicket]] = [:]
    /// What a read found when it began, as a disk's would.
    private var loads: [UInt64: (LoadTicket, ReadResult)] = [:]
    private var reads: [DiskWork] = []
    private(set) var appliedBatches = 0
    /// Every record, as replay would meet it.
    private(set) var log: [ReplayedRecord] = []

    /// Reads go through the disk.
    var readsAreSlow = false
    /// Keys whose record cannot be read.
    var corrupt: Set<ByteBuffer> = []
    /// Groups whose content is not what was stored.
    var disagreeing: Set<Group> = []
    /// What is told with the next work that is done.
    var announcements: [StorageEvent] = []
    /// What `apply` throws.
    var refusal: StorageFailure?
    /// What the next barriers fail with.
    var barrierFailure: StorageFailure?

    func get(_ group: Group, _ key: ByteBuffer) -> ReadResult {
        if readsAreSlow, values[Place(group: group, key: key)] != nil {
            nextTicket += 1
            let ticket = LoadTicket(rawValue: nextTicket)
            loads[nextTicket] = (ticket, now(Place(group: group, key: key)))
            reads.append(DiskWork(id: nextTicket, lane: .read, steps: []))
            return .pending(ticket)
        }
        return now(Place(group: group, key: key))
    }

    private func now(_ place: Place) -> ReadResult {
        if corrupt.contains(place.key) {
            return .corrupt(RecordFault(file: "toy", offset: 0, reason: "told so"))
        }
        return values[place].map { .found($0) } ?? .absent
    }

    func keys(in group: Group, from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        let keys = values.keys.filter { $0.group == group && !$0.key.isOrderedBefore(start) }.map(\.key)
        return Array(keys.sorted { $0.isOrderedBefore($1) }.prefix(limit))
    }

    func count(in group: Group) -> Int { values.keys.count { $0.group == group } }
    func audit(_ group: Group) -> Bool { disagreeing.remove(group) == nil }
    var groups: [Group] { Set(values.keys.map(\.group)).sorted() }
    func metadata(_ name: String) -> ByteBuffer? { records[name] }

    func apply(_ batch: Batch) throws(StorageFailure) {
        if let refusal { throw refusal }
        appliedBatches += 1
        for change in batch.changes {
            let place = Place(group: change.group, key: change.key)
            log.append(
                ReplayedRecord(
                    group: change.group, key: change.key, isRemoval: change.action == .remove, note: change.note))
            switch change.action {
            case .put(let value):
                values[place] = value
                corrupt.remove(change.key)
            case .remove: values[place] = nil
            }
        }
        for change in batch.metadata {
            records[change.name] = change.value.readableBytes == 0 ? nil : change.value
        }
    }

    func barrier(_ strength: BarrierStrength) -> BarrierTicket {
        nextTicket += 1
        waiting.append(BarrierTicket(rawValue: nextTicket))
        return BarrierTicket(rawValue: nextTicket)
    }

    func nextWork() -> DiskWork? {
        if let read = reads.popLast() { return read }
        guard !waiting.isEmpty, inFlight.isEmpty else { return nil }
        nextTicket += 1
        inFlight[nextTicket] = waiting
        waiting = []
        return DiskWork(id: nextTicket, lane: .write, steps: [])
    }

    func complete(_ completion: DiskCompletion, into events: inout [StorageEvent]) {
        events += announcements
        announcements = []
        if let (ticket, result) = loads.removeValue(forKey: completion.id) {
            events.append(.loaded(ticket, result))
        }
        for ticket in inFlight.removeValue(forKey: completion.id) ?? [] {
            if let barrierFailure {
                events.append(.barrierFailed(ticket, barrierFailure))
            } else {
                events.append(.barrierCompleted(ticket))
            }
        }
    }

    /// As its directory is now.
    func backup() -> ToyEngine {
        let copy = ToyEngine()
        copy.values = values
        copy.records = records
        copy.log = log
        return copy
    }

    /// A record goes silently, as under a torn tail that was rot.
    func lose(_ group: Group, _ key: ByteBuffer) { values[Place(group: group, key: key)] = nil }

    /// Nothing tells any more which events the records stand for.
    func loseNotes() { log = [] }

    /// What a restarted process finds: nothing is under way.
    func restart() {
        waiting = []
        inFlight = [:]
        loads = [:]
        reads = []
    }

    var statistics: StorageStatistics { StorageStatistics() }
    func checkInvariants() {}
}
