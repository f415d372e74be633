// Base-128 varints, as protobuf writes them: seven bits a byte, least significant first.

import NIOCore

extension ByteBuffer {
    /// Appends `value` in 1 to 10 bytes.
    @inlinable public mutating func writeVarint(_ value: UInt64) {
        if value < 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: value))
        } else {
            writeLongVarint(value)
        }
    }

    /// Appends a varint of several bytes, with one check of capacity.
    @usableFromInline mutating func writeLongVarint(_ value: UInt64) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 10) { bytes in
            var rest = value
            var count = 0
            while rest >= 0x80 {
                bytes[count] = UInt8(truncatingIfNeeded: rest) | 0x80
                rest >>= 7
                count += 1
            }
            bytes[count] = UInt8(truncatingIfNeeded: rest)
            return count + 1
        }
    }

    /// Takes a varint off the front; nil, and nothing taken, where it is cut off or does not fit 64 bits.
    @inlinable public mutating func readVarint() -> UInt64? {
        let parsed: (value: UInt64, count: Int)? = withUnsafeReadableBytes { bytes in
            var value: UInt64 = 0
            var shift: UInt64 = 0
            var index = 0
            while index < bytes.count, index < 10 {
                let byte = bytes[index]
                index += 1
                if index == 10, byte > 1 { return nil }
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return (value, index) }
                shift += 7
            }
            return nil
        }
        guard let parsed else { return nil }
        moveReaderIndex(forwardBy: parsed.count)
        return parsed.value
    }

    /// Appends a varint length and the bytes.
    @inlinable public mutating func writeLengthPrefixed(_ bytes: ByteBuffer) {
        writeVarint(UInt64(bytes.readableBytes))
        writeImmutableBuffer(bytes)
    }

    /// Takes a varint length and that many bytes, as a slice that shares storage; nil, and nothing taken, where cut off.
    @inlinable public mutating func readLengthPrefixed() -> ByteBuffer? {
        let start = readerIndex
        guard let length = readVarint(), length <= UInt64(readableBytes), let slice = readSlice(length: Int(length))
        else {
            moveReaderIndex(to: start)
            return nil
        }
        return slice
    }
}

/// How many bytes the varint of `value` takes.
@inlinable public func varintSize(_ value: UInt64) -> Int {
    (70 - (value | 1).leadingZeroBitCount) / 7
}
