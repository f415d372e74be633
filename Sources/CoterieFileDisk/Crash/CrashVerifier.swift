// What is left of a killed writer's store, after its files were cut back to what was fsynced: every acknowledged batch
// must be there, and the store must be exactly what the batches up to its own number make of it.

import CoteriePrimitives
import CoterieStorage
import NIOCore

/// What a writer has told before it was killed.
public struct CrashTrace: Equatable, Sendable {
    /// The last acknowledged batch; 0 for none.
    public private(set) var acknowledged = 0
    /// Bytes of each file that were fsynced.
    public private(set) var lengths: [String: UInt64] = [:]
    /// A rename that had begun; it may have happened.
    private var renaming: (file: String, target: String)?

    /// Lengths of all files in a directory that nobody has open: what counts as durable when a writer is started on it.
    public static func fileLengths(in directory: String) throws(DiskError) -> [String: UInt64] {
        let disk = try FileDisk(directory: directory)
        var lengths: [String: UInt64] = [:]
        for file in try disk.list() { lengths[file] = try disk.size(of: file) }
        return lengths
    }

    /// Reads the writer's lines; an incomplete last one is left out. `before` are the lengths at the writer's start.
    public init(_ text: String, before: [String: UInt64] = [:]) {
        lengths = before
        for line in text.split(separator: "\n", omittingEmptySubsequences: true).dropLast(text.hasSuffix("\n") ? 0 : 1)
        {
            let words = line.split(separator: " ").map(String.init)
            switch (words.first, words.count) {
            case ("s", 3): lengths[words[1]] = UInt64(words[2])
            case ("r", 3): renaming = (words[1], words[2])
            case ("R", 3):
                lengths[words[2]] = lengths.removeValue(forKey: words[1])
                renaming = nil
            case ("d", 2): lengths[words[1]] = nil
            case ("a", 2): acknowledged = max(acknowledged, Int(words[1]) ?? 0)
            default: break
            }
        }
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.acknowledged == b.acknowledged && a.lengths == b.lengths && a.renaming?.file == b.renaming?.file
    }

    /// Takes from the directory what was not fsynced: bytes behind the fsynced length, files never fsynced. The writer
    /// must be dead. A file about to be removed when the writer died is removed.
    public func cutBack(_ directory: String) throws(DiskError) {
        let disk = try FileDisk(directory: directory)
        var lengths = lengths
        let files = try disk.list()
        if let (file, target) = renaming, !files.contains(file) { lengths[target] = lengths[file] }
        for file in files {
            guard let length = lengths[file] else {
                try disk.remove(file)
                continue
            }
            if try disk.size(of: file) > length { try disk.truncate(file, to: length) }
        }
    }
}

/// What a store should not have shown.
public struct CrashFinding: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
}

/// Follows one store through many crashes.
public struct CrashVerifier: Sendable {
    private let batches: CrashBatches
    private var number = 0
    private var values: [Group: [ByteBuffer: ByteBuffer]] = [:]

    public init(seed: UInt64) { batches = CrashBatches(seed: seed) }

    /// Opens the store and compares it, all of it, with what it must hold. Returns the number of its last batch.
    public mutating func verify(_ directory: String, acknowledged: Int) throws -> Int {
        let disk = try FileDisk(directory: directory)
        let engine = try LogEngine.open(disk: disk, settings: CrashBatches.settings)
        engine.checkInvariants()
        guard engine.openingReport.faults.isEmpty else {
            throw CrashFinding(description: "faults: \(engine.openingReport.faults)")
        }
        let found = CrashBatches.number(in: engine)
        guard found >= max(acknowledged, number) else {
            throw CrashFinding(
                description: "batch \(max(acknowledged, number)) was acknowledged, and the store ends with \(found)")
        }
        while number < found { advance() }
        let groups = values.filter { !$0.value.isEmpty }.keys.sorted()
        guard engine.groups == groups else {
            throw CrashFinding(description: "groups \(engine.groups) instead of \(groups) after batch \(found)")
        }
        for group in groups { try compare(group, engine, disk) }
        return found
    }

    private mutating func advance() {
        number += 1
        for change in batches.batch(number).changes {
            switch change.action {
            case .put(let value): values[change.group, default: [:]][change.key] = value
            case .remove: values[change.group]?[change.key] = nil
            }
        }
    }

    private func compare(_ group: Group, _ engine: LogEngine, _ disk: FileDisk) throws {
        let expected = values[group] ?? [:]
        let keys = engine.keys(in: group, from: ByteBuffer(), limit: .max)
        guard keys == expected.keys.sorted(by: { $0.isOrderedBefore($1) }) else {
            throw CrashFinding(
                description: "\(group) has \(keys.count) keys instead of \(expected.count) after batch \(number)")
        }
        for key in keys {
            var result = engine.get(group, key)
            if case .pending(let ticket) = result {
                var events: [StorageEvent] = []
                while let work = engine.nextWork() { engine.complete(work.perform(on: disk), into: &events) }
                for case .loaded(ticket, let loaded) in events { result = loaded }
            }
            guard let value = expected[key], result == .found(value) else {
                throw CrashFinding(description: "\(group)/\(String(buffer: key)) is \(result) after batch \(number)")
            }
        }
    }
}
