// What can be wrong with a layout, as values: each names what was found, what is allowed and where.

import CoteriePrimitives

/// Why a definition, a set of parts or bytes are not a layout.
public enum LayoutError: Error, Hashable, Sendable {
    /// `what` is "cluster", "member", "zone" or "bucket type".
    case badName(what: String, name: String)
    case partitionCountOutOfRange(Int)
    case replicasOutOfRange(Int)
    case tooFewMembers(members: Int, replicas: Int)
    case tooManyMembers(Int)
    case duplicateMemberNumber(MemberNumber, names: [String])
    case duplicateMemberName(String, numbers: [MemberNumber])
    case weightOutOfRange(member: String, weight: Int)
    /// `listener` is "peer" or "http".
    case badEndpoint(member: String, listener: String, endpoint: Endpoint)
    case duplicateEndpoint(Endpoint, members: [String])
    case tooManyBucketTypes(Int)
    case duplicateBucketType(String)
    /// What a bucket type is to make of concurrent writes is no name of a type.
    case badKind(type: String, kind: String)
    case replicasOfBucketTypeOutOfRange(type: String, n: Int, replicas: Int)
    case badBucketProperty(type: String, property: BucketProperties.InvalidProperty, n: Int)
    case epochZero
    case wrongOwnerCount(found: Int, partitions: Int, replicas: Int)
    case unknownOwner(MemberNumber, partition: PartitionIndex, slot: Int)
    case repeatedOwner(MemberNumber, partition: PartitionIndex, slots: [Int])
    /// The bytes are in a format that this release does not read.
    case unsupportedFormat(found: UInt64, supported: UInt64)
    /// The bytes are no message of `layout.proto`; `place` is the part of it, such as "members[2].peer".
    case malformed(place: String, reason: ProtobufError)
}

extension LayoutError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badName, .duplicateMemberNumber, .duplicateMemberName, .weightOutOfRange, .badEndpoint,
            .duplicateEndpoint:
            memberDescription
        case .tooManyBucketTypes, .duplicateBucketType, .badKind, .replicasOfBucketTypeOutOfRange, .badBucketProperty:
            bucketTypeDescription
        default: layoutDescription
        }
    }

    private var memberDescription: String {
        switch self {
        case .badName(let what, let name):
            "the \(what) name \"\(name)\" is not allowed: 1 to \(LayoutLimits.nameLength.upperBound) ASCII letters, "
                + "digits, '.', '_' and '-', the first a letter or digit"
        case .duplicateMemberNumber(let number, let names):
            "the member number \(number.rawValue) is given to \(names.joined(separator: " and ")); "
                + "each member has a number of its own"
        case .duplicateMemberName(let name, let numbers):
            "the members \(numbers.map { String($0.rawValue) }.joined(separator: " and ")) are both called "
                + "\"\(name)\"; each member has a name of its own"
        case .weightOutOfRange(let member, let weight):
            "member \(member) has weight \(weight); allowed is \(Self.text(LayoutLimits.weight))"
        case .badEndpoint(let member, let listener, let endpoint):
            "member \(member) has the \(listener) address \"\(endpoint)\"; allowed is a host name or IP address of at "
                + "most \(LayoutLimits.hostLength.upperBound) bytes and a port, \(Self.text(LayoutLimits.ports))"
        case .duplicateEndpoint(let endpoint, let members):
            "the address \(endpoint) is given to \(members.joined(separator: " and to ")); "
                + "each listener has an address of its own"
        default: ""
        }
    }

    private var bucketTypeDescription: String {
        switch self {
        case .tooManyBucketTypes(let count):
            "\(count) bucket types; allowed is \(Self.text(LayoutLimits.bucketTypes))"
        case .duplicateBucketType(let name):
            "the bucket type \"\(name)\" is defined twice; each name is defined once"
        case .badKind(let type, let kind):
            "the bucket type \"\(type)\" has the type \"\(kind)\"; allowed is a name of 1 to 32 lower case letters, "
                + "digits, '-' and '_'"
        case .replicasOfBucketTypeOutOfRange(let type, let n, let replicas):
            "the bucket type \"\(type)\" has n=\(n); allowed is 1 to \(replicas), the cluster's replicas"
        case .badBucketProperty(let type, let property, let n):
            "the bucket type \"\(type)\" (n=\(n)) has \(property.name)=\(property.value); allowed is \(property.allowed)"
        default: ""
        }
    }

    private var layoutDescription: String {
        switch self {
        case .partitionCountOutOfRange(let count):
            "\(count) partitions; allowed is \(Self.text(LayoutLimits.partitions))"
        case .replicasOutOfRange(let count):
            "\(count) replicas; allowed is \(Self.text(LayoutLimits.replicas))"
        case .tooFewMembers(let members, let replicas):
            "\(replicas) replicas need at least \(replicas) members, because a partition's slots are on distinct "
                + "members; the cluster has \(members)"
        case .tooManyMembers(let count):
            "\(count) members; allowed is \(Self.text(LayoutLimits.members))"
        case .epochZero: "the layout has epoch 0; the first layout has epoch 1"
        case .wrongOwnerCount(let found, let partitions, let replicas):
            "the layout names the owners of \(found) slots; \(partitions) partitions of \(replicas) slots need "
                + "\(partitions * replicas)"
        case .unknownOwner(let owner, let partition, let slot):
            "slot \(slot) of partition \(partition.rawValue) is owned by \(owner), which is not a member"
        case .repeatedOwner(let owner, let partition, let slots):
            "partition \(partition.rawValue) has \(owner) in slots \(slots.map(String.init).joined(separator: " and "))"
                + "; a partition's slots are on distinct members"
        case .unsupportedFormat(let found, let supported):
            "the layout is in format \(found); this release reads formats 1 to \(supported)"
        case .malformed(let place, let reason): "the layout's bytes are malformed: in \(place), \(reason)"
        default: ""
        }
    }

    private static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
}
