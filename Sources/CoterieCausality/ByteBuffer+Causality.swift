// Dots and version vectors inside of other encodings: messages, records, indexes.
//
//     replica := member varint, nonce 8 bytes big-endian, sub-number varint
//     dot     := replica, counter varint (1 ... 2^63 - 1)
//     vector  := count varint, count dots that ascend strictly by replica
//
// Varints are in their shortest form: equal values have equal bytes.

import CoteriePrimitives
import NIOCore

extension ByteBuffer {
    /// Appends a replica identity: 10 to 18 bytes.
    public mutating func writeReplicaID(_ replica: ReplicaID) {
        append(ByteWriter.size(replica)) { $0.replica(replica) }
    }

    /// Appends a dot: 11 to 27 bytes.
    public mutating func writeDot(_ dot: Dot) {
        append(ByteWriter.size(dot)) { $0.dot(dot) }
    }

    /// Appends a version vector: a count, and each entry as a dot.
    public mutating func writeVersionVector(_ vector: VersionVector) {
        append(ByteWriter.size(vector)) { $0.vector(vector) }
    }

    /// Takes a replica identity off the front; nil, and nothing taken, where the bytes are cut off or malformed.
    public mutating func readReplicaID() -> ReplicaID? {
        try? take { (cursor) throws(EncodingFault) in try cursor.replica() }
    }

    /// Takes a dot off the front; nil, and nothing taken, where the bytes are cut off or malformed.
    public mutating func readDot() -> Dot? {
        try? take { (cursor) throws(EncodingFault) in try cursor.dot() }
    }

    /// Takes a version vector off the front; nil, and nothing taken, where the bytes are cut off or malformed.
    public mutating func readVersionVector() -> VersionVector? {
        try? take { (cursor) throws(EncodingFault) in try cursor.vector() }
    }

    /// Writes exactly `size` bytes with one check of capacity.
    mutating func append(_ size: Int, _ write: (inout ByteWriter) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: size) { bytes in
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(size)))
            write(&writer)
            precondition(writer.position == size, "sized \(size) bytes, wrote \(writer.position)")
            return size
        }
    }

    /// Reads by a cursor and takes what it read; nothing is taken where it throws.
    mutating func take<T>(
        _ read: (inout ByteCursor) throws(EncodingFault) -> T
    ) throws(EncodingFault) -> T {
        try readWithUnsafeReadableBytes { (bytes) throws(EncodingFault) -> (Int, T) in
            var cursor = ByteCursor(bytes)
            let value = try read(&cursor)
            return (cursor.position, value)
        }
    }

    /// Reads by a cursor that must end at the end.
    func parse<T>(_ read: (inout ByteCursor) throws(EncodingFault) -> T) throws(EncodingFault) -> T {
        try withUnsafeReadableBytes { (bytes) throws(EncodingFault) -> T in
            var cursor = ByteCursor(bytes)
            let value = try read(&cursor)
            try cursor.expectEnd()
            return value
        }
    }
}
