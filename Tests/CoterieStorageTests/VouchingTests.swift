// INV 26: what the index points at is a function of what was stored; where it is not, it is noticed.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct VouchingTests {
    private func settings(segmentBytes: Int = 1 << 20) -> LogEngine.Settings {
        var settings = LogEngine.Settings.still
        settings.segmentBytes = segmentBytes
        return settings
    }

    /// Three batches of equal length in one segment, and a mark behind the second one.
    private func store(second: String) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: settings())
        for value in ["one", second, "six"] { try engine.commit([put("k", value), put("other", value)], on: disk) }
        return disk
    }

    /// A disk on which the second batch's first record is another one than was written: as whole, as valid.
    private func tampered(_ disk: SimulatedDisk) throws -> SimulatedDisk {
        let file = "0000000001.log"
        var content = Array(try #require(disk.content(of: file)))
        let foreign = Array(try #require(try store(second: "TWO").content(of: file)))
        let reader = RecordReader(segment: 1, base: 0)
        var records: [ParsedRecord] = []
        content.withUnsafeBytes { raw in
            var place = 32
            while case .record(let record) = reader.parse(raw, at: place) {
                if record.head.kind == .put { records.append(record) }
                place = record.end
            }
        }
        try #require(records.count == 6)
        let second = records[2]
        for place in second.start ..< second.end { content[place] = foreign[place] }
        let other = SimulatedDisk(seed: 2)
        for name in try disk.list() { other.place(try #require(disk.content(of: name)), in: name) }
        other.place(content, in: file)
        return other
    }

    @Test func aRecordThatIsWholeAndIsNotTheOneThatWasStoredIsNoticedAtOpening() throws {
        let disk = try store(second: "two")
        #expect(try LogEngine.open(disk: disk, settings: settings()).openingReport.faults.isEmpty)
        let report = try LogEngine.open(disk: try tampered(disk), settings: settings()).openingReport
        #expect(report.hasUnknownLosses)
        #expect(report.faults.count == 1, "once is enough")
        #expect(report.faults.first?.reason.contains("do not add up") == true)
    }

    @Test func aRecordThatTookTheStoredOnesPlaceIsALostKeyAndNoAnswer() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: settings())
        try engine.commit([put("k", "one")], on: disk)
        let other = SimulatedDisk(seed: 1)
        let foreign = try LogEngine.open(disk: other, settings: settings())
        try foreign.commit([put("k", "two")], on: other)
        disk.place(Array(try #require(other.content(of: "0000000001.log"))), in: "0000000001.log")
        guard case .corrupt(let fault) = engine.get(group(0), bytes("k")) else {
            Issue.record("read as \(engine.get(group(0), bytes("k")))")
            return
        }
        #expect(fault.reason.contains("another one than was stored"))
    }

    @Test func anIndexThatWentBackToAnOlderRecordDisagreesWithItsDigestOnce() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: settings())
        try engine.commit([put("k", "old"), put("l", "l")], on: disk)
        let old = try #require(find("k", engine))
        try engine.commit([put("k", "new")], on: disk)
        #expect(engine.audit(group(0)))
        misplace("k", engine, old)
        #expect(engine.text("k") == "old", "the older record is whole: no read can tell")
        #expect(engine.audit(group(1)))
        #expect(!engine.audit(group(0)))
        #expect(engine.audit(group(0)), "what was told is told")
    }

    @Test func aCheckpointOfAnIndexThatWentBackIsNotUsed() throws {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: settings())
        try engine.commit([put("k", "old")], on: disk)
        let old = try #require(find("k", engine))
        try engine.commit([put("k", "new")], on: disk)
        misplace("k", engine, old)
        engine.requestCheckpoint()
        engine.settle(on: disk)
        let opened = try LogEngine.open(disk: disk, settings: settings())
        #expect(!opened.openingReport.usedCheckpoint)
        #expect(opened.text("k") == "new")
        #expect(opened.audit(group(0)))
    }

    /// Puts, overwrites, removals, compaction, checkpoints and openings: the digest is always what is derived anew, and no
    /// opening finds a fault.
    @Test(arguments: 1 ... 8) func whateverIsDoneTheDigestIsThatOfWhatIsThere(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let disk = SimulatedDisk(seed: seed)
        for _ in 0 ..< 6 {
            let engine = try LogEngine.open(disk: disk, settings: .tiny)
            #expect(engine.openingReport.faults.isEmpty, "seed \(seed): \(engine.openingReport.faults)")
            engine.checkInvariants()
            for step in 0 ..< 120 {
                let key = "k\(generator.below(40))"
                let partition = UInt16(generator.below(3))
                let change =
                    generator.chance(1, in: 4)
                    ? remove(key, in: partition) : put(key, "\(seed) \(step)", in: partition)
                try engine.commit([change], on: disk)
            }
            engine.checkInvariants()
            if generator.chance(1, in: 2) {
                engine.requestCheckpoint()
                engine.settle(on: disk)
            }
        }
    }

    /// Where the checkpoint is damaged and compaction has moved records, marks tell of states that a replay does not meet.
    @Test(arguments: 1 ... 8) func aDamagedCheckpointIsNoReasonToDoubtWhatIsReplayed(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let disk = SimulatedDisk(seed: seed)
        let engine = try LogEngine.open(disk: disk, settings: .tiny)
        for step in 0 ..< 600 { try engine.commit([put("k\(generator.below(30))", "\(step)")], on: disk) }
        #expect(engine.statistics.compactions > 0)
        disk.rot(LogFormat.checkpointFile, at: 40)
        let opened = try LogEngine.open(disk: disk, settings: .tiny)
        #expect(!opened.openingReport.usedCheckpoint)
        #expect(!opened.openingReport.hasUnknownLosses, "\(opened.openingReport.faults)")
        for number in 0 ..< 30 { #expect(opened.text("k\(number)") == engine.text("k\(number)")) }
    }

    private func find(_ key: String, _ engine: LogEngine) -> Location? {
        bytes(key).withUnsafeReadableBytes { engine.index.find(group(0), $0) }
    }

    private func misplace(_ key: String, _ engine: LogEngine, _ location: Location) {
        bytes(key).withUnsafeReadableBytes { engine.index.misplace(group(0), $0, location) }
    }
}
