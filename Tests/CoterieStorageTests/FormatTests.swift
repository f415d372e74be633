// Golden vectors of the log's format, version 1, and of checkpoints, version 2. They never change: what was written once stays readable.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct FormatTests {
    /// Two groups, a note, a removal, metadata; then a second flush with its mark.
    private func goldenStore() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit(
            [put("key", "value", in: 258, note: "note"), remove("gone", in: 1)],
            metadata: [MetadataChange(name: "layout", value: bytes("e1"))], on: disk)
        try engine.commit([put("key", "", in: 258)], on: disk)
        return disk
    }

    private let goldenHeader =
        "434f54455249454c" + "0100" + "2000" + "01000000" + "00000000" + "0000000000000000" + "8798ca36"
    private let goldenRecords = [
        // checksum, kind and flags, n, partition, lengths of key, note, value, body checksum, key, note, value
        "d0713a1a" + "11" + "03" + "0201" + "0300" + "0400" + "05000000" + "773928e0" + "6b6579" + "6e6f7465"
            + "76616c7565",
        "9d37a146" + "02" + "03" + "0100" + "0400" + "0000" + "00000000" + "00000000" + "676f6e65",
        "8d3e83e0" + "23" + "00" + "0000" + "0600" + "0000" + "02000000" + "278d8d08" + "6c61796f7574" + "6531",
        "86efb2ca" + "31" + "03" + "0201" + "0300" + "0000" + "00000000" + "00000000" + "6b6579",
    ]
    /// A mark: 116 bytes of this segment were fsynced when it was written. Today's carries a digest in a key's place.
    private let goldenMark =
        "f1bfc443" + "35" + "00" + "0000" + "0800" + "0000" + "74000000" + "00000000" + "65d334bea9feb9bf"
    private let goldenMarkWithoutDigest =
        "2b3c2bd3" + "35" + "00" + "0000" + "0000" + "0000" + "74000000" + "00000000"

    @Test func aSegmentIsWrittenAsItAlwaysWas() throws {
        let segment = try #require(try goldenStore().content(of: "0000000001.log"))
        #expect(hex(segment) == goldenHeader + goldenRecords.joined() + goldenMark)
    }

    @Test(arguments: [false, true]) func aSegmentIsReadAsItAlwaysWas(withDigest: Bool) throws {
        let disk = SimulatedDisk(seed: 1)
        let mark = withDigest ? goldenMark : goldenMarkWithoutDigest
        disk.place(bytes(hex: goldenHeader + goldenRecords.joined() + mark), in: "0000000001.log")
        var replayed: [ReplayedRecord] = []
        let engine = try LogEngine.open(disk: disk, settings: .still) { replayed.append($0) }
        #expect(engine.openingReport.faults.isEmpty)
        #expect(engine.text("key", in: 258) == "")
        #expect(engine.metadata("layout") == bytes("e1"))
        #expect(engine.groups == [group(258)])
        #expect(replayed.map { String(buffer: $0.key) } == ["key", "gone", "key"])
        #expect(replayed.map(\.isRemoval) == [false, true, false])
        #expect(replayed.map { String(buffer: $0.note) } == ["note", "", ""])
    }

    private let goldenCheckpoint: String = {
        let page =
            "0100" + "eb01" + "0000" + "0000"  // one key, lowest cell, no dead bytes, no prefix
            + "0079656b" + "eb01"  // head “key\0” as a number, cell
            + String(repeating: "00", count: 491 - 14)
            + "0300" + "02000000" + "20000000" + "17000000" + "00000000" + "6b6579"
        return [
            "434f544552494543" + "0200" + "1c00" + "02000000" + "37000000" + "00000000" + "3304d79c",
            "010c888c" + "48000000" + "01000000",
            "01000000" + "74000000" + "1c00000000000000" + "0100000000000000" + "1800000000000000" + "00000000",
            "02000000" + "37000000" + "1700000000000000" + "0100000000000000" + "0000000000000000" + "00000000",
            "db5b89ed" + "20000000" + "02000000",
            "01000000" + "58000000" + "1c000000" + "278d8d08" + "0600" + "0000" + "02000000" + "6c61796f7574" + "6531",
            "139a0326" + "06020000" + "03000000" + "0201" + "03" + "00" + "0002" + page,
            "a2f8011d" + "18000000" + "04000000" + "0100000000000000" + "0100000000000000" + "65d334bea9feb9bf",
        ].joined()
    }()
    /// The first bytes of a checkpoint of format 1, which had no checksums of records.
    private let oldCheckpoint = "434f544552494543" + "0100" + "1c00" + "02000000" + "37000000" + "00000000" + "c1b01fb5"

    @Test func aCheckpointIsWrittenAsItAlwaysWas() throws {
        let disk = try goldenStore()
        let engine = try LogEngine.open(disk: disk, settings: .still)
        engine.requestCheckpoint()
        engine.settle(on: disk)
        #expect(hex(try #require(disk.content(of: "index.checkpoint"))) == goldenCheckpoint)
    }

    @Test func aCheckpointIsReadAsItAlwaysWas() throws {
        let disk = try goldenStore()
        try LogEngine.open(disk: disk, settings: .still).settle(on: disk)
        disk.place(bytes(hex: goldenCheckpoint), in: "index.checkpoint")
        let engine = try LogEngine.open(disk: disk, settings: .still)
        #expect(engine.openingReport.usedCheckpoint)
        #expect(engine.openingReport.replayedBytes == 0)
        #expect(engine.text("key", in: 258) == "")
        #expect(engine.metadata("layout") == bytes("e1"))
        engine.checkInvariants()
    }

    @Test func aCheckpointOfTheFirstFormatIsNotUsedAndNothingIsMissed() throws {
        let disk = try goldenStore()
        try LogEngine.open(disk: disk, settings: .still).settle(on: disk)
        disk.place(bytes(hex: oldCheckpoint), in: "index.checkpoint")
        let engine = try LogEngine.open(disk: disk, settings: .still)
        #expect(!engine.openingReport.usedCheckpoint)
        #expect(!engine.openingReport.hasUnknownLosses)
        #expect(engine.text("key", in: 258) == "")
        #expect(engine.metadata("layout") == bytes("e1"))
    }

    @Test func aNewerFormatIsRefusedByName() throws {
        let disk = try goldenStore()
        try LogEngine.open(disk: disk, settings: .still).settle(on: disk)
        var segment = try #require(disk.content(of: "0000000001.log"))
        segment[8] = 2
        let checksum = segment[0 ..< 28].withUnsafeBytes { crc32($0) }
        for place in 0 ..< 4 { segment[28 + place] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(place))) }
        disk.place(segment, in: "0000000001.log")
        #expect(throws: StorageOpenError.newerFormat(file: "0000000001.log", version: 2, supported: 1)) {
            try LogEngine.open(disk: disk, settings: .still)
        }
        var checkpoint = bytes(hex: goldenCheckpoint)
        checkpoint[8] = 9
        let sum = checkpoint[0 ..< 24].withUnsafeBytes { crc32($0) }
        for place in 0 ..< 4 { checkpoint[24 + place] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(place))) }
        disk.place(checkpoint, in: "index.checkpoint")
        #expect(throws: StorageOpenError.newerFormat(file: "index.checkpoint", version: 9, supported: 2)) {
            try LogEngine.open(disk: disk, settings: .still)
        }
    }

    @Test func namesOfSegmentsAreTheirNumbersAndNothingElseIs() {
        #expect(LogFormat.file(of: 1) == "0000000001.log")
        #expect(LogFormat.file(of: .max) == "4294967295.log")
        for number: UInt32 in [1, 9, 10, 4_000_000_000, .max] {
            #expect(LogFormat.segment(of: LogFormat.file(of: number)) == number)
        }
        for name in [
            "0000000000.log", "4294967296.log", "1.log", "00000000001.log", "000000000a.log", "0000000001.txt", "lock",
        ] {
            #expect(LogFormat.segment(of: name) == nil, "\(name)")
        }
    }

    @Test func aRecordCutOrFlippedAnywhereIsNotTaken() throws {
        let record = bytes(hex: goldenRecords[0])
        let reader = RecordReader(segment: 1, base: 32)
        func parse(_ bytes: [UInt8], _ reader: RecordReader) -> Bool {
            bytes.withUnsafeBytes { raw in
                guard case .record(let parsed) = reader.parse(raw, at: 0) else { return false }
                return parsed.bodyIsIntact(in: raw)
            }
        }
        #expect(parse(record, reader))
        for length in 0 ..< record.count { #expect(!parse(Array(record.prefix(length)), reader), "cut at \(length)") }
        for place in record.indices {
            for bit in 0 ..< 8 {
                var damaged = record
                damaged[place] ^= 1 << bit
                #expect(!parse(damaged, reader), "bit \(bit) of byte \(place)")
            }
        }
        #expect(!parse(record, RecordReader(segment: 1, base: 33)), "the same bytes elsewhere are no record")
        #expect(!parse(record, RecordReader(segment: 2, base: 32)), "nor in another segment")
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { $0 < 0x40 ? $0 - 0x30 : $0 - 0x57 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
