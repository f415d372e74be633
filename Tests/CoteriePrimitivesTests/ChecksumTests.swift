// CRC-32 as zlib has it, over any split of the bytes.

import CoteriePrimitives
import NIOCore
import Testing

@Suite struct ChecksumTests {
    @Test func theCheckValueOfTheStandard() {
        #expect(ByteBuffer(string: "123456789").crc32() == 0xcbf4_3926)
        #expect(ByteBuffer(string: "a").crc32() == 0xe8b7_be43)
        #expect(ByteBuffer().crc32() == 0)
    }

    @Test func itContinuesOverAnySplit() {
        let bytes = (0 ..< 50).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let whole = bytes.withUnsafeBytes { crc32($0) }
        for cut in 0 ... bytes.count {
            let front = Array(bytes[..<cut]).withUnsafeBytes { crc32($0) }
            let both = Array(bytes[cut...]).withUnsafeBytes { crc32($0, continuing: front) }
            #expect(both == whole, "cut at \(cut)")
        }
    }

    @Test func noBytesChangeNothing() {
        let nowhere = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(crc32(nowhere) == 0)
        #expect(crc32(nowhere, continuing: 0xcbf4_3926) == 0xcbf4_3926)
    }

    @Test func onlyTheReadableBytesCount() {
        var buffer = ByteBuffer(string: "xx123456789")
        buffer.moveReaderIndex(forwardBy: 2)
        #expect(buffer.crc32() == 0xcbf4_3926)
    }
}
