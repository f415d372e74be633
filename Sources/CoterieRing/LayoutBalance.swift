// How a layout's load lies on its members: figures for status, plans and tests, computed from the table alone.

import CoteriePrimitives

/// A layout's load, member by member.
public struct LayoutBalance: Hashable, Sendable {
    public struct OfMember: Hashable, Sendable {
        public let number: MemberNumber
        public let name: String
        /// How many partitions have the member among their first n slots, at index n - 1.
        public let ownedOfFirst: [Int]
        /// Its share by weight of those, in thousandths of a partition, at index n - 1; capped at one slot of each partition.
        public let shareOfFirst: [Int]
        /// The most partitions that it shares with one other member, of all `owned`.
        public let mostSharedWithOne: Int
        /// The most partitions, of those where it is first, in which one other member is next.
        public let mostFollowedByOne: Int

        /// Its slots.
        public var owned: Int { ownedOfFirst.last ?? 0 }
    }

    /// By rising number.
    public let members: [OfMember]
    /// Partitions whose slots lie in fewer than min(N, zones) zones.
    public let crowdedPartitions: Int
    /// For each n, at index n - 1: partitions whose first n slots lie in fewer than min(n, zones) zones.
    public let crowdedOfFirst: [Int]
}

extension Layout {
    /// How the load lies. O(partitions × replicas² + members²).
    public func balance() -> LayoutBalance {
        let problem = PlacementProblem(partitions: partitionCount, replicas: replicas, members: members)
        let shares = SlotShares(problem)
        var indices: [MemberNumber: Int] = [:]
        for (index, member) in members.enumerated() { indices[member.number] = index }
        let rows = partitions.map { slots(of: $0).compactMap { indices[$0] } }
        var owned = [[Int]](repeating: Array(repeating: 0, count: replicas), count: members.count)
        var shared = [[Int]](repeating: Array(repeating: 0, count: members.count), count: members.count)
        var followed = shared
        for row in rows {
            for (slot, member) in row.enumerated() {
                for n in slot ..< replicas { owned[member][n] += 1 }
                for other in row where other != member { shared[member][other] += 1 }
            }
            if row.count > 1 { followed[row[0]][row[1]] += 1 }
        }
        return LayoutBalance(
            members: members.indices.map { index in
                LayoutBalance.OfMember(
                    number: members[index].number, name: members[index].name, ownedOfFirst: owned[index],
                    shareOfFirst: (1 ... replicas).map { shares.thousandths(of: index, first: $0, problem) },
                    mostSharedWithOne: shared[index].max() ?? 0, mostFollowedByOne: followed[index].max() ?? 0)
            },
            crowdedPartitions: crowded(rows, first: replicas, problem),
            crowdedOfFirst: (1 ... replicas).map { crowded(rows, first: $0, problem) })
    }

    private func crowded(_ rows: [[Int]], first n: Int, _ problem: PlacementProblem) -> Int {
        let wanted = min(n, problem.zoneCount)
        return rows.count { row in
            let zones = row.prefix(n).map { problem.zones[$0] }
            return zones.indices.count { !zones[..<$0].contains(zones[$0]) } < wanted
        }
    }
}
