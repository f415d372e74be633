// What the storage tests share: tiny words for groups, keys and batches, and a driver that performs an engine's work.

import CoterieFileDisk
import CoteriePrimitives
import CoterieSimulation
import CoterieStorage
import NIOCore

func group(_ partition: UInt16, n: UInt8 = 3) -> Group { Group(partition: PartitionIndex(partition), n: n) }

func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

func put(_ key: String, _ value: String, in partition: UInt16 = 0, note: String = "") -> Change {
    Change(group: group(partition), key: bytes(key), action: .put(bytes(value)), note: bytes(note))
}

func remove(_ key: String, in partition: UInt16 = 0, note: String = "") -> Change {
    Change(group: group(partition), key: bytes(key), action: .remove, note: bytes(note))
}

extension StorageEngine {
    func text(_ key: String, in partition: UInt16 = 0) -> String? {
        if case .found(let value) = get(group(partition), bytes(key)) { return String(buffer: value) }
        return nil
    }

    func keyTexts(in partition: UInt16 = 0, from start: String = "", limit: Int = .max) -> [String] {
        keys(in: group(partition), from: bytes(start), limit: limit).map { String(buffer: $0) }
    }

    /// Performs all work there is until none is left. Returns what came of it.
    @discardableResult
    func settle(on disk: (any Disk)?) -> [StorageEvent] {
        var events: [StorageEvent] = []
        while let work = nextWork() {
            let completion: DiskCompletion
            if let disk {
                completion = work.perform(on: disk)
            } else {
                precondition(work.steps.isEmpty, "an engine without a disk has work for one")
                completion = DiskCompletion(id: work.id, outcome: .done([]))
            }
            complete(completion, into: &events)
        }
        return events
    }

    /// Applies a batch and waits until it is durable.
    func commit(_ changes: [Change], metadata: [MetadataChange] = [], on disk: any Disk) throws {
        try apply(Batch(changes, metadata: metadata))
        let ticket = barrier(.durable)
        let events = settle(on: disk)
        precondition(events.contains(.barrierCompleted(ticket)), "the barrier did not complete: \(events)")
    }
}

extension LogEngine.Settings {
    /// Small enough that a few hundred records seal segments, write checkpoints and compact.
    static var tiny: Self {
        var settings = Self()
        settings.segmentBytes = 2048
        settings.compactionStepBytes = 512
        settings.checkpointBytes = 4096
        settings.checkpointShare = 0
        settings.checkpointStepBytes = 256
        settings.refusalsPerProbe = 4
        settings.smallSegmentLimit = 4
        return settings
    }

    /// Nothing in the background.
    static var still: Self {
        var settings = Self()
        settings.compactionDeadPercent = 100
        settings.smallSegmentLimit = 1_000_000
        settings.checkpointBytes = 1 << 40
        return settings
    }
}

/// All that a store holds, as text.
struct Contents: Equatable, CustomStringConvertible {
    var values: [String: String] = [:]
    var metadata: [String: String] = [:]

    init() {}

    /// Reads everything; `broken` collects keys whose record cannot be read back.
    init(of engine: any StorageEngine, on disk: any Disk, broken: inout Set<String>) {
        for group in engine.groups {
            for key in engine.keys(in: group, from: ByteBuffer(), limit: .max) {
                let name = "\(group)/\(String(buffer: key))"
                var result = engine.get(group, key)
                if case .pending(let ticket) = result {
                    for event in engine.settle(on: disk) {
                        if case .loaded(ticket, let loaded) = event { result = loaded }
                    }
                }
                switch result {
                case .found(let value): values[name] = String(buffer: value)
                case .corrupt: broken.insert(name)
                case .absent, .pending: preconditionFailure("\(name) is listed and reads as \(result)")
                }
            }
        }
        if let log = engine as? LogEngine {
            for name in log.metadataNames { metadata[name] = log.metadata(name).map { String(buffer: $0) } }
        }
    }

    mutating func apply(_ batch: Batch) {
        for change in batch.changes {
            let name = "\(change.group)/\(String(buffer: change.key))"
            switch change.action {
            case .put(let value): values[name] = String(buffer: value)
            case .remove: values[name] = nil
            }
        }
        for change in batch.metadata {
            metadata[change.name] = change.value.readableBytes == 0 ? nil : String(buffer: change.value)
        }
    }

    var description: String {
        (values.sorted { $0.key < $1.key } + metadata.sorted { $0.key < $1.key })
            .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
}
