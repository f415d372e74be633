// What a put writes, so that a read tells which put it was: each value is written once in a history, and its bytes say
// which one it is and whether they are whole.
//
//     payload := "coterie " id " " size " " crc32 of the two numbers, 8 hexadecimal digits "\n" filler

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
        let head = headBytes
        let filler = max(0, bytes - head)
        var out = ByteBuffer()
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: head + filler) { raw in
            writeHead(filler: filler, to: raw)
            let rest = UnsafeMutableRawBufferPointer(rebasing: raw[head ..< head + filler])
            rest.initializeMemory(as: UInt8.self, repeating: letter)
            return head + filler
        }
        return out
    }

    /// The value that these bytes are, to the last byte; `unreadable` where they are none. O(bytes).
    public init(reading bytes: ByteBuffer) {
        self = bytes.withUnsafeReadableBytes(Self.parse) ?? .unreadable
    }

    /// Without a copy of anything: each answer's values are read so.
    private static func parse(_ bytes: UnsafeRawBufferPointer) -> ValueID? {
        guard bytes.count >= magic.count + most else { return nil }
        var number: UInt64 = 0
        for byte in bytes[magic.count ..< magic.count + most] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        let value = ValueID(number)
        return number != 0 && value.wrote(bytes) ? value : nil
    }

    /// Whether these bytes are a payload of this value.
    private func wrote(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let filler = bytes.count - headBytes
        guard filler >= 0, bytes[headBytes...].allSatisfy({ $0 == letter }) else { return false }
        return withUnsafeTemporaryAllocation(byteCount: headBytes, alignment: 1) { head in
            writeHead(filler: filler, to: head)
            return bytes[..<headBytes].elementsEqual(head)
        }
    }

    private static let magic = Array("coterie ".utf8)
    /// More digits than any history has values.
    private static let most = 18

    /// What the filler is made of.
    private var letter: UInt8 { UInt8(ascii: "a") + UInt8(rawValue % 26) }

    private var digits: Int {
        var rest = rawValue / 10
        var count = 1
        while rest > 0 {
            rest /= 10
            count += 1
        }
        return count
    }

    private var headBytes: Int { Self.magic.count + digits + 1 + 10 + 1 + 8 + 1 }

    private func writeHead(filler: Int, to raw: UnsafeMutableRawBufferPointer) {
        let digits = digits
        Self.magic.withUnsafeBytes(raw.copyMemory)
        Self.write(rawValue, to: raw, from: 8, digits: digits)
        raw[8 + digits] = UInt8(ascii: " ")
        Self.write(UInt64(filler), to: raw, from: 9 + digits, digits: 10)
        raw[19 + digits] = UInt8(ascii: " ")
        let checksum = crc32(UnsafeRawBufferPointer(rebasing: raw[8 ..< 19 + digits]))
        Self.write(UInt64(checksum), to: raw, from: 20 + digits, digits: 8, radix: 16)
        raw[28 + digits] = UInt8(ascii: "\n")
    }

    /// Writes a number with zeros in front.
    private static func write(
        _ number: UInt64, to raw: UnsafeMutableRawBufferPointer, from start: Int, digits: Int, radix: UInt64 = 10
    ) {
        var rest = number
        for place in stride(from: start + digits - 1, through: start, by: -1) {
            let digit = UInt8(rest % radix)
            raw[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            rest /= radix
        }
    }
}
