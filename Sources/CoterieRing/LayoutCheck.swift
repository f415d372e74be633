// What must hold of a layout's parts before they become one, each with the error that names it.

import CoteriePrimitives

enum LayoutCheck {
    /// Everything but the owners. `members` are sorted by number and `bucketTypes` by name.
    static func parts(
        clusterName: String, partitionCount: Int, replicas: Int, members: [Member], bucketTypes: [BucketType]
    ) throws(LayoutError) {
        guard isValidName(clusterName) else { throw .badName(what: "cluster", name: clusterName) }
        guard LayoutLimits.partitions.contains(partitionCount) else { throw .partitionCountOutOfRange(partitionCount) }
        guard LayoutLimits.replicas.contains(replicas) else { throw .replicasOutOfRange(replicas) }
        guard members.count >= replicas else { throw .tooFewMembers(members: members.count, replicas: replicas) }
        guard members.count <= LayoutLimits.members.upperBound else { throw .tooManyMembers(members.count) }
        for member in members { try check(member) }
        try distinct(members)
        guard LayoutLimits.bucketTypes.contains(bucketTypes.count) else { throw .tooManyBucketTypes(bucketTypes.count) }
        for type in bucketTypes { try check(type, replicas: replicas) }
        for (a, b) in zip(bucketTypes, bucketTypes.dropFirst()) where a.name == b.name {
            throw .duplicateBucketType(a.name)
        }
    }

    /// As many owners as slots, all of them members, a partition's distinct.
    static func owners(
        _ owners: [MemberNumber], partitionCount: Int, replicas: Int, members: [Member]
    ) throws(LayoutError) {
        guard owners.count == partitionCount * replicas else {
            throw .wrongOwnerCount(found: owners.count, partitions: partitionCount, replicas: replicas)
        }
        var known: Set<MemberNumber> = []
        for member in members { known.insert(member.number) }
        for partition in 0 ..< partitionCount {
            for slot in 0 ..< replicas {
                let owner = owners[partition * replicas + slot]
                let index = PartitionIndex(UInt16(partition))
                guard known.contains(owner) else { throw .unknownOwner(owner, partition: index, slot: slot) }
                for earlier in 0 ..< slot where owners[partition * replicas + earlier] == owner {
                    throw .repeatedOwner(owner, partition: index, slots: [earlier, slot])
                }
            }
        }
    }

    private static func check(_ member: Member) throws(LayoutError) {
        guard isValidName(member.name) else { throw .badName(what: "member", name: member.name) }
        guard isValidName(member.zone) else { throw .badName(what: "zone", name: member.zone) }
        guard LayoutLimits.weight.contains(member.weight) else {
            throw .weightOutOfRange(member: member.name, weight: member.weight)
        }
        for (listener, endpoint) in [("peer", member.peer), ("http", member.http)] {
            guard endpoint.hasValidHost, LayoutLimits.ports.contains(endpoint.port) else {
                throw .badEndpoint(member: member.name, listener: listener, endpoint: endpoint)
            }
        }
    }

    private static func check(_ type: BucketType, replicas: Int) throws(LayoutError) {
        guard isValidName(type.name) else { throw .badName(what: "bucket type", name: type.name) }
        guard (1 ... replicas).contains(type.n) else {
            throw .replicasOfBucketTypeOutOfRange(type: type.name, n: type.n, replicas: replicas)
        }
        guard type.kind.isWellFormed else { throw .badKind(type: type.name, kind: type.kind.rawValue) }
        if let property = type.properties.firstInvalid(n: type.n) {
            throw .badBucketProperty(type: type.name, property: property, n: type.n)
        }
    }

    /// Numbers, names and addresses are each member's own.
    private static func distinct(_ members: [Member]) throws(LayoutError) {
        for (a, b) in zip(members, members.dropFirst()) where a.number == b.number {
            throw .duplicateMemberNumber(a.number, names: [a.name, b.name].sorted())
        }
        let byName = members.sorted { ($0.name, $0.number) < ($1.name, $1.number) }
        for (a, b) in zip(byName, byName.dropFirst()) where a.name == b.name {
            throw .duplicateMemberName(a.name, numbers: [a.number, b.number])
        }
        var listeners: [(endpoint: Endpoint, of: String)] = []
        for member in members {
            listeners.append((member.peer, "\(member.name) (peer)"))
            listeners.append((member.http, "\(member.name) (http)"))
        }
        listeners.sort { ($0.endpoint, $0.of) < ($1.endpoint, $1.of) }
        for (a, b) in zip(listeners, listeners.dropFirst()) where a.endpoint == b.endpoint {
            throw .duplicateEndpoint(a.endpoint, members: [a.of, b.of])
        }
    }
}
