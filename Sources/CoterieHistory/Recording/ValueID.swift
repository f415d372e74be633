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

    private static func parse(_ bytes: ByteBuffer) -> ValueID? {
        let view = bytes.readableBytesView
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = view[..<end].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 4, words[0].elementsEqual("coterie".utf8), let id = decimal(words[1]), id != 0,
            let filler = decimal(words[2]), words[2].count == 10
        else { return nil }
        let value = ValueID(id)
        let checksum = padded(String(value.checksum(filler: Int(filler)), radix: 16), to: 8)
        let letter = UInt8(ascii: "a") + UInt8(id % 26)
        let tail = view[(end + 1)...]
        guard words[3].elementsEqual(checksum.utf8), tail.count == Int(filler), tail.allSatisfy({ $0 == letter })
        else { return nil }
        return value
    }

    private func checksum(filler: Int) -> UInt32 {
        ByteBuffer(string: "\(rawValue) \(filler)").crc32()
    }

    private static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.count < 20 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        return number
    }

    private static func padded(_ digits: String, to length: Int) -> String {
        String(repeating: "0", count: max(0, length - digits.utf8.count)) + digits
    }
}
