// Protocol buffers' wire format, by hand: tags, varints, fixed64 and length-delimited fields, both ways.
// (Encoding guide: protobuf.dev/programming-guides/encoding.) Default values are left out, as proto3 does; unknown
// fields are skipped; groups are refused; nothing is allocated by an untrusted count.

import NIOCore

/// How a field's bytes are laid out.
public enum ProtobufWireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
}

/// Bytes that are not a message.
public enum ProtobufError: Error, Hashable, Sendable {
    case truncated(field: Int)
    case badTag(UInt64)
    case wrongWireType(field: Int)
    case badUTF8(field: Int)
    /// A number that the field's type or the schema's list of values does not have.
    case valueOutOfRange(field: Int)
    /// Bytes of another encoding (a key, an object, a version vector) that are not valid there.
    case malformedValue(field: Int)
    case missingField(Int)
}

extension ProtobufError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let field): "cut off in or behind field \(field)"
        case .badTag(let tag): "\(tag) is not a field's tag"
        case .wrongWireType(let field): "field \(field) has another wire type than in the schema"
        case .badUTF8(let field): "field \(field) is not UTF-8"
        case .valueOutOfRange(let field): "field \(field) has a value that the schema does not allow"
        case .malformedValue(let field): "the bytes of field \(field) are malformed"
        case .missingField(let field): "field \(field) is missing"
        }
    }
}

extension ByteBuffer {
    /// Appends a field's tag.
    @inlinable public mutating func writeTag(_ field: Int, _ type: ProtobufWireType) {
        writeVarint(UInt64(field) << 3 | UInt64(type.rawValue))
    }

    /// Appends a varint field; nothing where it is zero.
    @inlinable public mutating func writeField(_ field: Int, varint value: UInt64) {
        if value != 0 { writePresent(field, varint: value) }
    }

    /// Appends a varint field of a signed number, small ones of either sign short; nothing where it is zero.
    @inlinable public mutating func writeField(_ field: Int, zigzag value: Int64) {
        if value != 0 { writePresent(field, zigzag: value) }
    }

    /// Appends a bool field; nothing where it is false.
    @inlinable public mutating func writeField(_ field: Int, bool value: Bool) {
        writeField(field, varint: value ? 1 : 0)
    }

    /// Appends a fixed64 field; nothing where it is zero.
    @inlinable public mutating func writeField(_ field: Int, fixed64 value: UInt64) {
        if value != 0 { writePresent(field, fixed64: value) }
    }

    /// Appends a bytes field, also where it is empty: presence says something.
    @inlinable public mutating func writeField(_ field: Int, bytes value: ByteBuffer) {
        writeTag(field, .lengthDelimited)
        writeLengthPrefixed(value)
    }

    /// Appends a string field; nothing where it is empty.
    @inlinable public mutating func writeField(_ field: Int, string value: String) {
        if !value.isEmpty { writePresent(field, string: value) }
    }

    /// Appends a nested message that `body` writes, also where it is empty.
    ///
    /// The length stands before the body and is known only behind it: as many bytes as a body of `expecting` bytes
    /// needs are left free, and the body is moved in place where it turns out otherwise.
    @inlinable public mutating func writeField(
        _ field: Int, expecting: Int = 0, message body: (inout ByteBuffer) -> Void
    ) {
        writeTag(field, .lengthDelimited)
        let room = varintSize(UInt64(expecting))
        let start = writerIndex
        writeRepeatingByte(0, count: room)
        body(&self)
        closeLength(at: start, room: room)
    }

    /// Writes the length of all behind `start + room` at `start`, moving it where the length needs more or less room.
    @usableFromInline mutating func closeLength(at start: Int, room: Int) {
        let length = writerIndex - start - room
        let needed = varintSize(UInt64(length))
        if needed > room { writeRepeatingByte(0, count: needed - room) }
        let offset = start - readerIndex
        withUnsafeMutableReadableBytes { bytes in
            if needed != room {
                let target = UnsafeMutableRawBufferPointer(rebasing: bytes[(offset + needed)...])
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[(offset + room)...].prefix(length)))
            }
            var rest = UInt64(length)
            for index in offset ..< offset + needed {
                bytes[index] = UInt8(truncatingIfNeeded: rest & 0x7f) | (index < offset + needed - 1 ? 0x80 : 0)
                rest >>= 7
            }
        }
        moveWriterIndex(to: start + needed + length)
    }
}

// Fields with presence (proto3's `optional`, and members of a `oneof`): written also where they are zero or empty.
extension ByteBuffer {
    /// Appends a varint field, also where it is zero.
    @inlinable public mutating func writePresent(_ field: Int, varint value: UInt64) {
        if field < 16, value < 0x80 {
            writeInteger(UInt16(truncatingIfNeeded: field << 3) << 8 | UInt16(truncatingIfNeeded: value))
        } else {
            writeTag(field, .varint)
            writeVarint(value)
        }
    }

    /// Appends a varint field of a signed number, also where it is zero.
    @inlinable public mutating func writePresent(_ field: Int, zigzag value: Int64) {
        writePresent(field, varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Appends a bool field, also where it is false.
    @inlinable public mutating func writePresent(_ field: Int, bool value: Bool) {
        writePresent(field, varint: value ? 1 : 0)
    }

    /// Appends a fixed64 field, also where it is zero.
    @inlinable public mutating func writePresent(_ field: Int, fixed64 value: UInt64) {
        writeTag(field, .fixed64)
        writeInteger(value, endianness: .little)
    }

    /// Appends a string field, also where it is empty.
    @inlinable public mutating func writePresent(_ field: Int, string value: String) {
        writeTag(field, .lengthDelimited)
        writeVarint(UInt64(value.utf8.count))
        writeString(value)
    }
}

/// Walks over the fields of a message. Field values that are bytes share the input's storage.
public struct ProtobufReader: Sendable {
    @usableFromInline var bytes: ByteBuffer
    /// The number of the field that `next` came to.
    public internal(set) var field = 0
    @usableFromInline var type = ProtobufWireType.varint

    @inlinable public init(_ bytes: ByteBuffer) { self.bytes = bytes }

    /// Goes to the next field; false at the end of the message. Each field must be read or skipped before.
    public mutating func next() throws(ProtobufError) -> Bool {
        guard bytes.readableBytes > 0 else { return false }
        guard let tag = bytes.readVarint() else { throw .truncated(field: field) }
        guard let type = ProtobufWireType(rawValue: UInt8(tag & 7)), tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw .badTag(tag)
        }
        field = Int(tag >> 3)
        self.type = type
        return true
    }

    public mutating func varint() throws(ProtobufError) -> UInt64 {
        guard type == .varint else { throw .wrongWireType(field: field) }
        guard let value = bytes.readVarint() else { throw .truncated(field: field) }
        return value
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
        guard let value = bytes.readLengthPrefixed() else { throw .truncated(field: field) }
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
        switch type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .lengthDelimited: _ = try slice()
        case .fixed32:
            guard bytes.readInteger(as: UInt32.self) != nil else { throw .truncated(field: field) }
        }
    }
}
