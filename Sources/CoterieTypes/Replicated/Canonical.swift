// Bytes of payloads, operations and values. Each value has one encoding, so that equal values have equal bytes, on every
// replica and in every build; whatever else arrives is refused with the place where it went wrong.

import CoteriePrimitives
import NIOCore

/// A value with one encoding: what is decoded from it is equal, and equal values have equal bytes.
public protocol Canonical {
    /// Appends the value.
    func append(to out: inout ByteBuffer)
    /// Takes a value off the front. Must refuse bytes that `append` does not write.
    init(from reader: inout TypeReader) throws(TypeFault)
}

extension Canonical {
    public func canonicalBytes() -> ByteBuffer {
        var out = ByteBuffer()
        append(to: &out)
        return out
    }

    /// Reads bytes that are one value and nothing else. `what` names them in errors.
    public init(decoding bytes: ByteBuffer, as what: String) throws(TypeFault) {
        var reader = TypeReader(bytes, of: what)
        try self.init(from: &reader)
        try reader.expectEnd()
    }
}

/// A strict reader.
public struct TypeReader {
    private var bytes: ByteBuffer
    private let start: Int
    /// What is being read, for errors: "a payload of the type set".
    public let what: String

    public init(_ bytes: ByteBuffer, of what: String) {
        self.bytes = bytes
        start = bytes.readerIndex
        self.what = what
    }

    public var remaining: Int { bytes.readableBytes }

    /// An error at this place.
    public func fault(_ problem: String) -> TypeFault {
        .malformed("\(what): \(problem), at byte \(bytes.readerIndex - start)")
    }

    public mutating func byte(_ field: String) throws(TypeFault) -> UInt8 {
        guard let byte = bytes.readInteger(as: UInt8.self) else { throw fault("cut off in the \(field)") }
        return byte
    }

    /// The format version: 1 to `newest`.
    public mutating func version(newest: UInt8) throws(TypeFault) {
        let version = try byte("format version")
        guard version >= 1, version <= newest else {
            throw fault("format version \(version), this build reads 1 to \(newest)")
        }
    }

    /// A varint in its shortest form.
    public mutating func varint(_ field: String) throws(TypeFault) -> UInt64 {
        let before = bytes.readableBytes
        guard let value = bytes.readVarint() else { throw fault("cut off in the \(field)") }
        guard before - bytes.readableBytes == varintSize(value) else {
            throw fault("the \(field) is not a varint in its shortest form")
        }
        return value
    }

    /// A number as `writeSigned` writes it.
    public mutating func signed(_ field: String) throws(TypeFault) -> Int64 {
        let raw = try varint(field)
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    public mutating func fixed64(_ field: String) throws(TypeFault) -> UInt64 {
        guard let value = bytes.readInteger(as: UInt64.self) else { throw fault("cut off in the \(field)") }
        return value
    }

    /// A length and that many bytes, as a slice that shares memory.
    public mutating func lengthPrefixed(_ field: String) throws(TypeFault) -> ByteBuffer {
        let length = try varint("length of the \(field)")
        guard length <= UInt64(bytes.readableBytes), let slice = bytes.readSlice(length: Int(length)) else {
            throw fault("cut off in the \(field)")
        }
        return slice
    }

    /// A count of things of at least one byte each: never more than the bytes behind it.
    public mutating func count(_ field: String) throws(TypeFault) -> Int {
        let count = try varint("count of \(field)")
        guard count <= UInt64(bytes.readableBytes) else {
            throw fault("\(count) \(field) in \(bytes.readableBytes) bytes")
        }
        return Int(count)
    }

    /// That things which have one order were read in it, each once; `what` they are.
    func expectAscending<Thing>(
        _ things: [Thing], _ what: String, by precedes: (Thing, Thing) -> Bool
    ) throws(TypeFault) {
        for (thing, next) in zip(things, things.dropFirst()) where !precedes(thing, next) {
            throw fault("the \(what) do not ascend")
        }
    }

    /// What a reader of another module takes off the front; nil, and nothing taken, where it finds none.
    public mutating func take<T>(_ read: (inout ByteBuffer) -> T?) -> T? {
        var ahead = bytes
        guard let value = read(&ahead) else { return nil }
        bytes = ahead
        return value
    }

    /// All that is left.
    public mutating func rest() -> ByteBuffer {
        let rest = bytes
        bytes.moveReaderIndex(to: bytes.writerIndex)
        return rest.slice()
    }

    public func expectEnd() throws(TypeFault) {
        if bytes.readableBytes > 0 { throw fault("\(bytes.readableBytes) bytes too many") }
    }
}

extension ByteBuffer {
    /// Appends a number of either sign in 1 to 10 bytes, small ones in few (zigzag).
    public mutating func writeSigned(_ value: Int64) {
        writeVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Whether these bytes come before the others in the order of unsigned bytes.
    public func precedes(_ other: ByteBuffer) -> Bool {
        readableBytesView.lexicographicallyPrecedes(other.readableBytesView)
    }
}

extension Int64: Canonical {
    public func append(to out: inout ByteBuffer) { out.writeSigned(self) }
    public init(from reader: inout TypeReader) throws(TypeFault) { self = try reader.signed("number") }
}

extension UInt64: Canonical {
    public func append(to out: inout ByteBuffer) { out.writeVarint(self) }
    public init(from reader: inout TypeReader) throws(TypeFault) { self = try reader.varint("number") }
}

extension Bool: Canonical {
    public func append(to out: inout ByteBuffer) { out.writeInteger(self ? 1 as UInt8 : 0) }
    public init(from reader: inout TypeReader) throws(TypeFault) {
        switch try reader.byte("flag") {
        case 0: self = false
        case 1: self = true
        case let other: throw reader.fault("a flag is 0 or 1, not \(other)")
        }
    }
}

extension ByteBuffer: Canonical {
    public func append(to out: inout ByteBuffer) { out.writeLengthPrefixed(self) }
    public init(from reader: inout TypeReader) throws(TypeFault) { self = try reader.lengthPrefixed("bytes") }
}

extension Optional: Canonical where Wrapped: Canonical {
    public func append(to out: inout ByteBuffer) {
        (self != nil).append(to: &out)
        self?.append(to: &out)
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        self = try Bool(from: &reader) ? .some(try Wrapped(from: &reader)) : nil
    }
}

extension Array: Canonical where Element: Canonical {
    public func append(to out: inout ByteBuffer) {
        out.writeVarint(UInt64(count))
        for element in self { element.append(to: &out) }
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        let count = try reader.count("elements")
        self.init()
        for _ in 0 ..< count { append(try Element(from: &reader)) }
    }
}

extension Content: Canonical {
    public func append(to out: inout ByteBuffer) { out.writeLengthPrefixed(encoded()) }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        let bytes = try reader.lengthPrefixed("content")
        do {
            try self.init(decoding: bytes)
        } catch {
            throw reader.fault("the content is malformed (\(error))")
        }
        guard encoded() == bytes else { throw reader.fault("the content is not encoded as this build would") }
    }
}
