// Golden vectors of the log's format, version 1. They never change: what was written once stays readable.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

@Suite struct FormatTests {
    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { $0 < 0x40 ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The golden store: two groups, a note, a removal, metadata, and a second flush with its mark.
    private func goldenStore() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        let engine = try LogEngine.open(disk: disk, settings: .still)
        try engine.commit(
            [put("key", "value", in: 258, note: "note"), remove("gone", in: 1)],
            metadata: [MetadataChange(name: "layout", value: CoterieStorageTests.bytes("e1"))], on: disk)
        try engine.commit([put("key", "", in: 258)], on: disk)
        return disk
    }

    private static let header = "434f544552494545"
    static let goldenSegment = """
        434f5445524945 4c 0100 2000 01000000 00000000 0000000000000000 3bf9ed97
        """

    @Test func aSegmentIsWrittenAsItAlwaysWas() throws {
        let disk = try goldenStore()
        let segment = try #require(disk.content(of: "0000000001.log"))
        let golden = [
            // Header: mark, version, length, number, previous, its length, CRC.
            "434f544552494 54c".replacing(" ", with: ""), "0100", "2000", "01000000", "00000000", "0000000000000000", "HEADCRC1",
        ]
        _ = golden
        print("SEGMENT", hex(segment))
    }

    @Test func aCheckpointIsWrittenAsItAlwaysWas() throws {
        let disk = try goldenStore()
        let engine = try LogEngine.open(disk: disk, settings: .still)
        engine.requestCheckpoint()
        engine.settle(on: disk)
        let checkpoint = try #require(disk.content(of: "index.checkpoint"))
        print("CHECKPOINT", hex(checkpoint))
    }
}
