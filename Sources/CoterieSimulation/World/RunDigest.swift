// One number for a whole run: every transition is mixed into it, in order. Two runs that differ anywhere differ here.

/// A running digest. Not cryptographic: it finds accidents, not forgeries.
struct RunDigest: Equatable {
    private(set) var value: UInt64 = 0x436f_7465_7269_6521

    /// (After the finaliser of SplitMix64.)
    @inline(__always)
    mutating func mix(_ word: UInt64) {
        var z = (value ^ word) &* 0xbf58_476d_1ce4_e5b9
        z ^= z >> 31
        z = z &* 0x94d0_49bb_1331_11eb
        value = z ^ (z >> 29)
    }
}
