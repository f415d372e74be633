// The first layout's placement: what holds for every cluster, by seed (INV 32 on first layouts).

import CoteriePrimitives
import CoterieRing
import Testing

@Suite struct PlacementTests {
    @Test(arguments: 0 ..< 8)
    func everyMemberHasItsShareAndEveryPartitionItsZones(block: Int) throws {
        for seed in UInt64(block * 40) ..< UInt64(block * 40 + 40) {
            let cluster = DrawnCluster(seed: seed)
            let layout = try cluster.layout()
            layout.checkInvariants()
            expectShares(of: layout, cluster)
            expectZones(of: layout, cluster)
        }
    }

    /// Totals and first places exactly the share rounded down or up; the first n places less than two off.
    private func expectShares(of layout: Layout, _ cluster: DrawnCluster) {
        for (member, share) in zip(cluster.members, cluster.shares) {
            let rows = layout.partitions.map { layout.slots(of: $0) }
            for n in 1 ... cluster.replicas {
                let owned = rows.count { $0.prefix(n).contains(member.number) }
                let exact = rounded(share.numerator * n, share.denominator * cluster.replicas)
                if n == 1 || n == cluster.replicas {
                    #expect(exact.contains(owned), "\(member.name) owns \(owned) of first \(n), \(cluster)")
                } else {
                    let near = exact.lowerBound - 1 ... exact.upperBound + 1
                    #expect(near.contains(owned), "\(member.name) owns \(owned) of first \(n), \(cluster)")
                }
            }
        }
    }

    /// Of each zone, each partition has the zone's share of N rounded down or up.
    private func expectZones(of layout: Layout, _ cluster: DrawnCluster) {
        for zone in cluster.zoneNames {
            let members = cluster.members.indices.filter { cluster.members[$0].zone == zone }
            let numbers = Set(members.map { cluster.members[$0].number })
            // Shares have one denominator, or are whole.
            let denominator = members.map { cluster.shares[$0].denominator }.max() ?? 1
            let numerator = members.reduce(0) {
                $0 + cluster.shares[$1].numerator * (denominator / cluster.shares[$1].denominator)
            }
            let allowed = rounded(numerator, denominator * cluster.partitions)
            for partition in layout.partitions {
                let count = layout.slots(of: partition).count { numbers.contains($0) }
                #expect(allowed.contains(count), "\(partition) has \(count) slots in \(zone), \(cluster)")
            }
        }
    }

    @Test func theFirstNPlacesAreMostlyWithinOneOfTheirShare() throws {
        var within = 0
        var all = 0
        for seed in UInt64(1000) ..< 1100 {
            let cluster = DrawnCluster(seed: seed)
            for member in try cluster.layout().balance().members {
                for (owned, share) in zip(member.ownedOfFirst, member.shareOfFirst) {
                    all += 1
                    within += abs(owned * 1000 - share) <= 1000 ? 1 : 0
                }
            }
        }
        #expect(within * 1000 >= all * 995, "\(within) of \(all)")
    }

    @Test func theOrderInWhichMembersAreWrittenDoesNotMatter() throws {
        for seed in UInt64(0) ..< 40 {
            let cluster = DrawnCluster(seed: seed)
            let layout = try cluster.layout()
            var generator = SeededGenerator(seed: seed)
            var members = cluster.members
            generator.shuffle(&members)
            var types = ClusterDefinition.standardBucketTypes(replicas: cluster.replicas)
            generator.shuffle(&types)
            let again = try Layout(
                first: ClusterDefinition(
                    name: "test", partitions: cluster.partitions, replicas: cluster.replicas, members: members,
                    bucketTypes: types))
            #expect(again == layout, "\(cluster)")
            #expect(again.digest == layout.digest, "\(cluster)")
        }
    }

