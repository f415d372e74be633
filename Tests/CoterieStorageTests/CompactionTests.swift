// Compaction, checkpoints, removals, and what replay hands to the owner.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct CompactionTests {
    @Test func overwritingForEverTakesBoundedSpace() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .tiny)
        var largest = 0
        for number in 0 ..< 2_000 {
            try engine.apply(Batch([put("k\(number % 20)", "\(number) " + String(repeating: "x", count: 40))]))
            if number % 4 == 0 { _ = engine.barrier(.durable) }
            engine.settle(on: disk)
            largest = max(largest, disk.usedBytes)
        }
        engine.checkInvariants()
        // About 1.5 kB live; segments of 2 kB, a checkpoint each 4 kB.
        #expect(largest < 24_000, "\(largest) bytes")
        #expect(engine.statistics.compactions > 20)
        let again = try LogEngine.open(disk: disk, settings: .tiny)
        #expect(again.openingReport.faults.isEmpty)
        for number in 1_980 ..< 2_000 { #expect(again.text("k\(number % 20)")?.hasPrefix("\(number) ") == true) }
    }

    /// What bounds compaction instead of a node's budget for background work: it follows what is stored, and where nothing is
    /// stored it comes to rest.
    @Test func compactionReadsNoMoreThanItsShareOfWhatIsStored() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = LogEngine.Settings.tiny
        // It wants to read far more than it may.
        settings.compactionDeadPercent = 10
        settings.compactionReadShare = 1
        let engine = try LogEngine.open(disk: disk, settings: settings)
        func settle() -> Int {
            var read = 0
            var events: [StorageEvent] = []
            while let work = engine.nextWork() {
                for case .read(_, _, let count) in work.steps where work.lane == .background { read += count }
                engine.complete(work.perform(on: disk), into: &events)
            }
            return read
        }
        var (stored, read) = (0, 0)
        for number in 0 ..< 2_000 {
            let change = put("k\(number % 20)", "\(number) " + String(repeating: "x", count: 40))
            try engine.apply(Batch([change]))
            // The key, the value, and a record's head with its checksum.
            stored += 120
            if number % 4 == 0 { _ = engine.barrier(.durable) }
            read += settle()
            #expect(read <= stored * settings.compactionReadShare + settings.compactionStepBytes)
        }
        #expect(read > stored / 4, "it has to read \(stored) bytes' dead segments")
        _ = engine.barrier(.durable)
        let last = settle()
        #expect(last <= 4 * settings.segmentBytes + settings.compactionStepBytes)
        for _ in 0 ..< 100 {
            _ = engine.barrier(.durable)
            #expect(settle() == 0)
        }
    }

    @Test func removingEverythingGivesItsSpaceBack() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .tiny)
        for number in 0 ..< 300 { try engine.commit([put("k\(number)", "value \(number)")], on: disk) }
        for number in 0 ..< 300 { try engine.commit([remove("k\(number)")], on: disk) }
        for number in 0 ..< 300 { try engine.commit([put("other", "\(number)")], on: disk) }
        engine.checkInvariants()
        #expect(engine.statistics.keys == 1)
        #expect(disk.usedBytes < 24_000, "\(disk.usedBytes) bytes for one key: \(engine.statistics)")
    }

    /// As a store's deletes go: written, overwritten by a marker, removed with a note. What is left does not depend on how
    /// many there were.
    @Test(arguments: [300, 3_000]) func anyNumberOfRemovalsLeavesNoMoreThanAConstant(count: Int) throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .tiny)
        for number in 0 ..< count {
            try engine.commit([put("k\(number)", "a value of some length \(number)")], on: disk)
        }
        for number in 0 ..< count { try engine.commit([put("k\(number)", "marker")], on: disk) }
        for number in 0 ..< count {
            let note = ByteBuffer(repeating: 3, count: 20)
            let gone = Change(group: group(0), key: bytes("k\(number)"), action: .remove, note: note)
            try engine.commit([gone], on: disk)
        }
        engine.requestCheckpoint()
        engine.settle(on: disk)
        engine.checkInvariants()
        #expect(engine.statistics.keys == 0)
        // An empty store has a segment of 2 kB at most, and a checkpoint.
        #expect(disk.usedBytes < 16_000, "\(disk.usedBytes) bytes for nothing: \(engine.statistics)")
        let again = try LogEngine.open(disk: disk, settings: .tiny)
        #expect(again.count(in: group(0)) == 0)
    }

    @Test("L6: a removal outlives the older puts of its key, also when the checkpoint is lost")
    func aRemovalIsNotDroppedWhileAnOlderSegmentMayHoldThePut() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = LogEngine.Settings.tiny
        settings.segmentBytes = 440
        settings.smallSegmentLimit = 1_000
        let engine = try LogEngine.open(disk: disk, settings: settings)
        // The first segment: the doomed put among live ones, so that it is never worth compacting.
        try engine.commit(
            [put("doomed", "must not come back")] + (0 ..< 8).map { put("cold\($0)", "a value that stays") }, on: disk)
        try engine.commit([remove("doomed")], on: disk)
        #expect(engine.segments[2]?.removalBytes ?? 0 > 0, "the removal lies in the second segment")
        for number in 0 ..< 400 {
            try engine.commit([put("churn", "\(number) " + String(repeating: "x", count: 60))], on: disk)
        }
        #expect(engine.statistics.compactions > 0)
        let files = try disk.list()
        #expect(files.contains("0000000001.log"), "the put is still there: \(files)")
        #expect(!files.contains("0000000002.log"), "the removal's first segment is gone: \(files)")
        try disk.remove("index.checkpoint")
        let again = try LogEngine.open(disk: disk, settings: settings)
        #expect(again.get(group(0), bytes("doomed")) == .absent)
        #expect(again.count(in: group(0)) == 9)
    }

    @Test("L5: no segment goes before a checkpoint is durable that was taken after it was drained")
    func aSegmentWaitsForTheCheckpoint() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = LogEngine.Settings.tiny
        settings.checkpointBytes = 1 << 40
        let engine = try LogEngine.open(disk: disk, settings: settings)
        for number in 0 ..< 400 {
            try engine.commit([put("k\(number % 5)", String(repeating: "x", count: 60))], on: disk)
        }
        #expect(engine.segments.all.contains { $0.state == .drained })
        #expect(disk.operations.removals == 0)
        engine.requestCheckpoint()
        var isRenamed = false
        while let work = engine.nextWork() {
            for step in work.steps {
                if case .rename = step {
                    isRenamed = true
                    #expect(engine.queue.durableEnd == engine.queue.appliedEnd)
                }
                if case .remove(let file) = step, file.hasSuffix(".log") { #expect(isRenamed) }
            }
            var events: [StorageEvent] = []
            engine.complete(work.perform(on: disk), into: &events)
        }
        #expect(disk.operations.removals > 1)
        #expect(!engine.segments.all.contains { $0.state == .drained })
    }

    @Test func aCheckpointIsNotRenamedBeforeTheLogIsDurable() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.apply(Batch([put("a", "1")]))
        engine.settle(on: disk)
        #expect(disk.fsyncedLength(of: "0000000001.log") == 0)
        engine.requestCheckpoint()
        engine.settle(on: disk)
        #expect(disk.fsyncedLength(of: "0000000001.log") > 0)
        #expect(disk.content(of: "index.checkpoint") != nil)
        disk.crash()
        let again = try LogEngine.open(disk: disk, settings: .still)
        #expect(again.openingReport.usedCheckpoint && again.openingReport.replayedBytes == 0)
        #expect(again.text("a") == "1")
    }

    @Test func writingGoesOnWhileACheckpointIsWritten() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = LogEngine.Settings.still
        settings.checkpointStepBytes = 64
        let engine = try LogEngine.open(disk: disk, settings: settings)
        for number in 0 ..< 200 { try engine.apply(Batch([put("k\(number)", "old")])) }
        engine.settle(on: disk)
        engine.requestCheckpoint()
        var pieces = 0
        while let work = engine.nextWork() {
            if case .append(_, file: "index.new") = work.steps.last {
                try engine.apply(
                    Batch([put("k\(pieces * 7 % 200)", "new \(pieces)"), remove("k\(pieces * 11 % 200)")]))
                pieces += 1
            }
            var events: [StorageEvent] = []
            engine.complete(work.perform(on: disk), into: &events)
        }
        #expect(pieces > 2)
        var broken: Set<String> = []
        let expected = Contents(of: engine, on: disk, broken: &broken)
        let again = try LogEngine.open(disk: disk, settings: settings)
        #expect(again.openingReport.usedCheckpoint)
        #expect(Contents(of: again, on: disk, broken: &broken) == expected)
    }

    @Test func manyStartsDoNotLeaveManySegments() throws {
        let disk = SimulatedDisk(seed: 1)
        for number in 0 ..< 100 {
            let engine = try LogEngine.open(disk: disk, settings: .tiny)
            #expect(engine.openingReport.faults.isEmpty)
            try engine.commit([put("k\(number)", "v"), put("same", "\(number)")], on: disk)
            if number % 10 == 9 { engine.requestCheckpoint() }
            engine.settle(on: disk)
        }
        let engine = try LogEngine.open(disk: disk, settings: .tiny)
        #expect(engine.count(in: group(0)) == 101)
        #expect(engine.statistics.segments < 20, "\(engine.statistics)")
    }

    @Test func openingWithoutWritingCreatesNothing() throws {
        let disk = SimulatedDisk(seed: 1)
        for _ in 0 ..< 5 { try LogEngine.open(disk: disk, settings: .tiny).settle(on: disk) }
        #expect(try disk.list().isEmpty)
    }

    @Test func replayHandsOutTheNotesBehindTheCheckpoint() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit([put("a", "1", note: "dot 1"), put("b", "1", note: "dot 2")], on: disk)
        engine.beforeCheckpoint = { [MetadataChange(name: "clock", value: bytes("up to 2"))] }
        engine.requestCheckpoint()
        engine.settle(on: disk)
        try engine.commit([put("a", "2", note: "dot 3")], on: disk)
        try engine.commit([remove("b", note: "dot 4"), put("a", "3", note: "dot 5")], on: disk)
        var replayed: [String] = []
        let again = try LogEngine.open(disk: disk, settings: .still) { replayed.append(String(buffer: $0.note)) }
        #expect(again.metadata("clock") == bytes("up to 2"))
        #expect(replayed == ["dot 3", "dot 4", "dot 5"])
        // Without the checkpoint: everything, and the summary is in the log all the same.
        try disk.remove("index.checkpoint")
        replayed = []
        let full = try LogEngine.open(disk: disk, settings: .still) { replayed.append(String(buffer: $0.note)) }
        #expect(full.metadata("clock") == bytes("up to 2"))
        #expect(Array(replayed.prefix(5)) == ["dot 1", "dot 2", "dot 3", "dot 4", "dot 5"])
    }

    @Test func aRefusedSummaryMeansNoCheckpoint() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = LogEngine.Settings.still
        settings.limits.maxValueBytes = 100
        let engine = try LogEngine.open(disk: disk, settings: settings)
        try engine.commit([put("a", "1", note: "dot 1")], on: disk)
        engine.beforeCheckpoint = { [MetadataChange(name: "clock", value: bytes(String(repeating: "x", count: 101)))] }
        engine.requestCheckpoint()
        engine.settle(on: disk)
        #expect(disk.content(of: "index.checkpoint") == nil)
        _ = engine.barrier(.durable)
        let events = engine.settle(on: disk)
        guard case .faultFound(let fault) = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(fault.extent == .nothing && fault.reason.contains("at most 100"), "\(fault)")
        engine.beforeCheckpoint = nil
        engine.requestCheckpoint()
        #expect(engine.isWorkingInBackground)
        engine.settle(on: disk)
        #expect(!engine.isWorkingInBackground)
        #expect(disk.content(of: "index.checkpoint") != nil)
    }

    @Test("INV 26: every note is in the replay or in a summary taken at a checkpoint, whatever was compacted and lost")
    func noNoteIsLostBetweenSummaryAndReplay() throws {
        let disk = SimulatedDisk(seed: 1)
        var generator = SeededGenerator(seed: 11)
        var known: Set<Int> = []
        var next = 0
        var acknowledged = 0
        for life in 0 ..< 40 {
            if life % 3 == 1 { disk.rot("index.checkpoint") }
            var replayed: Set<Int> = []
            let engine = try LogEngine.open(disk: disk, settings: .tiny) { record in
                if let number = Int(String(buffer: record.note)) { replayed.insert(number) }
            }
            let summary = engine.metadata("clock").map { String(buffer: $0) } ?? ""
            known = Set(summary.split(separator: " ").compactMap { Int($0) }).union(replayed)
            #expect(known.isSuperset(of: 0 ..< acknowledged), "life \(life)")
            next = max(acknowledged, (known.max() ?? -1) + 1)
            engine.beforeCheckpoint = {
                [MetadataChange(name: "clock", value: bytes(known.sorted().map(String.init).joined(separator: " ")))]
            }
            for _ in 0 ..< generator.below(60) {
                try engine.apply(
                    Batch([put("k\(generator.below(6))", String(repeating: "v", count: 30), note: "\(next)")]))
                known.insert(next)
                next += 1
                let ticket = engine.barrier(.durable)
                if generator.chance(2, in: 3), engine.settle(on: disk).contains(.barrierCompleted(ticket)) {
                    acknowledged = next
                }
            }
            disk.crash()
        }
        #expect(acknowledged > 300)
    }
}
