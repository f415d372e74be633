// The vtag: a short printable name of one sibling, a function of its dot and of nothing else. Riak's clients know it as
// the ETag of a value and as the `vtag` query parameter; conditions (`Condition.anyVtag`) name siblings by it.
//
//     vtag := 22 base62 digits of 128 bits: two SipHash-2-4 of (member, sub-number, nonce, counter), 24 bytes
//             little-endian, under two fixed keys
//
// The two keys are fixed for ever: clients hold vtags across upgrades.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// The vtag of the sibling that `dot` wrote: 22 characters of `0-9 A-Z a-z`.
public func vtag(of dot: Dot) -> String {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { bytes in
        bytes.storeBytes(of: dot.replica.member.rawValue.littleEndian, toByteOffset: 0, as: UInt32.self)
        bytes.storeBytes(of: dot.replica.incarnation.sub.littleEndian, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: dot.replica.incarnation.nonce.littleEndian, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: dot.counter.littleEndian, toByteOffset: 16, as: UInt64.self)
        return base62(stableHash128(UnsafeRawBufferPointer(bytes), domain: 0x7674_6167_206f_6620))
    }
}

/// The entity tag of an object with several siblings: a function of all that its context has seen.
public func vtag(ofContext context: VersionVector) -> String {
    CausalContext(context).encoded().withUnsafeReadableBytes {
        base62(stableHash128($0, domain: 0x636f_6e74_6578_7420))
    }
}

/// 22 base62 digits, the most significant first: 62^22 is just above 2^128.
public func base62(_ number: UInt128) -> String {
    let digits: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return String(unsafeUninitializedCapacity: 22) { out in
        var rest = number
        for position in stride(from: 21, through: 0, by: -1) {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 62)
            out[position] = digits.utf8Start[Int(remainder)]
            rest = quotient
        }
        return 22
    }
}

private func stableHash128(_ bytes: UnsafeRawBufferPointer, domain: UInt64) -> UInt128 {
    UInt128(stableHash(bytes, key: HashKey(domain, 0))) << 64 | UInt128(stableHash(bytes, key: HashKey(domain, 1)))
}
