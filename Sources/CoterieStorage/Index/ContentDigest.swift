// A running digest of what an index points at: the vouching digest (design, section 4, rule 11; INV 26).
//
// Each key counts with its record's body checksum, and all are joined by exclusive or: a change costs two terms, whatever
// the number of keys. What is derived anew from all keys must give the same; where it does not, the index has forgotten a
// key, or points at a record that was overwritten.

import CoteriePrimitives

/// Joined over all keys of one group, or of a whole store.
struct ContentDigest: Hashable, Sendable {
    private(set) var value: UInt64 = 0

    init(value: UInt64 = 0) { self.value = value }

    /// A key's record has come, or is gone. Twice is never.
    @inline(__always)
    mutating func toggle(_ term: UInt64) { value ^= term }

    /// What a key's checksum is continued from: equal keys of different groups count differently.
    @inline(__always)
    static func seed(of group: Group) -> UInt32 {
        UInt32(group.partition.rawValue) &* 0x9e37_79b1 ^ UInt32(group.n) &* 0x85eb_ca6b
    }

    /// The term of one key: its checksum, continued from its group's seed, and its record's. The mixing is SplitMix64's
    /// finaliser (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): checksums alone are linear,
    /// and differences of two keys could cancel each other out.
    @inline(__always)
    static func term(key: UInt32, record: UInt32) -> UInt64 {
        var z = UInt64(key) << 32 | UInt64(record)
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
