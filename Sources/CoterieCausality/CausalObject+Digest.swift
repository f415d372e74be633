// An object's state as one number: equal for equal states on every machine, and almost surely different otherwise. Digest
// reads compare it, replicas keep a running XOR of it, anti-entropy leaves out what the other has by it.
//
//     digest       := hash of the context XOR the hashes of the live dots; 0 of the empty object
//     hash of dot  := SipHash-2-4 of (member, sub-number, nonce, counter), 24 bytes little-endian, under a fixed key
//     of a context := the entries' hashes chained, each keyed by the one before it; 0 of the empty context
//
// A dot names its payload, so payloads need not be hashed; records carry checksums of their own against rot.

import CoteriePrimitives
import NIOCore

extension CausalObject {
    /// The state as one number; 0 of the empty object. O(siblings + entries), no allocation.
    public var digest: UInt64 {
        var sum = CausalDigest.hash(context)
        for sibling in siblings { sum ^= CausalDigest.hash(liveDot: sibling.dot) }
        return sum
    }

    /// Whether both are the same state, as equal digests say: equal contexts and equal live dots. Payloads are not looked
    /// at, since a dot names its payload. O(siblings + entries).
    public func isInTheState(of other: CausalObject) -> Bool {
        context == other.context && siblings.count == other.siblings.count
            && siblings.indices.allSatisfy { siblings[$0].dot == other.siblings[$0].dot }
    }

    /// The digest bound to the key under which the object is stored: what a replica's running XOR takes in, so that two
    /// keys with equal states do not cancel out and states do not trade places. 0 of the empty object.
    public func digest(under key: ByteBuffer) -> UInt64 { CausalDigest.bind(digest, to: key) }
}

/// The hashes that make up an object's digest.
public enum CausalDigest {
    private static let liveDomain: UInt64 = 0x6c69_7665_2064_6f74
    private static let contextDomain: UInt64 = 0x636f_6e74_6578_7421
    private static let keyDomain: UInt64 = 0x756e_6465_7220_6b65

    /// Binds an object's digest to its key; 0 stays 0.
    public static func bind(_ digest: UInt64, to key: ByteBuffer) -> UInt64 {
        if digest == 0 { return 0 }
        return key.withUnsafeReadableBytes { stableHash($0, key: HashKey(digest, keyDomain)) }
    }

    static func hash(liveDot dot: Dot) -> UInt64 { hash(dot, key: HashKey(liveDomain, 0)) }

    static func hash(_ context: VersionVector) -> UInt64 {
        var chain: UInt64 = 0
        for position in 0 ..< context.count {
            chain = hash(context.dot(at: position), key: HashKey(contextDomain, chain))
        }
        return chain
    }

    private static func hash(_ dot: Dot, key: HashKey) -> UInt64 {
        let words = (
            (UInt64(dot.replica.incarnation.sub) << 32 | UInt64(dot.replica.member.rawValue)).littleEndian,
            dot.replica.incarnation.nonce.littleEndian,
            dot.counter.littleEndian
        )
        return withUnsafeBytes(of: words) { stableHash($0, key: key) }
    }
}
