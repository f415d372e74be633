// Reading and writing of raw bytes for this module's codecs: strict and canonical on the way in, exactly sized on the
// way out. A ByteBuffer checks capacity and uniqueness at each byte; here that is done once per value.

import CoteriePrimitives

/// A strict reader over borrowed bytes. Each value has one encoding, everything else is a fault.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func byte(_ field: EncodingFault.Field) throws(EncodingFault) -> UInt8 {
        guard position < bytes.count else { throw .truncated(field, offset: position) }
        defer { position += 1 }
        return bytes[position]
    }

    /// A varint in its shortest form.
    mutating func varint(_ field: EncodingFault.Field) throws(EncodingFault) -> UInt64 {
        let start = position
        var value = UInt64(try byte(field))
        if value < 0x80 { return value }
        value &= 0x7f
        var shift: UInt64 = 7
        while true {
            let next = try byte(field)
            if shift == 63, next > 1 { throw .malformedInteger(field, offset: start) }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 {
                if next == 0 { throw .malformedInteger(field, offset: start) }
                return value
            }
            shift += 7
        }
    }

    mutating func varint(
        _ field: EncodingFault.Field, in allowed: ClosedRange<UInt64>
    ) throws(EncodingFault) -> UInt64 {
        let start = position
        let value = try varint(field)
        guard allowed.contains(value) else {
            throw .outOfRange(field, value: value, allowed: allowed, offset: start)
        }
        return value
    }

    /// A count of elements of at least `size` bytes each: never more than the bytes behind it can hold, so that it is
    /// safe to reserve memory by it.
    mutating func count(_ field: EncodingFault.Field, eachAtLeast size: Int) throws(EncodingFault) -> Int {
        let start = position
        let count = try varint(field)
        let possible = remaining / size
        guard count <= UInt64(possible) else {
            throw .countTooLarge(field, count: count, possible: possible, offset: start)
        }
        return Int(count)
    }

    mutating func replica() throws(EncodingFault) -> ReplicaID {
        let member = try varint(.member, in: 0 ... UInt64(UInt32.max))
        guard remaining >= 8 else { throw .truncated(.nonce, offset: position) }
        let nonce = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        position += 8
        let sub = try varint(.sub, in: 0 ... UInt64(UInt32.max))
        return ReplicaID(
            member: MemberNumber(UInt32(member)), incarnation: Incarnation(nonce: nonce, sub: UInt32(sub)))
    }

    mutating func dot() throws(EncodingFault) -> Dot {
        let replica = try replica()
        return Dot(replica, try varint(.counter, in: 1 ... Dot.maximumCounter))
    }

    mutating func vector() throws(EncodingFault) -> VersionVector {
        let count = try count(.entryCount, eachAtLeast: ByteWriter.leastDotSize)
        if count == 0 { return VersionVector() }
        let first = try dot()
        if count == 1 { return VersionVector(ascending: first, []) }
        var rest: [Dot] = []
        rest.reserveCapacity(count - 1)
        var previous = first.replica
        for _ in 1 ..< count {
            let start = position
            let dot = try dot()
            guard previous < dot.replica else { throw .unordered(.entryCount, offset: start) }
            previous = dot.replica
            rest.append(dot)
        }
        return VersionVector(ascending: first, rest)
    }

    /// The format version: 1 to `newest`.
    mutating func version(newest: UInt8) throws(EncodingFault) -> UInt8 {
        let version = try byte(.version)
        guard version >= 1, version <= newest else { throw .unknownVersion(version, newest: newest) }
        return version
    }

    /// Passes over bytes that are known to be there.
    mutating func skip(_ count: Int) {
        precondition(count >= 0 && count <= remaining, "cannot skip \(count) of \(remaining) bytes")
        position += count
    }

    func expectEnd() throws(EncodingFault) {
        if remaining > 0 { throw .trailingBytes(remaining) }
    }
}

/// A writer into memory that was sized beforehand.
struct ByteWriter {
    let bytes: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    /// Member, nonce, sub-number and counter of one byte each but for the nonce's eight.
    static let leastDotSize = 11

    mutating func byte(_ value: UInt8) {
        bytes[position] = value
        position += 1
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    mutating func replica(_ replica: ReplicaID) {
        varint(UInt64(replica.member.rawValue))
        bytes.storeBytes(of: replica.incarnation.nonce.bigEndian, toByteOffset: position, as: UInt64.self)
        position += 8
        varint(UInt64(replica.incarnation.sub))
    }

    mutating func dot(_ dot: Dot) {
        replica(dot.replica)
        varint(dot.counter)
    }

    mutating func vector(_ vector: VersionVector) {
        varint(UInt64(vector.count))
        for position in 0 ..< vector.count { dot(vector.dot(at: position)) }
    }

    mutating func raw(_ source: UnsafeRawBufferPointer) {
        if source.isEmpty { return }
        UnsafeMutableRawBufferPointer(rebasing: bytes[position ..< position + source.count]).copyMemory(from: source)
        position += source.count
    }

    static func size(_ replica: ReplicaID) -> Int {
        varintSize(UInt64(replica.member.rawValue)) + 8 + varintSize(UInt64(replica.incarnation.sub))
    }

    static func size(_ dot: Dot) -> Int { size(dot.replica) + varintSize(dot.counter) }

    static func size(_ vector: VersionVector) -> Int {
        var sum = varintSize(UInt64(vector.count))
        for position in 0 ..< vector.count { sum += size(vector.dot(at: position)) }
        return sum
    }
}
