// INV 1, 26: rot is found and reported; a broken record is `.corrupt`, never absent, and no older record takes its
// place.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct RotTests {
    /// Several small segments: every key written twice in different ones, removals, metadata; the last segment has a
    /// proven part (below its mark) and a last flush above it.
    private func store(withCheckpoint: Bool) throws -> (SimulatedDisk, Contents) {
        let disk = SimulatedDisk(seed: 3)
        var settings = LogEngine.Settings.still
        settings.segmentBytes = 256
        let engine = try LogEngine.open(disk: disk, settings: settings)
        for key in ["a", "b", "c", "d"] { try engine.commit([put(key, "old \(key)"), put("x" + key, "1")], on: disk) }
        try engine.commit([put("a", "new a")], metadata: [.init(name: "m", value: bytes("m1"))], on: disk)
        try engine.commit([remove("b"), put("c", "new c")], on: disk)
        if withCheckpoint {
            engine.requestCheckpoint()
            engine.settle(on: disk)
        }
        try engine.commit([put("a", "newest a"), put("e", "e")], on: disk)
        try engine.commit([remove("d")], metadata: [.init(name: "m", value: bytes("m2"))], on: disk)
        var broken: Set<String> = []
        let contents = Contents(of: engine, on: disk, broken: &broken)
        #expect(broken.isEmpty)
        return (disk, contents)
    }

    /// Opens a damaged store. Nil where opening refuses for its metadata.
    private func open(_ disk: SimulatedDisk) throws -> LogEngine? {
        do {
            return try LogEngine.open(disk: disk, settings: .still)
        } catch StorageOpenError.corruptMetadata {
            return nil
        }
    }

    /// What must hold of a store with one damaged byte.
    private func check(_ engine: LogEngine, _ expected: Contents, _ disk: SimulatedDisk, _ place: Comment) {
        engine.checkInvariants()
        guard !engine.openingReport.hasUnknownLosses else { return }
        var broken: Set<String> = []
        var found = Contents(of: engine, on: disk, broken: &broken)
        // What is broken is known by name; everything else is as it was.
        for name in broken { found.values[name] = expected.values[name] }
        #expect(found == expected, place)
    }

    private func copy(_ disk: SimulatedDisk) throws -> SimulatedDisk {
        let copy = SimulatedDisk(seed: 4)
        for file in try disk.list() { copy.place(try #require(disk.content(of: file)), in: file) }
        return copy
    }

    @Test(arguments: [false, true])
    func aFlippedBitAnywhereInASealedSegmentIsNeverAWrongAnswer(withCheckpoint: Bool) throws {
        let (disk, expected) = try store(withCheckpoint: withCheckpoint)
        let segments = try disk.list().filter { $0.hasSuffix(".log") }
        #expect(segments.count >= 3)
        for file in segments.dropLast() {
            for place in try #require(disk.content(of: file)).indices {
                let damaged = try copy(disk)
                damaged.rot(file, at: place)
                guard let engine = try open(damaged) else { continue }
                check(engine, expected, damaged, "\(file) at \(place)")
                #expect(engine.openingReport.cutBytes == 0, "\(file) at \(place)")
                if !withCheckpoint { #expect(!engine.openingReport.faults.isEmpty, "\(file) at \(place)") }
            }
        }
    }

    @Test func rotBelowTheMarkOfTheLastSegmentIsRotAndAboveItATornTail() throws {
        let (disk, expected) = try store(withCheckpoint: false)
        let file = try #require(try disk.list().filter { $0.hasSuffix(".log") }.last)
        let content = try #require(disk.content(of: file))
        let reader = RecordReader(segment: try #require(LogFormat.segment(of: file)), base: 0)
        var proven = 0
        content.withUnsafeBytes { raw in
            var place = 32
            while case .record(let record) = reader.parse(raw, at: place) {
                if record.head.kind == .mark { proven = max(proven, record.head.valueLength) }
                place = record.end
            }
        }
        #expect(proven > 32)
        for place in content.indices {
            let damaged = try copy(disk)
            damaged.rot(file, at: place)
            guard let engine = try open(damaged) else { continue }
            if engine.openingReport.cutBytes > 0 {
                // The batch above the mark, and nothing else, is gone; or the mark itself was hit, and proves nothing
                // any more.
                #expect(engine.text("b") == nil)
                #expect(place >= 32)
            } else {
                check(engine, expected, damaged, "at \(place)")
                #expect(!engine.openingReport.faults.isEmpty, "at \(place)")
            }
            if place < proven {
                #expect(engine.openingReport.cutBytes < content.count - place, "at \(place) below the mark")
            }
        }
    }

    @Test func aSegmentCutShortIsReportedAtEveryLength() throws {
        let (disk, _) = try store(withCheckpoint: false)
        let segments = try disk.list().filter { $0.hasSuffix(".log") }
        for file in segments.dropLast() {
            let content = try #require(disk.content(of: file))
            for length in content.indices {
                let damaged = try copy(disk)
                damaged.place(Array(content.prefix(length)), in: file)
                guard let engine = try open(damaged) else { continue }
                #expect(engine.openingReport.hasUnknownLosses, "\(file) cut to \(length)")
                engine.checkInvariants()
            }
        }
    }

    @Test func theLastSegmentCutAnywhereLeavesAPrefixOfItsBatches() throws {
        let disk = SimulatedDisk(seed: 5)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        var states = [Contents()]
        for number in 1 ... 8 {
            let batch = Batch(
                [put("k\(number % 3)", "v\(number)"), put("l", "w\(number)"), remove("k\((number + 1) % 3)")],
                metadata: [.init(name: "batch", value: bytes("\(number)"))])
            try engine.apply(batch)
            engine.settle(on: disk)
            states.append(states[number - 1])
            states[number].apply(batch)
        }
        let content = try #require(disk.content(of: "0000000001.log"))
        for length in content.indices {
            let cut = SimulatedDisk(seed: 6)
            cut.place(Array(content.prefix(length)), in: "0000000001.log")
            let engine = try LogEngine.open(disk: cut, settings: .still)
            let number = engine.metadata("batch").flatMap { Int(String(buffer: $0)) } ?? 0
            var broken: Set<String> = []
            #expect(Contents(of: engine, on: cut, broken: &broken) == states[number], "cut to \(length)")
            #expect(engine.openingReport.faults.isEmpty)
            // What comes next is not disturbed by what was cut.
            try engine.commit([put("after", "cut")], on: cut)
            let again = try LogEngine.open(disk: cut, settings: .still)
            #expect(again.text("after") == "cut")
            #expect(again.metadata("batch") == engine.metadata("batch"))
            #expect(again.openingReport.faults.isEmpty)
        }
    }

    @Test func rotUnderACheckpointIsCorruptOnReadAndAPutRepairsIt() throws {
        let (disk, _) = try store(withCheckpoint: true)
        let content = try #require(disk.content(of: "0000000001.log"))
        // “xa” was written once, in the first segment, and its value is one byte: “1”.
        let place = try #require((0 ..< content.count - 3).first { Array(content[$0 ..< $0 + 3]) == Array("xa1".utf8) })
        disk.rot("0000000001.log", at: place + 2)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        #expect(engine.openingReport.usedCheckpoint && engine.openingReport.faults.isEmpty)
        guard case .corrupt(let fault) = engine.get(group(0), bytes("xa")) else {
            Issue.record("the rot was not found")
            return
        }
        #expect(fault.file == "0000000001.log" && fault.offset == UInt64(place - 20) && fault.extent == .knownKeys)
        #expect(engine.keyTexts().contains("xa"))
        try engine.commit([put("xa", "repaired")], on: disk)
        #expect(engine.text("xa") == "repaired")
    }

    @Test func compactionKeepsWhatItCannotReadAndLetsItGoOnceItIsReplaced() throws {
        let disk = SimulatedDisk(seed: 8)
        var settings = LogEngine.Settings.tiny
        settings.segmentBytes = 600
        let engine = try LogEngine.open(disk: disk, settings: settings)
        try engine.commit([put("rotten", "value-that-rots"), put("sound", "value")], on: disk)
        let content = try #require(disk.content(of: "0000000001.log"))
        let place = try #require(
            (0 ..< content.count - 5).first { Array(content[$0 ..< $0 + 5]) == Array("value".utf8) })
        disk.rot("0000000001.log", at: place)
        var faults: [RecordFault] = []
        for number in 0 ..< 200 {
            try engine.apply(Batch([put("churn", "\(number) " + String(repeating: "x", count: 40))]))
            _ = engine.barrier(.durable)
            for event in engine.settle(on: disk) { if case .faultFound(let fault) = event { faults.append(fault) } }
        }
        #expect(engine.statistics.compactions > 3)
        #expect(faults.map(\.file).contains("0000000001.log"))
        #expect(try disk.list().contains("0000000001.log"), "what keys point at stays")
        guard case .corrupt = engine.get(group(0), bytes("rotten")) else {
            Issue.record("a rotten record became \(engine.get(group(0), bytes("rotten")))")
            return
        }
        #expect(engine.text("sound") == "value")
        let again = try LogEngine.open(disk: disk, settings: settings)
        guard case .corrupt = again.get(group(0), bytes("rotten")) else {
            Issue.record("after reopening, a rotten record became \(again.get(group(0), bytes("rotten")))")
            return
        }
        try again.commit([put("rotten", "repaired")], on: disk)
        for number in 0 ..< 200 {
            try again.commit([put("churn", "\(number) " + String(repeating: "x", count: 40))], on: disk)
        }
        #expect(try !disk.list().contains("0000000001.log"), "and goes when they do not")
        #expect(again.text("rotten") == "repaired")
        again.checkInvariants()
    }

    @Test func aBrokenCheckpointIsIgnoredWhereverItsBitFlipsOrItEnds() throws {
        let (disk, expected) = try store(withCheckpoint: true)
        let content = try #require(disk.content(of: "index.checkpoint"))
        for place in stride(from: 0, to: content.count, by: 3) {
            for cuts in [false, true] {
                let damaged = try copy(disk)
                if cuts {
                    damaged.place(Array(content.prefix(place)), in: "index.checkpoint")
                } else {
                    damaged.rot("index.checkpoint", at: place)
                }
                let engine = try LogEngine.open(disk: damaged, settings: .still)
                #expect(!engine.openingReport.usedCheckpoint, "at \(place)")
                #expect(engine.openingReport.faults.map(\.extent) == [.nothing], "at \(place)")
                check(engine, expected, damaged, "at \(place)")
            }
        }
    }

    @Test func aMissingSegmentIsNoticedWithAndWithoutACheckpoint() throws {
        for withCheckpoint in [false, true] {
            let (disk, _) = try store(withCheckpoint: withCheckpoint)
            let segments = try disk.list().filter { $0.hasSuffix(".log") }
            for file in segments.dropLast() {
                let damaged = try copy(disk)
                try damaged.remove(file)
                guard let engine = try open(damaged) else { continue }
                #expect(!engine.openingReport.faults.isEmpty, "\(file), checkpoint \(withCheckpoint)")
                engine.checkInvariants()
                if !engine.openingReport.hasUnknownLosses {
                    // Every key that lived there is known, and lost.
                    var broken: Set<String> = []
                    _ = Contents(of: engine, on: damaged, broken: &broken)
                    #expect(!broken.isEmpty || engine.statistics.liveBytes > 0)
                }
            }
        }
    }

    @Test func unreadableSectorsAreRotToo() throws {
        let (disk, expected) = try store(withCheckpoint: true)
        disk.faults.failingReads = 400
        disk.faults.blockingReads = 1000
        var refused = 0
        for _ in 0 ..< 60 {
            do throws(StorageOpenError) {
                let engine = try LogEngine.open(disk: disk, settings: .still)
                engine.checkInvariants()
                for (name, value) in expected.values where !engine.openingReport.hasUnknownLosses {
                    guard let key = name.split(separator: "/").last.map(String.init) else { continue }
                    guard case .pending(let ticket) = engine.get(group(0), bytes(key)) else { continue }
                    for event in engine.settle(on: disk) {
                        guard case .loaded(ticket, let result) = event else { continue }
                        if case .found(let found) = result { #expect(String(buffer: found) == value) }
                        #expect(result != .absent)
                    }
                }
            } catch {
                refused += 1
            }
        }
        #expect(refused < 60)
    }
}
