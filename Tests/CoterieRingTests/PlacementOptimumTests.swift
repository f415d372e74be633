// On clusters so small that every table can be looked at: the placement's zones are as good as any balanced table's.

import CoteriePrimitives
import CoterieRing
import Testing

@Suite struct PlacementOptimumTests {
    @Test func noBalancedTableHasMoreZonesInItsPartitions() throws {
        var looked = 0
        for seed in UInt64(0) ..< 400 {
            var generator = SeededGenerator(seed: seed)
            let count = 2 + generator.below(3)
            let partitions = 1 + generator.below(3)
            let weights = (0 ..< count).map { _ in 1 + generator.below(3) }
            let zones = (0 ..< count).map { _ in generator.below(3) }
            let cluster = TinyCluster(
                partitions: partitions, members: makeMembers(count, weight: { weights[$0] }, zone: { "z\(zones[$0])" }))
            let layout = try makeLayout(members: cluster.members, partitions: partitions, replicas: 2)
            let rows = layout.partitions.map { layout.slots(of: $0).map { Int($0.rawValue) - 1 } }
            #expect(cluster.isBalanced(rows), "seed \(seed): \(rows), weights \(weights)")
            let best = try #require(cluster.mostZones(), "seed \(seed): no balanced table")
            #expect(cluster.zones(of: rows) == best, "seed \(seed): \(rows), weights \(weights), zones \(zones)")
            looked += 1
        }
        #expect(looked == 400)
    }
}

/// Two replicas on a few members.
private struct TinyCluster {
    let partitions: Int
    let members: [Member]
    let shares: [(numerator: Int, denominator: Int)]

    init(partitions: Int, members: [Member]) {
        self.partitions = partitions
        self.members = members
        let heaviest = members.indices.max { members[$0].weight < members[$1].weight } ?? 0
        let weight = members.reduce(0) { $0 + $1.weight }
        let rest = weight - members[heaviest].weight
        // With two replicas at most one member weighs more than half; the others share the other slot.
        if members[heaviest].weight > rest {
            shares = members.indices.map {
                $0 == heaviest ? (partitions, 1) : (members[$0].weight * partitions, rest)
            }
        } else {
            shares = members.map { ($0.weight * partitions * 2, weight) }
        }
    }

    /// Each member, as an owner and as a first owner, and each zone has its share rounded down or up.
    func isBalanced(_ rows: [[Int]]) -> Bool {
        members.indices.allSatisfy { member in
            let share = shares[member]
            return rounded(share.numerator, share.denominator).contains(rows.count { $0.contains(member) })
                && rounded(share.numerator, share.denominator * 2).contains(rows.count { $0[0] == member })
        }
            && Set(members.map(\.zone)).allSatisfy { zone in
                let inZone = members.indices.filter { members[$0].zone == zone }
                let denominator = inZone.map { shares[$0].denominator }.max() ?? 1
                let numerator = inZone.reduce(0) {
                    $0 + shares[$1].numerator * (denominator / shares[$1].denominator)
                }
                return rounded(numerator, denominator).contains(rows.joined().count { members[$0].zone == zone })
            }
    }

    /// The sum over the partitions of their numbers of zones.
    func zones(of rows: [[Int]]) -> Int {
        rows.reduce(0) { $0 + (members[$1[0]].zone == members[$1[1]].zone ? 1 : 2) }
    }

    /// The most zones of any balanced table, by looking at all of them.
    func mostZones() -> Int? {
        var best: Int?
        var rows: [[Int]] = []
        func extend() {
            if rows.count == partitions {
                if isBalanced(rows) { best = max(best ?? 0, zones(of: rows)) }
                return
            }
            for first in members.indices {
                for second in members.indices where second != first {
                    rows.append([first, second])
                    extend()
                    rows.removeLast()
                }
            }
        }
        extend()
        return best
    }
}
