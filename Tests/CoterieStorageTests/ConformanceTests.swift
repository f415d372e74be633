// One suite over every engine.

import CoterieFileDisk
import CoteriePrimitives
import CoterieSimulation
import Foundation
import NIOCore
import Testing

@testable import CoterieStorage

/// An engine under test and what it stands on.
struct Stand {
    enum Kind: CaseIterable, CustomTestStringConvertible {
        case memory, logOnSimulatedDisk, logOnFiles
        var testDescription: String { "\(self)" }
    }
    let engine: any StorageEngine
    let disk: (any Disk)?
    private let directory = TemporaryDirectory()

    init(_ kind: Kind, settings: LogEngine.Settings = .tiny) throws {
        switch kind {
        case .memory:
            disk = nil
            engine = MemoryEngine(limits: settings.limits)
        case .logOnSimulatedDisk:
            let simulated = SimulatedDisk(seed: 7)
            simulated.faults.blockingReads = 300
            disk = simulated
            engine = try LogEngine.open(disk: simulated, settings: settings)
        case .logOnFiles:
            let files = try FileDisk(directory: directory.path)
            disk = files
            engine = try LogEngine.open(disk: files, settings: settings)
        }
    }

    func settle() -> [StorageEvent] { engine.settle(on: disk) }

    /// A read, waiting for the disk if need be.
    func read(_ key: String, in partition: UInt16 = 0) -> ReadResult {
        let result = engine.get(group(partition), bytes(key))
        guard case .pending(let ticket) = result else { return result }
        for event in settle() {
            if case .loaded(ticket, let loaded) = event { return loaded }
        }
        return result
    }

    func text(_ key: String, in partition: UInt16 = 0) -> String? {
        if case .found(let value) = read(key, in: partition) { return String(buffer: value) }
        return nil
    }
}

