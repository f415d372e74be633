// Reading protocol buffers' wire format: field by field, each at most once, nothing taken on trust.

import NIOCore

/// Walks over the fields of a message. Field values that are bytes share the input's storage.
public struct ProtobufReader: Sendable {
    @usableFromInline var bytes: ByteBuffer
    /// The number of the field that `next` came to.
    public internal(set) var field = 0
    @usableFromInline var type = ProtobufWireType.varint
    /// What stands right behind the tag: a varint's value, or the length of what is delimited by one.
    @usableFromInline var number: UInt64 = 0

    @inlinable public init(_ bytes: ByteBuffer) { self.bytes = bytes }

    /// Goes to the next field; false at the end of the message. Each field must be read or skipped before.
    public mutating func next() throws(ProtobufError) -> Bool {
        guard bytes.readableBytes > 0 else { return false }
        let field = field
        let head = try bytes.withUnsafeReadableBytes { (raw) throws(ProtobufError) -> FieldHead in
            try FieldHead(raw, after: field)
        }
        self.field = head.field
        type = head.type
        number = head.number
        bytes.moveReaderIndex(forwardBy: head.count)
        return true
    }

    @inlinable public mutating func varint() throws(ProtobufError) -> UInt64 {
        guard type == .varint else { throw .wrongWireType(field: field) }
        return number
    }

    @inlinable public mutating func bool() throws(ProtobufError) -> Bool { try varint() != 0 }

    /// A varint that must fit the type.
    @inlinable public mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(ProtobufError) -> T {
        guard let value = T(exactly: try varint()) else { throw .valueOutOfRange(field: field) }
        return value
    }

    /// A signed number as `writeField(_:zigzag:)` writes it.
    @inlinable public mutating func zigzag() throws(ProtobufError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A varint that must be the raw value of a case.
    @inlinable public mutating func choice<T: RawRepresentable>(
        _: T.Type = T.self
    ) throws(ProtobufError) -> T where T.RawValue: FixedWidthInteger {
        guard let choice = T(rawValue: try integer()) else { throw .valueOutOfRange(field: field) }
        return choice
    }

    public mutating func fixed64() throws(ProtobufError) -> UInt64 {
        guard type == .fixed64 else { throw .wrongWireType(field: field) }
        guard let value = bytes.readInteger(endianness: .little, as: UInt64.self) else {
            throw .truncated(field: field)
        }
        return value
    }

    /// The bytes of a field, as a slice of the input.
    public mutating func slice() throws(ProtobufError) -> ByteBuffer {
        guard type == .lengthDelimited else { throw .wrongWireType(field: field) }
        guard number <= UInt64(bytes.readableBytes), let value = bytes.readSlice(length: Int(number)) else {
            throw .truncated(field: field)
        }
        return value
    }

    public mutating func string() throws(ProtobufError) -> String {
        let slice = try slice()
        guard let text = String(validating: slice.readableBytesView, as: UTF8.self) else {
            throw .badUTF8(field: field)
        }
        return text
    }

    /// A reader over a nested message.
    public mutating func message() throws(ProtobufError) -> ProtobufReader { ProtobufReader(try slice()) }

    /// Passes over the field.
    public mutating func skip() throws(ProtobufError) {
        let length: UInt64 =
            switch type {
            case .varint: 0
            case .fixed64: 8
            case .lengthDelimited: number
            case .fixed32: 4
            }
        guard length <= UInt64(bytes.readableBytes) else { throw .truncated(field: field) }
        bytes.moveReaderIndex(forwardBy: Int(length))
    }
}

/// A tag, and the varint behind it where its type has one.
private struct FieldHead {
    let field: Int
    let type: ProtobufWireType
    let number: UInt64
    /// Bytes that it takes.
    let count: Int

    init(_ raw: UnsafeRawBufferPointer, after previous: Int) throws(ProtobufError) {
        var position = 0
        guard let tag = Self.varint(raw, &position) else { throw .truncated(field: previous) }
        guard let type = ProtobufWireType(rawValue: UInt8(tag & 7)), tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw .badTag(tag)
        }
        field = Int(tag >> 3)
        self.type = type
        if type == .varint || type == .lengthDelimited {
            guard let number = Self.varint(raw, &position) else { throw .truncated(field: field) }
            self.number = number
        } else {
            number = 0
        }
        count = position
    }

    /// Nil where it is cut off or does not fit 64 bits.
    @inline(__always)
    private static func varint(_ raw: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
        guard position < raw.count else { return nil }
        let first = raw[position]
        position += 1
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while position < raw.count {
            let byte = raw[position]
            position += 1
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }
}
