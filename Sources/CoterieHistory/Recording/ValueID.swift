// What a put writes, so that a read tells which put it was: each value is written once in a history, and its bytes say
// which one it is and whether they are whole.
//
//     payload := "coterie " id " " size " " crc32 of the filler and the id, 8 hexadecimal digits "\n" filler

import CoteriePrimitives
import NIOCore

/// The name of a written value, unique in its history.
public struct ValueID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt64) { rawValue = number }

    /// What stands for bytes that no put has written.
    public static let unreadable = ValueID(0)

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var description: String { self == .unreadable ? "unreadable" : "v\(rawValue)" }
}

extension ValueID {
    /// The bytes to write: at least `bytes` of them, where the head leaves room. O(bytes).
    public func payload(bytes: Int = 64) -> ByteBuffer {
        let head = 8 + String(rawValue).utf8.count + 1 + 10 + 1 + 8 + 1
        let filler = max(0, bytes - head)
        let letter = UInt8(ascii: "a") + UInt8(rawValue % 26)
        var out = ByteBuffer()
        out.reserveCapacity(head + filler)
        out.writeStaticString("coterie ")
        out.writeString(String(rawValue))
        out.writeStaticString(" ")
        out.writeString(Self.padded(String(filler), to: 10))
        out.writeStaticString(" ")
        out.writeString(Self.padded(String(checksum(filler: filler), radix: 16), to: 8))
        out.writeStaticString("\n")
        out.writeRepeatingByte(letter, count: filler)
        return out
    }

    /// The value that these bytes are, to the last byte; `unreadable` where they are none. O(bytes).
    public init(reading bytes: ByteBuffer) {
        self = Self.parse(bytes) ?? .unreadable
    }

    /// Without a copy of anything: each answer's values are read so.
    private static func parse(_ bytes: ByteBuffer) -> ValueID? {
        bytes.withUnsafeReadableBytes { bytes -> ValueID? in
            guard bytes.starts(with: "coterie ".utf8) else { return nil }
            var place = 8
            guard let id = number(in: bytes, &place, radix: 10), id.value != 0, id.digits < 20,
                let filler = number(in: bytes, &place, radix: 10), filler.digits == 10,
                let checksum = number(in: bytes, &place, radix: 16, end: UInt8(ascii: "\n")), checksum.digits == 8
            else { return nil }
            let value = ValueID(id.value)
            let letter = UInt8(ascii: "a") + UInt8(id.value % 26)
            guard bytes.count - place == Int(filler.value), bytes[place...].allSatisfy({ $0 == letter }),
                value.checksum(filler: Int(filler.value)) == checksum.value
            else { return nil }
            return value
        }
    }

    /// A number of lower-case digits and what ends it; `place` is then behind that.
    private static func number(
        in bytes: UnsafeRawBufferPointer, _ place: inout Int, radix: UInt64, end: UInt8 = UInt8(ascii: " ")
    ) -> (value: UInt64, digits: Int)? {
        let start = place
        var value: UInt64 = 0
        while place < bytes.count, place - start < 20 {
            let byte = bytes[place]
            place += 1
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0") ... UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a") ... UInt8(ascii: "f") where radix == 16:
                digit = UInt64(byte - UInt8(ascii: "a")) + 10
            case end: return place - 1 == start ? nil : (value, place - 1 - start)
            default: return nil
            }
            // At most 19 digits: no overflow.
            value = value &* radix &+ digit
        }
        return nil
    }

    private func checksum(filler: Int) -> UInt32 {
        // The digits are written from the end.
        withUnsafeTemporaryAllocation(byteCount: 41, alignment: 1) { bytes in
            var start = bytes.count
            Self.write(UInt64(filler), before: &start, in: bytes)
            start -= 1
            bytes[start] = UInt8(ascii: " ")
            Self.write(rawValue, before: &start, in: bytes)
            return crc32(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
    }

    private static func write(_ number: UInt64, before start: inout Int, in bytes: UnsafeMutableRawBufferPointer) {
        var rest = number
        repeat {
            start -= 1
            bytes[start] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
    }

    private static func padded(_ digits: String, to length: Int) -> String {
        String(repeating: "0", count: max(0, length - digits.utf8.count)) + digits
    }
}
