// When a member dies, what it carried is carried by many, not by a neighbour: how evenly members meet in partitions, and
// a round robin as the placement that these figures must tell apart.

import CoteriePrimitives
import CoterieRing
import Testing

@Suite struct PlacementSpreadTests {
    @Test(arguments: [5, 6, 8, 10, 16, 25])
    func aDeadMembersLoadIsSpreadOverAllOthers(count: Int) throws {
        let layout = try makeLayout(members: makeMembers(count))
        let figures = Spread(layout)
        #expect(figures.shared.most <= figures.shared.even * 1.25 + 2, "\(figures)")
        #expect(figures.followed.most <= figures.followed.even * 1.25 + 2, "\(figures)")
        #expect(figures.fallback.most <= figures.fallback.even * 1.25 + 3, "\(figures)")
        #expect(figures.leastPartners == count - 1, "\(figures)")
    }

    @Test func inALargeClusterAMemberMeetsMostlyDifferentOnes() throws {
        let layout = try makeLayout(members: makeMembers(100), partitions: 512)
        // 15 or 16 slots, 31 or so places beside others: as good as no partner twice.
        #expect(Spread(layout).leastPartners >= 28, "\(Spread(layout))")
    }

    @Test func aRoundRobinWouldBeFoundOut() throws {
        let members = makeMembers(10)
        let owners = (0 ..< 250).flatMap { partition in
            (0 ..< 3).map { members[(partition + $0) % 10].number }
        }
        let layout = try Layout(
            clusterName: "round-robin", hashKey: HashKey(0, 0), epoch: Epoch(1), partitionCount: 250, replicas: 3,
            members: members, bucketTypes: ClusterDefinition.standardBucketTypes(replicas: 3), owners: owners)
        let figures = Spread(layout)
        #expect(figures.shared.most > figures.shared.even * 1.25 + 2, "\(figures)")
        #expect(figures.followed.most > figures.followed.even * 1.25 + 2, "\(figures)")
        #expect(figures.fallback.most > figures.fallback.even * 1.25 + 3, "\(figures)")
        #expect(figures.leastPartners == 4)
    }
}

/// The worst over all members and pairs, beside a perfectly even spread.
private struct Spread: CustomStringConvertible {
    struct Figure {
        var most = 0.0
        var even = 0.0

        mutating func note(_ counts: [MemberNumber: Int], of all: Int, others: Int) {
            most = max(most, Double(counts.values.max() ?? 0))
            even = max(even, Double(all) / Double(others))
        }
    }

    /// Partitions shared with one other.
    var shared = Figure()
    /// First places with one other as the second.
    var followed = Figure()
    /// Partitions with one other as the first fallback.
    var fallback = Figure()
    /// The least number of others that a member shares any partition with.
    var leastPartners = Int.max

    init(_ layout: Layout) {
        let others = layout.members.count - 1
        let n = layout.replicas
        let lists = layout.partitions.map { layout.preferenceList(for: Group(partition: $0, n: UInt8(n))) }
        for member in layout.members.map(\.number) {
            let owned = lists.filter { $0.primaries.contains(member) }
            let first = lists.filter { $0.primaries.first == member }
            let met = Self.count(owned.flatMap { $0.primaries.filter { $0 != member } })
            shared.note(met, of: owned.count * (n - 1), others: others)
            followed.note(Self.count(first.map { $0.primaries[1] }), of: first.count, others: others)
            fallback.note(Self.count(owned.compactMap { $0.fallbacks.first }), of: owned.count, others: others)
            leastPartners = min(leastPartners, met.count)
        }
    }

    private static func count(_ members: [MemberNumber]) -> [MemberNumber: Int] {
        members.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    var description: String {
        "shared \(shared), followed \(followed), fallback \(fallback), partners \(leastPartners)"
    }
}
