// A key as it is hashed, stored, compared and sent: one byte string that sorts by bucket type, then bucket, then key.
//
// Each component is written with 0x00 as 0x00 0xFF and ended by 0x00 0x01, so that the encoding is prefix-free and its
// byte order is the order of the components (the tuple encoding of FoundationDB). Whatever is appended behind a key
// (an element of a large collection, an index term) sorts right behind it.

import NIOCore

/// Bucket type, bucket and key as one ordered, prefix-free byte string.
public struct ObjectKey: Hashable, Comparable, Sendable {
    /// The encoded form. Its readable bytes are the identity; equality and hashing look at nothing else.
    public let bytes: ByteBuffer

    /// Encodes the three components. O(length).
    public init(type: ByteBuffer, bucket: ByteBuffer, key: ByteBuffer) {
        var out = ByteBuffer()
        out.reserveCapacity(type.readableBytes + bucket.readableBytes + key.readableBytes + 6)
        for component in [type, bucket, key] { Self.write(component, into: &out) }
        bytes = out
    }

    public init(type: String, bucket: String, key: String) {
        self.init(type: ByteBuffer(string: type), bucket: ByteBuffer(string: bucket), key: ByteBuffer(string: key))
    }

    /// Takes encoded bytes as they came from a peer or from disk; nil where they are not three complete components.
    public init?(encoded: ByteBuffer) {
        guard Self.componentEnds(of: encoded) != nil else { return nil }
        bytes = encoded
    }

    /// The bytes that every key of a bucket begins with.
    public static func bucketPrefix(type: ByteBuffer, bucket: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        write(type, into: &out)
        write(bucket, into: &out)
        return out
    }

    /// O(length of the type's name).
    public var type: ByteBuffer {
        let end = bytes.withUnsafeReadableBytes { Self.componentEnd(in: $0, from: 0) }
        guard let end else {
            preconditionFailure("every initialiser makes or checks three components, these are not: \(bytes)")
        }
        return component(from: 0, to: end)
    }
    public var bucket: ByteBuffer { component(from: ends.type, to: ends.bucket) }
    public var key: ByteBuffer { component(from: ends.bucket, to: ends.key) }

    /// The hash that places the key on the ring.
    public func hash(with key: HashKey) -> UInt64 {
        bytes.withUnsafeReadableBytes { stableHash($0, key: key) }
    }

    public static func == (a: Self, b: Self) -> Bool { a.bytes == b.bytes }
    public func hash(into hasher: inout Hasher) { bytes.hash(into: &hasher) }
    public static func < (a: Self, b: Self) -> Bool { a.bytes.isOrderedBefore(b.bytes) }

    private var ends: (type: Int, bucket: Int, key: Int) {
        guard let ends = Self.componentEnds(of: bytes) else {
            preconditionFailure("every initialiser makes or checks three components, these are not: \(bytes)")
        }
        return ends
    }

    /// The decoded component that begins at `start`, its terminator left out: a slice, unless a zero is escaped in it.
    private func component(from start: Int, to end: Int) -> ByteBuffer {
        let plain = bytes.withUnsafeReadableBytes { !$0[start ..< end - 2].contains(0) }
        if plain, let slice = bytes.getSlice(at: bytes.readerIndex + start, length: end - 2 - start) { return slice }
        var out = ByteBuffer()
        bytes.withUnsafeReadableBytes { raw in
            var position = start
            while position < end - 2 {
                out.writeInteger(raw[position])
                position += raw[position] == 0 ? 2 : 1
            }
        }
        return out
    }

    private static func write(_ component: ByteBuffer, into out: inout ByteBuffer) {
        if component.readableBytesView.contains(0) {
            for byte in component.readableBytesView {
                out.writeInteger(byte)
                if byte == 0 { out.writeInteger(UInt8(0xff)) }
            }
        } else {
            out.writeImmutableBuffer(component)
        }
        out.writeInteger(UInt8(0))
        out.writeInteger(UInt8(1))
    }

    /// Where each of the three components ends, its terminator included; nil where they are not three complete ones.
    private static func componentEnds(of bytes: ByteBuffer) -> (type: Int, bucket: Int, key: Int)? {
        bytes.withUnsafeReadableBytes { raw in
            guard let type = componentEnd(in: raw, from: 0), let bucket = componentEnd(in: raw, from: type),
                let key = componentEnd(in: raw, from: bucket), key == raw.count
            else { return nil }
            return (type, bucket, key)
        }
    }

    /// Behind the terminator of the component that begins at `start`; nil where the escapes are wrong or it has none.
    private static func componentEnd(in raw: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var position = start
        while position < raw.count {
            guard raw[position] == 0 else {
                position += 1
                continue
            }
            guard position + 1 < raw.count else { return nil }
            switch raw[position + 1] {
            case 0xff: position += 2
            case 0x01: return position + 2
            default: return nil
            }
        }
        return nil
    }
}

extension ObjectKey: CustomStringConvertible {
    public var description: String {
        "\(String(buffer: type))/\(String(buffer: bucket))/\(String(buffer: key))"
    }
}

extension ByteBuffer {
    /// Whether the readable bytes come before those of `other`, byte by byte, a prefix first.
    public func isOrderedBefore(_ other: ByteBuffer) -> Bool {
        withUnsafeReadableBytes { a in
            other.withUnsafeReadableBytes { b in
                let common = min(a.count, b.count)
                for i in 0 ..< common where a[i] != b[i] { return a[i] < b[i] }
                return a.count < b.count
            }
        }
    }
}
