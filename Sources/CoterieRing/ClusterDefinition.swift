// What an operator writes to create a cluster: the first layout is a function of it, the same on every node.

import CoteriePrimitives

/// The description of a cluster's first layout.
public struct ClusterDefinition: Hashable, Sendable {
    public var name: String
    /// Q; fixed for the cluster's life.
    public var partitions: Int
    /// N, at most the number of members.
    public var replicas: Int
    /// In any order.
    public var members: [Member]
    /// In any order.
    public var bucketTypes: [BucketType]
    /// The key of the hash that places keys; nil takes `HashKey(clusterName:)`.
    public var hashKey: HashKey?

    /// `bucketTypes` nil takes `standardBucketTypes(replicas:)`.
    public init(
        name: String, partitions: Int = LayoutLimits.defaultPartitions,
        replicas: Int = LayoutLimits.defaultReplicas, members: [Member], bucketTypes: [BucketType]? = nil,
        hashKey: HashKey? = nil
    ) {
        self.name = name
        self.partitions = partitions
        self.replicas = replicas
        self.members = members
        self.bucketTypes = bucketTypes ?? Self.standardBucketTypes(replicas: replicas)
        self.hashKey = hashKey
    }

    /// The types of a cluster whose operator names none, with n = N = `replicas`: `default`, `siblings` and `plain`
    /// (siblings), `lww` and `no_siblings` (last writer wins), `counters`, `sets`, `maps`, `gsets`, `hlls`, `flags` and
    /// `registers`; and for experiments `n1` … `nN` (siblings) and `lww_n1` … `lww_nN`, with n = 1 … N. `defaultKind` is
    /// the kind of `default`.
    public static func standardBucketTypes(replicas: Int, defaultKind: TypeKind = .siblings) -> [BucketType] {
        var types = [
            BucketType(name: BucketType.defaultName, n: replicas, kind: defaultKind),
            BucketType(name: "siblings", n: replicas, kind: .siblings),
            BucketType(name: "plain", n: replicas, kind: .siblings),
            BucketType(name: "no_siblings", n: replicas, kind: .lww),
            BucketType(name: "lww", n: replicas, kind: .lww),
        ]
        let merging: [TypeKind] = [.counter, .set, .map, .gset, .hll, .flag, .register]
        for kind in merging { types.append(BucketType(name: "\(kind)s", n: replicas, kind: kind)) }
        for n in stride(from: 1, through: min(replicas, LayoutLimits.replicas.upperBound), by: 1) {
            types.append(BucketType(name: "n\(n)", n: n, kind: .siblings))
            types.append(BucketType(name: "lww_n\(n)", n: n, kind: .lww))
        }
        return types
    }
}
