// The answer of `GET /admin/layout`: who owns how much, and which bucket types there are.

import CoteriePrimitives
import CoterieRing

/// A layout for readers: members with their load, bucket types, balance.
public struct LayoutDescription: Codable, Hashable, Sendable {
    public var cluster: String
    public var epoch: UInt64
    /// `Layout.digest`, 16 hexadecimal digits: equal for equal layouts.
    public var digest: String
    /// Q.
    public var partitions: Int
    /// N, the slots of each partition.
    public var replicas: Int
    public var members: [Member]
    public var bucketTypes: [BucketType]
    public var balance: Balance

    public struct Member: Codable, Hashable, Sendable {
        public var name: String
        public var number: UInt32
        public var zone: String
        public var weight: Int
        public var peer: String
        public var http: String
        /// How many slots it owns, of partitions × replicas.
        public var slots: Int
        /// Its slots for each unit of weight.
        public var slotsPerWeight: Double
    }

    public struct BucketType: Codable, Hashable, Sendable {
        public var name: String
        public var n: Int
        /// `siblings` or `lww`.
        public var type: String
    }

    /// How even the load is, in slots for each unit of weight.
    public struct Balance: Codable, Hashable, Sendable {
        public var least: Double
        public var most: Double
        /// All slots over all weights.
        public var ideal: Double
    }

    public init(_ layout: Layout) {
        var slots: [MemberNumber: Int] = [:]
        for owner in layout.owners { slots[owner, default: 0] += 1 }
        members = layout.members.map { member in
            let count = slots[member.number, default: 0]
            return Member(
                name: member.name, number: member.number.rawValue, zone: member.zone, weight: member.weight,
                peer: member.peer.description, http: member.http.description, slots: count,
                slotsPerWeight: Double(count) / Double(max(member.weight, 1)))
        }
        bucketTypes = layout.bucketTypes.map { BucketType(name: $0.name, n: $0.n, type: $0.kind.rawValue) }
        let loads = members.map(\.slotsPerWeight)
        let weights = members.map(\.weight).reduce(0, +)
        balance = Balance(
            least: loads.min() ?? 0, most: loads.max() ?? 0,
            ideal: Double(layout.owners.count) / Double(max(weights, 1)))
        cluster = layout.clusterName
        epoch = layout.epoch.rawValue
        let digits = String(layout.digest, radix: 16)
        digest = String(repeating: "0", count: 16 - digits.count) + digits
        partitions = layout.partitionCount
        replicas = layout.replicas
    }
}