/// A directory that goes with its owner.
final class TemporaryDirectory {
    let path = NSTemporaryDirectory() + "coterie-storage-\(UUID().uuidString)"
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct ConformanceTests {
    @Test(arguments: Stand.Kind.allCases)
    func whatWasPutIsReadAtOnceAndAfterTheFlush(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        try stand.engine.apply(Batch([put("k", "v1")]))
        #expect(stand.text("k") == "v1")
        _ = stand.settle()
        #expect(stand.text("k") == "v1")
        try stand.engine.apply(Batch([put("k", "v2")]))
        #expect(stand.text("k") == "v2")
        _ = stand.settle()
        #expect(stand.text("k") == "v2")
        stand.engine.checkInvariants()
    }

    @Test(arguments: Stand.Kind.allCases)
    func whatWasRemovedIsAbsentAndMayComeBack(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        try stand.engine.apply(Batch([put("k", "v")]))
        try stand.engine.apply(Batch([remove("k"), remove("never there")]))
        #expect(stand.read("k") == .absent)
        _ = stand.settle()
        #expect(stand.read("k") == .absent)
        #expect(stand.engine.count(in: group(0)) == 0)
        #expect(stand.engine.groups.isEmpty)
        try stand.engine.apply(Batch([put("k", "again")]))
        #expect(stand.text("k") == "again")
    }

    @Test(arguments: Stand.Kind.allCases)
    func withinABatchTheLastChangeOfAKeyWins(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        try stand.engine.apply(Batch([put("a", "1"), remove("a"), put("a", "2"), put("b", "1"), remove("b")]))
        #expect(stand.text("a") == "2")
        #expect(stand.read("b") == .absent)
        #expect(stand.engine.keyTexts() == ["a"])
        _ = stand.settle()
        #expect(stand.text("a") == "2")
        stand.engine.checkInvariants()
    }

    @Test(arguments: Stand.Kind.allCases)
    func keysComeInOrderPerGroupAndSubKeysBehindTheirKey(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        for key in ["b", "a", "ab", "a\u{0}z", "a\u{0}b", "c"] {
            try stand.engine.apply(Batch([put(key, "x", in: 4), put(key, "y", in: 2)]))
        }
        #expect(stand.engine.keyTexts(in: 4) == ["a", "a\u{0}b", "a\u{0}z", "ab", "b", "c"])
        #expect(stand.engine.keyTexts(in: 4, from: "a\u{0}", limit: 2) == ["a\u{0}b", "a\u{0}z"])
        #expect(stand.engine.keyTexts(in: 4, from: "b\u{0}") == ["c"])
        #expect(stand.engine.keyTexts(in: 4, limit: 0).isEmpty)
        #expect(stand.engine.keyTexts(in: 9).isEmpty)
        #expect(stand.engine.groups == [group(2), group(4)])
        #expect(stand.engine.count(in: group(4)) == 6)
        let other = Change(group: group(2, n: 1), key: bytes("own"), action: .put(bytes("1")))
        try stand.engine.apply(Batch([other]))
        #expect(stand.engine.groups == [group(2, n: 1), group(2), group(4)])
    }

    @Test(arguments: Stand.Kind.allCases)
    func metadataIsPutReplacedAndRemovedBesideTheKeys(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        #expect(stand.engine.metadata("layout") == nil)
        try stand.engine.apply(Batch([put("layout", "a key")], metadata: [.init(name: "layout", value: bytes("1"))]))
        #expect(stand.engine.metadata("layout") == bytes("1"))
        try stand.engine.apply(Batch(metadata: [.init(name: "layout", value: bytes("2"))]))
        #expect(stand.engine.metadata("layout") == bytes("2"))
        try stand.engine.apply(Batch(metadata: [.init(name: "layout", value: ByteBuffer())]))
        #expect(stand.engine.metadata("layout") == nil)
        #expect(stand.text("layout") == "a key")
        stand.engine.checkInvariants()
    }

    @Test(arguments: Stand.Kind.allCases)
    func barriersCompleteInOrderAndShareAFlush(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        var tickets: [BarrierTicket] = []
        for number in 0 ..< 5 {
            try stand.engine.apply(Batch([put("k\(number)", "v")]))
            tickets.append(stand.engine.barrier(number % 2 == 0 ? .durable : .written))
        }
        let first = try #require(stand.engine.nextWork())
        #expect(first.lane == .write)
        #expect(stand.engine.nextWork() == nil, "one flush is in flight at a time")
        try stand.engine.apply(Batch([put("late", "v")]))
        let late = stand.engine.barrier(.durable)
        var events: [StorageEvent] = []
        let completion = stand.disk.map { first.perform(on: $0) } ?? DiskCompletion(id: first.id, outcome: .done([]))
        #expect(stand.text("late") == "v")
        stand.engine.complete(completion, into: &events)
        #expect(events == tickets.map { .barrierCompleted($0) })
        #expect(stand.settle() == [.barrierCompleted(late)])
        #expect(stand.engine.statistics.flushes == 2)
    }

    @Test(arguments: Stand.Kind.allCases)
    func aBarrierWithNothingBeforeItCompletes(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        let empty = stand.engine.barrier(.durable)
        #expect(stand.settle() == [.barrierCompleted(empty)])
        try stand.engine.apply(Batch())
        let written = stand.engine.barrier(.written)
        let durable = stand.engine.barrier(.durable)
        #expect(stand.settle() == [.barrierCompleted(written), .barrierCompleted(durable)])
    }

    @Test(arguments: Stand.Kind.allCases)
    func limitsNameWhatWasTooLargeAndNothingIsApplied(kind: Stand.Kind) throws {
        var settings = LogEngine.Settings.tiny
        settings.limits.maxKeyBytes = 8
        settings.limits.maxValueBytes = 100
        settings.limits.maxBatchBytes = 400
        let stand = try Stand(kind, settings: settings)
        let long = String(repeating: "x", count: 101)
        #expect(throws: StorageFailure.keyTooLarge(bytes: 9, limit: 8)) {
            try stand.engine.apply(Batch([put("a", "1"), put("123456789", "v")]))
        }
        #expect(throws: StorageFailure.valueTooLarge(bytes: 101, limit: 100)) {
            try stand.engine.apply(Batch([put("a", "1"), put("b", long)]))
        }
        #expect(throws: StorageFailure.valueTooLarge(bytes: 101, limit: 100)) {
            try stand.engine.apply(Batch([put("a", "1")], metadata: [.init(name: "m", value: bytes(long))]))
        }
        #expect(throws: StorageFailure.valueTooLarge(bytes: 5 * 121, limit: 400)) {
            try stand.engine.apply(Batch((0 ..< 5).map { put("\($0)", String(repeating: "x", count: 100)) }))
        }
        #expect(throws: StorageFailure.valueTooLarge(bytes: 65_536, limit: 65_535)) {
            try stand.engine.apply(Batch([remove("a", note: String(repeating: "n", count: 65_536))]))
        }
        #expect(stand.read("a") == .absent)
        try stand.engine.apply(Batch([put("12345678", String(repeating: "x", count: 100))]))
        #expect(stand.text("12345678")?.count == 100)
    }

    @Test(arguments: Stand.Kind.allCases)
    func aValueIsACopyAndSurvivesItsBuffer(kind: Stand.Kind) throws {
        let stand = try Stand(kind)
        var inbound = ByteBuffer(string: "head-value-tail")
        let value = try #require(inbound.getSlice(at: 5, length: 5))
        let change = Change(group: group(0), key: bytes("k"), action: .put(value))
        try stand.engine.apply(Batch([change]))
        inbound.setString("XXXXXXXXXXXXXXX", at: 0)
        #expect(stand.text("k") == "value")
    }

    @Test(arguments: Stand.Kind.allCases)
    func emptyValuesEmptyKeysAndLargeValuesAreValues(kind: Stand.Kind) throws {
        var settings = LogEngine.Settings.tiny
        settings.limits.maxValueBytes = 1 << 20
        let stand = try Stand(kind, settings: settings)
        let large = String(repeating: "0123456789abcdef", count: 10_000)
        try stand.engine.apply(Batch([put("", "empty key"), put("empty", ""), put("large", large)]))
        for _ in 0 ..< 2 {
            #expect(stand.text("") == "empty key")
            #expect(stand.text("empty") == "")
            #expect(stand.text("large") == large)
            _ = stand.settle()
        }
        #expect(stand.engine.keyTexts() == ["", "empty", "large"])
    }

    @Test(arguments: Stand.Kind.allCases, [UInt64(1), 2, 3])
    func randomBatchesGiveTheSameAsADictionary(kind: Stand.Kind, seed: UInt64) throws {
        let stand = try Stand(kind)
        var generator = SeededGenerator(seed: seed)
        var model: [String: String] = [:]
        for step in 0 ..< 600 {
            var changes: [Change] = []
            for _ in 0 ... generator.below(4) {
                let key = "key\(generator.below(60))"
                if generator.chance(1, in: 4) {
                    changes.append(remove(key, note: "n\(step)"))
                    model[key] = nil
                } else {
                    let value = String(repeating: "\(step),", count: 1 + generator.below(20))
                    changes.append(put(key, value, note: "n\(step)"))
                    model[key] = value
                }
            }
            try stand.engine.apply(Batch(changes))
            if generator.chance(1, in: 3) { _ = stand.settle() }
            let probe = "key\(generator.below(60))"
            #expect(stand.text(probe) == model[probe], "seed \(seed), step \(step)")
        }
        _ = stand.settle()
        stand.engine.checkInvariants()
        #expect(stand.engine.keyTexts() == model.keys.sorted())
        #expect(stand.engine.statistics.keys == model.count)
        for (key, value) in model { #expect(stand.text(key) == value, "seed \(seed)") }
    }
}
