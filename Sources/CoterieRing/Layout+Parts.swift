// A layout's content and the tables made from it, shared by all copies of the layout.

import CoteriePrimitives
import NIOCore

extension Layout {
    /// Immutable; made once for each version that a node learns.
    @usableFromInline final class Parts: Sendable {
        @usableFromInline let clusterName: String
        @usableFromInline let hashKey: HashKey
        @usableFromInline let epoch: Epoch
        @usableFromInline let partitionCount: Int
        @usableFromInline let replicas: Int
        @usableFromInline let members: [Member]
        @usableFromInline let bucketTypes: [BucketType]
        @usableFromInline let owners: [MemberNumber]
        /// The preference list of (partition, n) at `partition * replicas + n - 1`.
        @usableFromInline let lists: [PreferenceList]
        let typeIndex: NameTable
        @usableFromInline let digest: UInt64

        init(
            clusterName: String, hashKey: HashKey, epoch: Epoch, partitionCount: Int, replicas: Int,
            members: [Member], bucketTypes: [BucketType], owners: [MemberNumber]
        ) throws(LayoutError) {
            let members = members.sorted { $0.number < $1.number }
            let bucketTypes = bucketTypes.sorted { $0.name < $1.name }
            try LayoutCheck.parts(
                clusterName: clusterName, partitionCount: partitionCount, replicas: replicas, members: members,
                bucketTypes: bucketTypes)
            guard epoch.rawValue > 0 else { throw .epochZero }
            try LayoutCheck.owners(owners, partitionCount: partitionCount, replicas: replicas, members: members)
            self.clusterName = clusterName
            self.hashKey = hashKey
            self.epoch = epoch
            self.partitionCount = partitionCount
            self.replicas = replicas
            self.members = members
            self.bucketTypes = bucketTypes
            self.owners = owners
            lists = PreferenceList.table(
                owners: owners, partitions: partitionCount, replicas: replicas, members: members)
            typeIndex = NameTable(bucketTypes.map(\.name))
            let encoding = LayoutEncoding.bytes(
                clusterName: clusterName, hashKey: hashKey, epoch: epoch, partitionCount: partitionCount,
                replicas: replicas, members: members, bucketTypes: bucketTypes, owners: owners)
            digest = encoding.withUnsafeReadableBytes { stableHash($0, key: LayoutEncoding.digestKey) }
        }
    }
}
