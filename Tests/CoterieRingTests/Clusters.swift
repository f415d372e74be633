// The clusters that the tests speak of.

import CoteriePrimitives
import CoterieRing

/// `count` members n1, n2, … numbered from 1, with weights and zones by index.
func makeMembers(
    _ count: Int, weight: (Int) -> Int = { _ in 1 }, zone: (Int) -> String = { _ in Member.defaultZone }
) -> [Member] {
    (0 ..< count).map { index in
        Member(
            number: MemberNumber(UInt32(index + 1)), name: "n\(index + 1)", zone: zone(index), weight: weight(index),
            peer: Endpoint(host: "127.0.0.1", port: 10_001 + index),
            http: Endpoint(host: "127.0.0.1", port: 20_001 + index))
    }
}

/// A layout of equal members, or of those given.
func makeLayout(
    members: [Member], partitions: Int = 256, replicas: Int = 3, name: String = "test", types: [BucketType]? = nil
) throws -> Layout {
    try Layout(
        first: ClusterDefinition(
            name: name, partitions: partitions, replicas: replicas, members: members, bucketTypes: types))
}

/// A cluster drawn from a seed: small numbers, so that ties, tight capacities and empty shares are common.
struct DrawnCluster: CustomStringConvertible {
    let seed: UInt64
    let partitions: Int
    let replicas: Int
    let members: [Member]

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        partitions = generator.pick([1, 2, 3, 5, 7, 16, 16, 31, 64, 64, 100, 256]) ?? 1
        let count = 1 + generator.below(12)
        replicas = 1 + generator.below(min(count, 5))
        let heaviest = generator.pick([1, 1, 2, 5, 50]) ?? 1
        let zones = 1 + generator.below(5)
        let isEvenlyZoned = generator.chance(1, in: 2)
        let weights = (0 ..< count).map { _ in 1 + generator.below(heaviest) }
        let zoneOf = (0 ..< count).map { isEvenlyZoned ? $0 % zones : generator.below(zones) }
        members = makeMembers(count, weight: { weights[$0] }, zone: { "z\(zoneOf[$0])" })
    }

    var zoneNames: [String] { Set(members.map(\.zone)).sorted() }

    /// Every member's share of all slots, as a fraction: by weight, at most one slot of each partition.
    var shares: [(numerator: Int, denominator: Int)] {
        var capped: Set<Int> = []
        while true {
            let slots = partitions * (replicas - capped.count)
            let weight = members.indices.reduce(0) { capped.contains($1) ? $0 : $0 + members[$1].weight }
            let heavy = members.indices.filter {
                !capped.contains($0) && members[$0].weight * slots > partitions * weight
            }
            if heavy.isEmpty {
                return members.indices.map {
                    capped.contains($0) ? (partitions, 1) : (members[$0].weight * slots, weight)
                }
            }
            capped.formUnion(heavy)
        }
    }

    func layout() throws -> Layout { try makeLayout(members: members, partitions: partitions, replicas: replicas) }

    var description: String {
        "seed \(seed): Q=\(partitions) N=\(replicas) weights \(members.map(\.weight)) zones \(members.map(\.zone))"
    }
}

/// `numerator / denominator` rounded down, and up.
func rounded(_ numerator: Int, _ denominator: Int) -> ClosedRange<Int> {
    numerator / denominator ... (numerator + denominator - 1) / denominator
}
