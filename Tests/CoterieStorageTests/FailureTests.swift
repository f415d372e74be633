// Full disks, failing fsyncs, refused openings.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct FailureTests {
    @Test func aFullDiskRefusesWritesKeepsReadsAndRecovers() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit([put("safe", "1")], on: disk)
        disk.faults.capacity = disk.usedBytes + 30
        try engine.apply(Batch([put("stuck", "2"), put("stuck too", "3")]))
        let failed = engine.barrier(.durable)
        let events = engine.settle(on: disk)
        guard case .barrierFailed(failed, .diskFull(let text)) = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(text.contains("0000000001.log"))
        #expect(events.dropFirst() == [.writableChanged(.readOnly(.diskFull(text)))])
        #expect(engine.text("safe") == "1")
        #expect(throws: StorageFailure.diskFull(text)) { try engine.apply(Batch([put("refused", "4")])) }
        #expect(engine.get(group(0), bytes("refused")) == .absent)
        let refused = engine.barrier(.written)
        #expect(engine.settle(on: disk) == [.barrierFailed(refused, .diskFull(text))])

        engine.probeWritable()
        #expect(engine.settle(on: disk).isEmpty, "still full: nothing new to say")
        disk.faults.capacity = nil
        engine.probeWritable()
        #expect(engine.settle(on: disk) == [.writableChanged(.writable)])
        try engine.commit([put("after", "5")], on: disk)
        disk.crash()
        let again = try LogEngine.open(disk: disk, settings: .still)
        #expect(again.openingReport.faults.isEmpty)
        // A failed write is unknown: this one has happened after all, whole and before what came later.
        #expect(again.keyTexts() == ["after", "safe", "stuck", "stuck too"])
    }

    @Test func refusedBatchesProbeAFullDiskBySelf() throws {
        let disk = SimulatedDisk(seed: 1)
        var settings = LogEngine.Settings.still
        settings.refusalsPerProbe = 3
        let engine = try LogEngine.open(disk: disk, settings: settings)
        disk.faults.capacity = 10
        try engine.apply(Batch([put("a", "1")]))
        engine.settle(on: disk)
        disk.faults.capacity = nil
        for _ in 0 ..< 2 {
            #expect(throws: StorageFailure.self) { try engine.apply(Batch([put("b", "1")])) }
            #expect(engine.settle(on: disk).isEmpty)
        }
        #expect(throws: StorageFailure.self) { try engine.apply(Batch([put("b", "1")])) }
        #expect(engine.settle(on: disk) == [.writableChanged(.writable)])
        try engine.apply(Batch([put("b", "1")]))
    }

    @Test func aFullDiskAtAnyByteOfAnyWriteLosesNothing() throws {
        for room in 0 ..< 260 {
            let disk = SimulatedDisk(seed: UInt64(room))
            var settings = LogEngine.Settings.still
            settings.segmentBytes = 256
            let engine = try LogEngine.open(disk: disk, settings: settings)
            try engine.commit([put("safe", "1")], on: disk)
            disk.faults.capacity = disk.usedBytes + room
            var applied: [String] = ["safe"]
            for number in 0 ..< 6 {
                do {
                    try engine.apply(Batch([put("k\(number)", "v"), put("l\(number)", "v")]))
                    applied += ["k\(number)", "l\(number)"]
                } catch {}
                if number % 2 == 0 { engine.settle(on: disk) }
            }
            engine.settle(on: disk)
            #expect(engine.keyTexts() == applied.sorted(), "room \(room)")
            for key in applied { #expect(engine.text(key) != nil, "room \(room)") }
            disk.faults.capacity = nil
            engine.probeWritable()
            engine.settle(on: disk)
            #expect(engine.writability == .writable)
            try engine.commit([put("after", "x")], on: disk)
            disk.crash()
            let again = try LogEngine.open(disk: disk, settings: settings)
            #expect(again.openingReport.faults.isEmpty, "room \(room): \(again.openingReport)")
            #expect(again.keyTexts() == (applied + ["after"]).sorted(), "room \(room)")
        }
    }

    @Test func aStoreOnAFullDiskOpensAndReads() throws {
        let disk = SimulatedDisk(seed: 1)
        try LogEngine.open(disk: disk, settings: .still).commit([put("a", "1"), put("b", "2")], on: disk)
        disk.faults.capacity = disk.usedBytes
        let engine = try LogEngine.open(disk: disk, settings: .still)
        engine.settle(on: disk)
        #expect(engine.text("a") == "1")
        guard case .readOnly(.diskFull) = engine.writability else {
            Issue.record("\(engine.writability)")
            return
        }
    }

    @Test func aFailedFsyncEndsWritingUntilTheStoreIsOpenedAnew() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit([put("safe", "1")], on: disk)
        disk.faults.failingFsyncs = 1000
        try engine.apply(Batch([put("doubtful", "2")]))
        let failed = engine.barrier(.durable)
        let events = engine.settle(on: disk)
        guard case .barrierFailed(failed, .io) = events.first else {
            Issue.record("\(events)")
            return
        }
        disk.faults.failingFsyncs = 0
        engine.probeWritable()
        #expect(engine.settle(on: disk).isEmpty)
        #expect(throws: StorageFailure.self) { try engine.apply(Batch([put("late", "3")])) }
        #expect(engine.text("safe") == "1" && engine.text("doubtful") == "2")
        let fsyncs = disk.operations.fsyncs
        _ = engine.barrier(.durable)
        engine.settle(on: disk)
        #expect(disk.operations.fsyncs == fsyncs, "a failed fsync is not repeated")
    }

    @Test("INV 28: what a failed fsync dropped is written anew before it is acknowledged")
    func afterAFailedFsyncTheDoubtfulTailIsWrittenAnew() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit([put("safe", "1")], on: disk)
        disk.faults.failingFsyncs = 1000
        try engine.apply(Batch([put("doubtful", "2")]))
        _ = engine.barrier(.durable)
        engine.settle(on: disk)
        disk.faults.failingFsyncs = 0
        // The page cache still shows it, and the next fsync of that file will lie.
        let again = try LogEngine.open(disk: disk, settings: .still)
        #expect(again.text("doubtful") == "2")
        try again.commit([put("more", "3")], on: disk)
        disk.crash()
        let last = try LogEngine.open(disk: disk, settings: .still)
        #expect(last.text("safe") == "1" && last.text("doubtful") == "2" && last.text("more") == "3")
    }

    @Test("INV 28: and a copy that was torn by another crash is made again")
    func aTornCopyOfTheDoubtfulTailIsMadeAgain() throws {
        for torn in 0 ..< 94 {
            let disk = SimulatedDisk(seed: UInt64(torn))
            let engine = try LogEngine.open(disk: disk, settings: .still)
            try engine.commit([put("safe", "1")], on: disk)
            disk.faults.failingFsyncs = 1000
            try engine.apply(Batch([put("doubtful", "2"), put("doubtful too", "3")]))
            _ = engine.barrier(.durable)
            engine.settle(on: disk)
            disk.faults.failingFsyncs = 0
            // Killed while it writes the copy.
            let second = try LogEngine.open(disk: disk, settings: .still)
            guard case .append(let copy, let file) = second.nextWork()?.steps.first else {
                Issue.record("no copy is written")
                return
            }
            #expect(copy.readableBytes > torn)
            try disk.append(try #require(copy.getSlice(at: copy.readerIndex, length: torn)), to: file)
            let third = try LogEngine.open(disk: disk, settings: .still)
            try third.commit([put("more", "4")], on: disk)
            disk.crash()
            let last = try LogEngine.open(disk: disk, settings: .still)
            #expect(last.keyTexts() == ["doubtful", "doubtful too", "more", "safe"], "torn at \(torn)")
            #expect(last.text("doubtful") == "2" && last.text("doubtful too") == "3", "torn at \(torn)")
        }
    }

    @Test func anAppendThatFailsForAnotherReasonIsFinalToo() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        disk.faults.failingAppends = 1000
        try engine.apply(Batch([put("a", "1")]))
        let ticket = engine.barrier(.written)
        guard case .barrierFailed(ticket, .io) = engine.settle(on: disk).first else {
            Issue.record("the barrier did not fail")
            return
        }
        #expect(engine.text("a") == "1")
    }

    @Test func settingsThatContradictEachOtherAreNamed() throws {
        var settings = LogEngine.Settings()
        settings.limits.maxValueBytes = settings.limits.maxBatchBytes + 1
        let disk = SimulatedDisk(seed: 1)
        do {
            _ = try LogEngine.open(disk: disk, settings: settings)
            Issue.record("opened")
        } catch {
            #expect(error.description.contains("maxValueBytes"), "\(error)")
        }
        settings = LogEngine.Settings()
        settings.segmentBytes = 0
        #expect(throws: StorageOpenError.settings("segmentBytes is 0; it must lie in 256 ... 1073741824")) {
            try LogEngine.open(disk: disk, settings: settings)
        }
    }

    @Test func foreignFilesAreLeftAlone() throws {
        let disk = SimulatedDisk(seed: 1)
        disk.place(Array("hello".utf8), in: "README")
        disk.place(Array("hello".utf8), in: "00000001.log")
        let engine = try LogEngine.open(disk: disk, settings: .tiny)
        for number in 0 ..< 100 { try engine.commit([put("k", "\(number)")], on: disk) }
        _ = try LogEngine.open(disk: disk, settings: .tiny)
        #expect(disk.content(of: "README") == Array("hello".utf8))
        #expect(disk.content(of: "00000001.log") == Array("hello".utf8))
    }

    @Test func rottenMetadataRefusesToOpenAndSaysWhatToDo() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit([], metadata: [.init(name: "layout", value: bytes("epoch 7"))], on: disk)
        try engine.commit([put("a", "1")], on: disk)
        let content = try #require(disk.content(of: "0000000001.log"))
        let place = try #require(
            (0 ..< content.count - 5).first { Array(content[$0 ..< $0 + 5]) == Array("epoch".utf8) })
        disk.rot("0000000001.log", at: place)
        do {
            _ = try LogEngine.open(disk: disk, settings: .still)
            Issue.record("opened")
        } catch {
            guard case .corruptMetadata("layout", let fault) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(fault.file == "0000000001.log")
            #expect(error.description.contains("layout") && error.description.contains("empty it"))
        }
    }
}
