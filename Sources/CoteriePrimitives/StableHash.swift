// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash whose value is the same on every machine, in every
// process and for ever. Keyed, so that nobody who chooses keys can choose a partition without knowing the cluster's key.

/// A 128-bit hash key.
public struct HashKey: Hashable, Sendable {
    public let k0: UInt64
    public let k1: UInt64

    public init(_ k0: UInt64, _ k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// The key of a cluster that gives none: a function of the cluster's name.
    public init(clusterName: String) {
        var name = clusterName
        (k0, k1) = name.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            return (
                stableHash(bytes, key: HashKey(0x636f_7465_7269_6521, 0)),
                stableHash(bytes, key: HashKey(0x636f_7465_7269_6521, 1))
            )
        }
    }
}

/// SipHash-2-4 of `bytes`. O(bytes), no allocation.
public func stableHash(_ bytes: UnsafeRawBufferPointer, key: HashKey) -> UInt64 {
    var state = SipState(key)
    let whole = bytes.count & ~7
    var offset = 0
    while offset < whole {
        state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        offset += 8
    }
    var last = UInt64(truncatingIfNeeded: bytes.count) << 56
    var shift: UInt64 = 0
    while offset < bytes.count {
        last |= UInt64(bytes[offset]) << shift
        shift += 8
        offset += 1
    }
    state.absorb(last)
    return state.finish()
}

private struct SipState {
    var v0, v1, v2, v3: UInt64

    init(_ key: HashKey) {
        v0 = key.k0 ^ 0x736f_6d65_7073_6575
        v1 = key.k1 ^ 0x646f_7261_6e64_6f6d
        v2 = key.k0 ^ 0x6c79_6765_6e65_7261
        v3 = key.k1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always) mutating func round() {
        v0 &+= v1; v1 = v1 << 13 | v1 >> 51; v1 ^= v0; v0 = v0 << 32 | v0 >> 32
        v2 &+= v3; v3 = v3 << 16 | v3 >> 48; v3 ^= v2
        v0 &+= v3; v3 = v3 << 21 | v3 >> 43; v3 ^= v0
        v2 &+= v1; v1 = v1 << 17 | v1 >> 47; v1 ^= v2; v2 = v2 << 32 | v2 >> 32
    }

    @inline(__always) mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    @inline(__always) mutating func finish() -> UInt64 {
        v2 ^= 0xff
        round()
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }
}
