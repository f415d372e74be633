// Where a hint lies in the store: in a group of its partition that has no replicas (n = 0), under a key that begins with
// the owner for whom it is kept. So one owner's hints are one range of each partition, in the order of their keys.
//
//     key := target (4 bytes, big-endian), object key, round (8 bytes), bytes of the value (4 bytes)
//     value := format version (1 byte), encoded object
//
// Object keys are prefix-free, so what stands behind one leaves the order as it is. Round and size stand in the key
// because keys are in memory: how many hints wait for whom, how large they are, and how old, is known at once after a
// restart, and no value is read for it. There is at most one hint for a target and an object key.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// The name of one hint within its partition.
struct HintKey: Hashable {
    /// The owner for whom it is kept.
    let target: MemberNumber
    let key: ObjectKey
    /// The oldest round in which any of its content left a store.
    let round: UInt64
    /// Bytes of its value.
    let bytes: UInt32

    /// What a hint's key has beyond its object's.
    static let overhead = 16

    /// Where a partition's hints are.
    static func group(_ partition: PartitionIndex) -> Group { Group(partition: partition, n: 0) }

    /// What every hint for a target begins with.
    static func prefix(_ target: MemberNumber) -> ByteBuffer { ByteBuffer(integer: target.rawValue) }

    /// What the hint for a target and an object's key begins with.
    static func prefix(_ target: MemberNumber, _ key: ObjectKey) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(key.bytes.readableBytes + overhead)
        out.writeInteger(target.rawValue)
        out.writeImmutableBuffer(key.bytes)
        return out
    }

    init(target: MemberNumber, key: ObjectKey, round: UInt64, bytes: Int) {
        self.target = target
        self.key = key
        self.round = round
        self.bytes = UInt32(clamping: bytes)
    }

    /// Takes a key as the store has it; nil where it is none.
    init?(encoded: ByteBuffer) {
        var bytes = encoded
        guard let target: UInt32 = bytes.readInteger(), bytes.readableBytes > 12,
            let name = bytes.readSlice(length: bytes.readableBytes - 12), let key = ObjectKey(encoded: name),
            let round: UInt64 = bytes.readInteger(), let size: UInt32 = bytes.readInteger()
        else { return nil }
        self.target = MemberNumber(target)
        self.key = key
        self.round = round
        self.bytes = size
    }

    var encoded: ByteBuffer {
        var out = Self.prefix(target, key)
        out.writeInteger(round)
        out.writeInteger(bytes)
        return out
    }

    /// The least key that sorts behind this hint's.
    var successor: ByteBuffer {
        var out = encoded
        out.writeInteger(UInt8(0))
        return out
    }
}

/// The value of a hint's record.
enum HintValue {
    private static let formatVersion: UInt8 = 1

    static func encode(_ object: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(object.readableBytes + 1)
        out.writeInteger(formatVersion)
        out.writeImmutableBuffer(object)
        return out
    }

    /// The encoded object; nil where the bytes are no hint's.
    static func object(in value: ByteBuffer) -> ByteBuffer? {
        var value = value
        guard value.readInteger() == formatVersion else { return nil }
        return value
    }
}