    /// Also where the last partitions, filled from what is left, must be mended for it.
    @Test func equalZonesKeepTheFirstNSlotsApart() throws {
        let shapes = [
            (3, 2, 3, 256), (2, 3, 3, 256), (2, 1, 2, 256), (3, 4, 5, 256), (5, 4, 5, 256), (3, 1, 2, 256),
            (4, 3, 3, 256),
            (2, 3, 5, 256), (2, 3, 6, 64), (3, 2, 6, 256), (3, 3, 6, 100), (3, 4, 4, 64), (4, 6, 6, 100),
            (5, 2, 6, 100),
        ]
        for (zones, perZone, replicas, partitions) in shapes {
            let layout = try makeLayout(
                members: makeMembers(zones * perZone, zone: { "z\($0 % zones)" }), partitions: partitions,
                replicas: replicas)
            #expect(
                layout.balance().crowdedOfFirst == Array(repeating: 0, count: replicas),
                "\(zones) zones of \(perZone), N=\(replicas), Q=\(partitions)")
            #expect(layout.placementNotes.isEmpty)
        }
    }

    @Test func aMemberTooHeavyForItsShareIsInEveryPartitionAndANoteSaysWhy() throws {
        let layout = try makeLayout(members: makeMembers(5, weight: { $0 == 0 ? 10 : 1 }))
        #expect(layout.balance().members.map(\.owned) == [256, 128, 128, 128, 128])
        #expect(layout.placementNotes == [.memberCapped(name: "n1", weight: 10, wanted: 548, given: 256)])
        let text = try #require(layout.placementNotes.first?.description)
        #expect(text.contains("n1's weight 10 asks for 548 slots; it has 256"))
    }

    @Test func aZoneTooLightForAllPartitionsIsInAsManyAsItsWeightAllows() throws {
        let layout = try makeLayout(members: makeMembers(5, zone: { $0 == 0 ? "a" : "b" }))
        let inA = layout.balance().members[0].owned
        #expect((153 ... 154).contains(inA))
        #expect(layout.balance().crowdedPartitions == 256 - inA)
        #expect(layout.placementNotes == [.zonesTooUneven(partitions: 256 - inA, of: 256, zonesWanted: 2)])
    }

    @Test func moreMembersThanSlotsLeaveSomeIdleAndANoteNamesThem() throws {
        let layout = try makeLayout(members: makeMembers(5), partitions: 1)
        #expect(layout.placementNotes == [.membersWithoutSlots(names: ["n4", "n5"])])
        #expect(layout.preferenceList(for: Group(partition: PartitionIndex(0), n: 3)).fallbacks.count == 2)
    }

    @Test func asManyMembersAsReplicasOwnEverythingAndTakeTurnsAtEveryPlace() throws {
        let layout = try makeLayout(members: makeMembers(3))
        for member in layout.balance().members {
            #expect(member.owned == 256)
            #expect((85 ... 86).contains(member.ownedOfFirst[0]))
            #expect((170 ... 171).contains(member.ownedOfFirst[1]))
        }
    }

    /// A change of the placement moves data between nodes of different releases: it must be deliberate.
    @Test func thePlacementOfThisReleaseIsPinned() throws {
        // Under the types of the release that pinned it: they are in the digest, too.
        let types = ClusterDefinition.standardBucketTypes(replicas: 3).filter(\.kind.holdsContents)
        let five = try makeLayout(members: makeMembers(5), types: types)
        #expect(five.slots(of: PartitionIndex(0)).map(\.rawValue) == PinnedPlacement.first)
        #expect(String(five.digest, radix: 16) == PinnedPlacement.five)
        let zoned = try makeLayout(
            members: makeMembers(8, weight: { 1 + $0 % 3 }, zone: { "z\($0 % 3)" }), types: types)
        #expect(String(zoned.digest, radix: 16) == PinnedPlacement.zoned)
    }
}

enum PinnedPlacement {
    static let first: [UInt32] = [4, 3, 2]
    static let five = "2895a789b56975cb"
    static let zoned = "979de7c801a4cbca"
}
