// From a key to the nodes that own it, by tables made once for each layout: nothing is hashed but the key, and nothing
// is allocated.

import CoteriePrimitives
import CoterieRing
import NIOCore

/// A layout's preference lists as indexes of the machine's nodes.
struct Routes: Sendable {
    private let layout: Layout
    private let nodeOfMember: [MemberNumber: Int]
    /// For each n that was asked for: the n owners of partition p at `p * n`.
    private var tables: [[Int]]
    /// The bucket type asked for last: as its keys begin, and its n.
    private var lastType: (prefix: [UInt8], n: Int)?

    init(_ layout: Layout, _ nodeOfMember: [MemberNumber: Int]) {
        self.layout = layout
        self.nodeOfMember = nodeOfMember
        tables = Array(repeating: [], count: layout.replicas + 1)
    }

    /// The owners of a key, the preferred one first; nil where its bucket type is not known.
    mutating func owners(of key: ObjectKey) -> ArraySlice<Int>? {
        guard let n = replicas(of: key) else { return nil }
        if tables[n].isEmpty { tables[n] = table(n) }
        let first = Int(layout.partition(for: key).rawValue) * n
        return tables[n][first ..< first + n]
    }

    private func table(_ n: Int) -> [Int] {
        layout.partitions.flatMap { partition in
            layout.preferenceList(for: Group(partition: partition, n: UInt8(n))).primaries
                .compactMap { nodeOfMember[$0] }
        }
    }

    /// The `n` of the key's bucket type. Most keys are of the type of the key before.
    private mutating func replicas(of key: ObjectKey) -> Int? {
        if let lastType, key.begins(with: lastType.prefix) { return lastType.n }
        let type = key.type
        guard let n = layout.bucketType(named: type)?.n else { return nil }
        // The type's component ends before the bucket's begins: a prefix with an empty bucket, less its terminator.
        let prefix = ObjectKey.bucketPrefix(type: type, bucket: ByteBuffer())
        lastType = (Array(prefix.readableBytesView.dropLast(2)), n)
        return n
    }
}

extension ObjectKey {
    fileprivate func begins(with prefix: [UInt8]) -> Bool {
        bytes.withUnsafeReadableBytes { raw in
            guard raw.count >= prefix.count else { return false }
            for i in prefix.indices where raw[i] != prefix[i] { return false }
            return true
        }
    }
}
