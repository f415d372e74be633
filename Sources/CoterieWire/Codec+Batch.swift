// Batches of objects, compressed where they are large: content that refills a replica or that anti-entropy offers.
//
//     packed := length as a varint, then that many bytes of a message as zlib compresses them
//
// A field of a message and its packed form have two numbers; a sender writes one of them.

import CoteriePrimitives
import NIOCore

enum Packing {
    /// Batches of fewer bytes are left as they are: setting up the compressor would cost more than it saves.
    static let leastBytes = 4096
    /// What a packed message may take unpacked: a peer's bytes decide how much memory they take, up to here.
    static let mostBytes = 256 << 20
}

extension ByteBuffer {
    /// Writes a nested message as field `number`, or packed as field `packed` where it is large and becomes smaller.
    mutating func writeBatch(
        _ number: Int, packed: Int, expecting size: Int, _ body: (inout ByteBuffer) -> Void
    ) {
        guard size >= Packing.leastBytes else { return writeField(number, expecting: size, message: body) }
        var message = ByteBuffer()
        message.reserveCapacity(size)
        body(&message)
        guard let smaller = message.compressed() else { return writeField(number, bytes: message) }
        writeField(packed, expecting: smaller.readableBytes + 5) {
            $0.writeVarint(UInt64(message.readableBytes))
            $0.writeImmutableBuffer(smaller)
        }
    }
}

extension ProtobufReader {
    /// A message that was packed.
    mutating func packedMessage() throws(ProtobufError) -> ProtobufReader {
        var bytes = try slice()
        guard let length = bytes.readVarint() else { throw .malformedValue(field: field) }
        guard length <= UInt64(Packing.mostBytes) else { throw .valueOutOfRange(field: field) }
        guard let message = bytes.decompressed(to: Int(length)) else { throw .malformedValue(field: field) }
        return ProtobufReader(message)
    }
}
