// From the bytes of a name, as a request brings them, to its index: an open-addressed table over a multiplicative hash.
// Every request looks its bucket type up; a dictionary's SipHash over the buffer takes ten times as long.

import NIOCore

struct NameTable: Sendable {
    private let names: [ByteBuffer]
    /// An index into `names`, plus one; zero where the slot is free. At most half are taken.
    private let slots: [UInt16]

    /// - Parameter names: distinct, fewer than 32768.
    init(_ names: [String]) {
        self.names = names.map { ByteBuffer(string: $0) }
        var size = 8
        while size < names.count * 2 { size *= 2 }
        var slots = [UInt16](repeating: 0, count: size)
        for (index, name) in self.names.enumerated() {
            var slot = Self.hash(name) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt16(index + 1)
        }
        self.slots = slots
    }

    /// The index of `name`; nil where it is not in the table. O(length), no allocation.
    func index(of name: ByteBuffer) -> Int? {
        var slot = Self.hash(name) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if names[index] == name { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func hash(_ name: ByteBuffer) -> Int {
        name.withUnsafeReadableBytes { bytes in
            var hash = UInt64(bytes.count)
            var offset = 0
            while offset + 8 <= bytes.count {
                mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian, into: &hash)
                offset += 8
            }
            while offset < bytes.count {
                mix(UInt64(bytes[offset]), into: &hash)
                offset += 1
            }
            return Int(truncatingIfNeeded: hash >> 33)
        }
    }

    private static func mix(_ word: UInt64, into hash: inout UInt64) {
        hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 32
    }
}
