// Protocol buffers' wire format, by hand: tags, varints, fixed64 and length-delimited fields, both ways.
// (Encoding guide: protobuf.dev/programming-guides/encoding.) Default values are left out, as proto3 does; unknown
// fields are skipped; groups are refused; nothing is allocated by an untrusted count. Reading: ProtobufReader.swift.

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
        writeFields(atMost: 20) { $0.prefix(field, length: value.readableBytes) }
        writeImmutableBuffer(value)
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
        writeFields(atMost: 20) { $0.present(field, varint: value) }
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
        writeFields(atMost: 20) { $0.present(field, fixed64: value) }
    }

    /// Appends a string field, also where it is empty.
    @inlinable public mutating func writePresent(_ field: Int, string value: String) {
        writeFields(atMost: 20) { $0.prefix(field, length: value.utf8.count) }
        writeString(value)
    }
}

/// Writes numeric fields into memory that was checked once, instead of once for each byte or field.
public struct ProtobufFieldWriter {
    @usableFromInline let bytes: UnsafeMutableRawBufferPointer
    @usableFromInline var position = 0

    @inlinable init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    /// A varint field; nothing where it is zero.
    @inlinable public mutating func field(_ field: Int, varint value: UInt64) {
        if value != 0 { present(field, varint: value) }
    }

    /// A varint field of a signed number, small ones of either sign short; nothing where it is zero.
    @inlinable public mutating func field(_ field: Int, zigzag value: Int64) {
        self.field(field, varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// A fixed64 field; nothing where it is zero.
    @inlinable public mutating func field(_ field: Int, fixed64 value: UInt64) {
        if value != 0 { present(field, fixed64: value) }
    }

    /// A varint field, also where it is zero.
    @inlinable public mutating func present(_ field: Int, varint value: UInt64) {
        precondition(bytes.count - position >= 20, "more fields than room was made for")
        unchecked(UInt64(truncatingIfNeeded: field) << 3)
        unchecked(value)
    }

    /// A fixed64 field, also where it is zero.
    @inlinable public mutating func present(_ field: Int, fixed64 value: UInt64) {
        precondition(bytes.count - position >= 20, "more fields than room was made for")
        unchecked(UInt64(truncatingIfNeeded: field) << 3 | UInt64(ProtobufWireType.fixed64.rawValue))
        bytes.storeBytes(of: value.littleEndian, toByteOffset: position, as: UInt64.self)
        position += 8
    }

    /// The tag and length of a field whose bytes follow.
    @inlinable public mutating func prefix(_ field: Int, length: Int) {
        precondition(bytes.count - position >= 20, "more fields than room was made for")
        unchecked(UInt64(truncatingIfNeeded: field) << 3 | UInt64(ProtobufWireType.lengthDelimited.rawValue))
        unchecked(UInt64(length))
    }

    @inlinable mutating func unchecked(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes[position] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            position += 1
        }
        bytes[position] = UInt8(truncatingIfNeeded: rest)
        position += 1
    }
}

extension ByteBuffer {
    /// Appends several fields with one check of capacity. `atMost`: 20 bytes for each field.
    @inlinable public mutating func writeFields(atMost: Int, _ write: (inout ProtobufFieldWriter) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: atMost) { bytes in
            var writer = ProtobufFieldWriter(bytes)
            write(&writer)
            return writer.position
        }
    }
}
