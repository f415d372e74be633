// Whom a request turns to (INV 32: every preference list, the wrap-around included).

import CoteriePrimitives
import CoterieRing
import Testing

@Suite struct PreferenceListTests {
    @Test func everyListNamesEveryMemberOnceAndItsOwnersFirst() throws {
        for seed in UInt64(2000) ..< 2060 {
            let cluster = DrawnCluster(seed: seed)
            let layout = try cluster.layout()
            for partition in layout.partitions {
                for n in 1 ... cluster.replicas {
                    let list = layout.preferenceList(for: Group(partition: partition, n: UInt8(n)))
                    #expect(list.primaries == Array(layout.slots(of: partition).prefix(n)), "\(cluster)")
                    #expect(Set(list.primaries).count == n, "\(cluster)")
                    #expect((list.primaries + list.fallbacks).sorted() == cluster.members.map(\.number), "\(cluster)")
                }
            }
        }
    }

    /// The definition, followed literally: slot by slot around the ring, then who owns nothing, by number.
    @Test func fallbacksComeInRingOrder() throws {
        for seed in UInt64(3000) ..< 3060 {
            let cluster = DrawnCluster(seed: seed)
            let layout = try cluster.layout()
            for start in 0 ..< cluster.partitions {
                var order: [MemberNumber] = []
                for step in 0 ..< cluster.partitions {
                    let partition = PartitionIndex(UInt16((start + step) % cluster.partitions))
                    for owner in layout.slots(of: partition) where !order.contains(owner) { order.append(owner) }
                }
                for member in cluster.members where !order.contains(member.number) { order.append(member.number) }
                for n in 1 ... cluster.replicas {
                    let group = Group(partition: PartitionIndex(UInt16(start)), n: UInt8(n))
                    let list = layout.preferenceList(for: group)
                    #expect(list.primaries + list.fallbacks == order, "\(group), \(cluster)")
                }
            }
        }
    }

    @Test func theLastPartitionFallsBackToTheFirst() throws {
        let members = makeMembers(4)
        let owners = [1, 2, 3, 4].map { MemberNumber($0) }
        let layout = try Layout(
            clusterName: "wrap", hashKey: HashKey(0, 0), epoch: Epoch(7), partitionCount: 4, replicas: 1,
            members: members, bucketTypes: ClusterDefinition.standardBucketTypes(replicas: 1), owners: owners)
        let list = layout.preferenceList(for: Group(partition: PartitionIndex(3), n: 1))
        #expect(list.description == "[m4] then m1, m2, m3")
    }

    @Test func aMembersRoleIsItsSlotOrItsPlaceAmongTheFallbacks() throws {
        let layout = try makeLayout(members: makeMembers(5))
        let group = Group(partition: PartitionIndex(255), n: 2)
        let list = layout.preferenceList(for: group)
        #expect(layout.role(of: list.primaries[1], in: group) == .primary(1))
        #expect(layout.role(of: list.fallbacks[2], in: group) == .fallback(2))
        #expect(layout.role(of: MemberNumber(99), in: group) == nil)
        #expect(layout.isOwner(list.primaries[0], of: group))
        #expect(!layout.isOwner(list.fallbacks[0], of: group))
        #expect(list.fallbacks[0] == layout.owner(of: group.partition, slot: 2))
    }
}
