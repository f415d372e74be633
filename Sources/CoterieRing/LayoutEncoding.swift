// A layout as the bytes of `layout.proto`: fields in the order of their numbers, defaults left out, so that equal
// layouts have equal bytes and a digest of the bytes tells layouts apart. A layout is written in the oldest format that
// can say it: releases that read no newer one go on serving it, and its digest stays what it was.

import CoteriePrimitives
import NIOCore

extension Layout {
    /// The bytes of `layout.proto`. O(partitions × replicas).
    public func encoded() -> ByteBuffer {
        LayoutEncoding.bytes(
            clusterName: clusterName, hashKey: hashKey, epoch: epoch, partitionCount: partitionCount,
            replicas: replicas, members: members, bucketTypes: bucketTypes, owners: owners)
    }
}

enum LayoutEncoding {
    /// 2: bucket types may have kinds that are told by name.
    static let newestFormat: UInt64 = 2

    /// Fixed for ever: digests are compared between releases.
    static let digestKey = HashKey(0x6c61_796f_7574_2031, 0x6469_6765_7374_2031)

    /// Riak's numbers for the symbolic quorums.
    static let one: UInt64 = 4_294_967_294
    static let quorum: UInt64 = 4_294_967_293
    static let all: UInt64 = 4_294_967_292

    static func bytes(
        clusterName: String, hashKey: HashKey, epoch: Epoch, partitionCount: Int, replicas: Int, members: [Member],
        bucketTypes: [BucketType], owners: [MemberNumber]
    ) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(256 + 2 * owners.count + 96 * members.count + 64 * bucketTypes.count)
        out.writeField(1, varint: bucketTypes.contains { $0.kind.code == nil } ? 2 : 1)
        out.writeField(2, string: clusterName)
        out.writeField(3, fixed64: hashKey.k0)
        out.writeField(4, fixed64: hashKey.k1)
        out.writeField(5, varint: epoch.rawValue)
        out.writeField(6, varint: UInt64(partitionCount))
        out.writeField(7, varint: UInt64(replicas))
        for member in members { out.writeField(8, expecting: 100) { write(member, into: &$0) } }
        for type in bucketTypes { out.writeField(9, expecting: 100) { write(type, into: &$0) } }
        var indices: [MemberNumber: UInt64] = [:]
        for (index, member) in members.enumerated() { indices[member.number] = UInt64(index) }
        out.writeField(10, expecting: owners.count) { packed in
            for owner in owners { packed.writeVarint(indices[owner] ?? UInt64(members.count)) }
        }
        return out
    }

    private static func write(_ member: Member, into out: inout ByteBuffer) {
        out.writeField(1, varint: UInt64(member.number.rawValue))
        out.writeField(2, string: member.name)
        out.writeField(3, string: member.zone)
        out.writeField(4, varint: UInt64(member.weight))
        for (field, endpoint) in [(5, member.peer), (6, member.http)] {
            out.writeField(field) { message in
                message.writeField(1, string: endpoint.host)
                message.writeField(2, varint: UInt64(endpoint.port))
            }
        }
    }

    private static func write(_ type: BucketType, into out: inout ByteBuffer) {
        out.writeField(1, string: type.name)
        out.writeField(2, varint: UInt64(type.n))
        if let code = type.kind.code { out.writeField(3, varint: code) }
        out.writeField(4) { write(type.properties, into: &$0) }
        if type.kind.code == nil { out.writeField(5, string: type.kind.rawValue) }
    }

    private static func write(_ properties: BucketProperties, into out: inout ByteBuffer) {
        let quorums = [
            properties.r, properties.w, properties.pr, properties.pw, properties.dw, properties.nodeConfirms,
        ]
        for (index, quorum) in quorums.enumerated() {
            if let quorum { out.writePresent(1 + index, varint: code(of: quorum)) }
        }
        let flags = [properties.basicQuorum, properties.notfoundOK, properties.sloppy, properties.returnBody]
        for (index, flag) in flags.enumerated() {
            if let flag { out.writePresent(7 + index, bool: flag) }
        }
        if let timeout = properties.timeout { out.writePresent(11, varint: UInt64(bitPattern: timeout.nanoseconds)) }
    }

    private static func code(of quorum: Quorum) -> UInt64 {
        switch quorum {
        case .one: one
        case .quorum: Self.quorum
        case .all: all
        case .count(let count): UInt64(count)
        }
    }
}

extension TypeKind {
    /// Its number in `layout.proto`; nil of one that is told by its name.
    var code: UInt64? {
        switch self {
        case .siblings: 1
        case .lww: 2
        default: nil
        }
    }
}
