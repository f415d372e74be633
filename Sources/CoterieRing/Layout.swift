// Who owns which slot of which partition, in one version. An immutable value: a copy is one reference, every question a
// table look-up. Versions follow one another by epoch; two layouts of one epoch are told apart by their digest.
//
// A partition is an equal arc of the hash space: partition(h) = floor(h × Q / 2^64), which is monotone in h, needs no
// division, and works for any Q (Lemire, "Fast random integer generation in an interval", 2019).

import CoteriePrimitives
import NIOCore

/// One version of the cluster's layout.
public struct Layout: Sendable {
    @usableFromInline let parts: Parts

    /// A layout of parts decided elsewhere: every part is checked. O(partitions × replicas × members).
    /// - Parameter owners: the slots' owners, partition by partition: slot s of partition p at `p * replicas + s`.
    public init(
        clusterName: String, hashKey: HashKey, epoch: Epoch, partitionCount: Int, replicas: Int, members: [Member],
        bucketTypes: [BucketType], owners: [MemberNumber]
    ) throws(LayoutError) {
        parts = try Parts(
            clusterName: clusterName, hashKey: hashKey, epoch: epoch, partitionCount: partitionCount,
            replicas: replicas, members: members, bucketTypes: bucketTypes, owners: owners)
    }

    @inlinable public var clusterName: String { parts.clusterName }
    @inlinable public var hashKey: HashKey { parts.hashKey }
    /// The version number; 1 for the first layout.
    @inlinable public var epoch: Epoch { parts.epoch }
    /// Q, `LayoutLimits.partitions`.
    @inlinable public var partitionCount: Int { parts.partitionCount }
    /// N, the slots of each partition.
    @inlinable public var replicas: Int { parts.replicas }
    /// Sorted by number.
    @inlinable public var members: [Member] { parts.members }
    /// Sorted by name.
    @inlinable public var bucketTypes: [BucketType] { parts.bucketTypes }
    /// Every slot's owner: slot s of partition p at `p * replicas + s`.
    @inlinable public var owners: [MemberNumber] { parts.owners }
    /// A function of `encoded()`: layouts with equal digests are equal, but for a chance of 2^-64.
    @inlinable public var digest: UInt64 { parts.digest }

    // MARK: From a key to its members. O(1) but for the key's hash; nothing is allocated.

    /// The partition of a key. O(length of the key).
    @inlinable public func partition(for key: ObjectKey) -> PartitionIndex {
        partition(forHash: key.hash(with: parts.hashKey))
    }

    /// The arc in which a hash lies.
    @inlinable public func partition(forHash hash: UInt64) -> PartitionIndex {
        PartitionIndex(UInt16(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(parts.partitionCount)).high))
    }

    /// The group of a key whose bucket type has `n` replicas, 1 to N.
    @inlinable public func group(for key: ObjectKey, n: Int) -> Group {
        precondition(n >= 1 && n <= parts.replicas, "n=\(n) is not in 1...\(parts.replicas)")
        return Group(partition: partition(for: key), n: UInt8(n))
    }

    /// The owner of a slot, 0 ..< N.
    @inlinable public func owner(of partition: PartitionIndex, slot: Int) -> MemberNumber {
        precondition(slot >= 0 && slot < parts.replicas, "slot \(slot) is not in 0..<\(parts.replicas)")
        return parts.owners[Int(partition.rawValue) * parts.replicas + slot]
    }

    /// The owners of a partition's N slots.
    @inlinable public func slots(of partition: PartitionIndex) -> [MemberNumber] {
        parts.lists[(Int(partition.rawValue) + 1) * parts.replicas - 1].primaries
    }

    /// Whom a request for the group's keys turns to.
    @inlinable public func preferenceList(for group: Group) -> PreferenceList {
        let n = Int(group.n)
        precondition(n >= 1 && n <= parts.replicas, "n=\(n) is not in 1...\(parts.replicas)")
        return parts.lists[Int(group.partition.rawValue) * parts.replicas + n - 1]
    }

    /// What a member is to a group; nil for a number that is no member's. O(n) for an owner, O(members) for others.
    public func role(of member: MemberNumber, in group: Group) -> Role? {
        if let slot = slot(of: member, in: group) { return .primary(slot) }
        return preferenceList(for: group).fallbacks.firstIndex(of: member).map { .fallback($0) }
    }

    /// The slot that a member owns in a group; nil where it owns none. O(n).
    @inlinable public func slot(of member: MemberNumber, in group: Group) -> Int? {
        let n = Int(group.n)
        precondition(n >= 1 && n <= parts.replicas, "n=\(n) is not in 1...\(parts.replicas)")
        let first = Int(group.partition.rawValue) * parts.replicas
        for slot in 0 ..< n where parts.owners[first + slot] == member { return slot }
        return nil
    }

    /// Whether a member owns one of the group's slots. O(n).
    @inlinable public func isOwner(_ member: MemberNumber, of group: Group) -> Bool {
        slot(of: member, in: group) != nil
    }

    // MARK: By name and number.

    /// A member by its number. O(log members).
    public func member(_ number: MemberNumber) -> Member? {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if members[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].number == number ? members[low] : nil
    }

    /// A member by its name. O(members).
    public func member(named name: String) -> Member? { members.first { $0.name == name } }

    /// A bucket type by the bytes of its name, as they come from the wire. O(length); nothing is allocated.
    public func bucketType(named name: ByteBuffer) -> BucketType? {
        parts.typeIndex.index(of: name).map { parts.bucketTypes[$0] }
    }

    /// A bucket type by its name.
    public func bucketType(named name: String) -> BucketType? { bucketType(named: ByteBuffer(string: name)) }

    /// All partitions, in order.
    public var partitions: some RandomAccessCollection<PartitionIndex> & Sendable {
        (0 ..< partitionCount).lazy.map { @Sendable in PartitionIndex(UInt16($0)) }
    }

    /// The least and the greatest hash of a partition's arc.
    public func arc(of partition: PartitionIndex) -> ClosedRange<UInt64> {
        let index = Int(partition.rawValue)
        precondition(index < partitionCount, "partition \(index) is not in 0..<\(partitionCount)")
        return Self.arcStart(index, of: partitionCount)
            ... (index + 1 == partitionCount ? .max : Self.arcStart(index + 1, of: partitionCount) - 1)
    }

    /// ceil(index × 2^64 / count): the least hash h with floor(h × count / 2^64) = index.
    private static func arcStart(_ index: Int, of count: Int) -> UInt64 {
        guard index > 0 else { return 0 }
        let (quotient, remainder) = UInt64(count).dividingFullWidth((UInt64(index), 0))
        return remainder == 0 ? quotient : quotient + 1
    }
}

extension Layout: Hashable {
    public static func == (a: Self, b: Self) -> Bool {
        if a.parts === b.parts { return true }
        return a.digest == b.digest && a.epoch == b.epoch && a.hashKey == b.hashKey && a.clusterName == b.clusterName
            && a.partitionCount == b.partitionCount && a.replicas == b.replicas && a.members == b.members
            && a.bucketTypes == b.bucketTypes && a.owners == b.owners
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

extension Layout: CustomStringConvertible {
    public var description: String {
        "layout \(epoch) of \(clusterName): \(partitionCount) partitions of \(replicas) slots on "
            + "\(members.count) members, digest \(String(digest, radix: 16))"
    }
}
