// Which member owns which slot of the first layout. A pure function: the same members, in any order, give the same
// table on every node. Later layouts are placed for fewest moves instead.
//
// Wanted, in this order:
//   1. a partition's N slots are on N distinct members;
//   2. each member's number of slots is its weight's share, rounded down or up; so is each zone's, and so is each
//      member's number of slots at each place: as first owner, as second, …, and, where zones leave room for it, among
//      the first n places;
//   3. each partition has, of each zone, the zone's share of N, rounded down or up: with zones of equal weight its
//      slots are in min(N, zones) zones, else in as many as the zones' weights allow;
//   4. the same for the first n slots of each partition, for every n < N, as far as a search finds it;
//   5. any two members share about equally many partitions, and who comes next in the order of preference, and who is
//      the first fallback, is about equally often each other member: what a dead member carried is carried by many.
//
// How. `SlotShares` rounds the shares (2, the totals), `SlotTargets` splits them over the places (2, the rest): how
// often member m stands at place i. That is a bipartite multigraph between N places and M members in which each place
// has degree Q and each member at most Q. By König's theorem (1916) it falls into Q matchings that each cover every
// place: the partitions. `PartitionFilling` takes them off one by one. A matching that also covers each member and each
// zone that must now appear in every partition left over leaves a graph of the same kind, with one partition fewer;
// such a matching always exists, because the graph divided by the number of partitions left is a fractional one, and
// flows on a network with whole bounds are whole (Ford and Fulkerson, 1962; de Werra's equitable colourings, 1971, are
// the same argument). So 1 to 3 hold by construction. Which matching is taken is free, and serves 4 and 5: greedily;
// where the greedy choice leaves no matching, a flow of least cost finds one. `ZoneExchange` mends 4, `PartitionOrder`
// spreads the fallbacks.

import CoteriePrimitives

/// What is to be placed. Members are known by index.
struct PlacementProblem {
    let partitions: Int
    let replicas: Int
    let weights: [Int]
    /// The zone of each member, by index into the zones sorted by name.
    let zones: [Int]
    let zoneCount: Int

    /// - Parameter members: sorted by number, at least `replicas` of them.
    init(partitions: Int, replicas: Int, members: [Member]) {
        let names = Self.zoneNames(of: members)
        var indices: [String: Int] = [:]
        for (index, name) in names.enumerated() { indices[name] = index }
        self.init(
            partitions: partitions, replicas: replicas, weights: members.map(\.weight),
            zones: members.map { indices[$0.zone] ?? 0 }, zoneCount: names.count)
    }

    init(partitions: Int, replicas: Int, weights: [Int], zones: [Int], zoneCount: Int) {
        precondition(weights.count >= replicas, "\(weights.count) members for \(replicas) replicas")
        self.partitions = partitions
        self.replicas = replicas
        self.weights = weights
        self.zones = zones
        self.zoneCount = zoneCount
    }

    var memberCount: Int { weights.count }
    var slotCount: Int { partitions * replicas }

    /// Sorted, each once.
    static func zoneNames(of members: [Member]) -> [String] {
        let sorted = members.map(\.zone).sorted()
        return sorted.enumerated().filter { $0.offset == 0 || sorted[$0.offset - 1] != $0.element }.map(\.element)
    }

    /// The owner of every slot: slot s of partition p at `p * replicas + s`. O(Q × N × (M + N)) mostly.
    func owners() -> [Int] {
        var generator = SeededGenerator(seed: 0x636f_7465_7269_6501)
        let shares = SlotShares(self)
        let bounds = ZoneBounds(self, shares)
        var filling = PartitionFilling(
            self, shares, SlotTargets(self, shares), bounds, generator: generator.split())
        var exchange = ZoneExchange(self, bounds, rows: filling.fill(), generator: generator.split())
        var order = PartitionOrder(shares, generator: generator.split())
        return order.arrange(exchange.mended()).flatMap { $0 }
    }
}

extension Layout {
    /// The cluster's first layout, epoch 1: checks the definition and places the slots.
    ///
    /// A member heavier than 1/N of all cannot have its share, because it has at most one slot of each partition: it
    /// gets one slot of every partition, the others share the rest. `placementNotes` says so, and what zones cannot do.
    public init(first definition: ClusterDefinition) throws(LayoutError) {
        let members = definition.members.sorted { $0.number < $1.number }
        let bucketTypes = definition.bucketTypes.sorted { $0.name < $1.name }
        try LayoutCheck.parts(
            clusterName: definition.name, partitionCount: definition.partitions, replicas: definition.replicas,
            members: members, bucketTypes: bucketTypes)
        let problem = PlacementProblem(
            partitions: definition.partitions, replicas: definition.replicas, members: members)
        try self.init(
            clusterName: definition.name, hashKey: definition.hashKey ?? HashKey(clusterName: definition.name),
            epoch: Epoch(1), partitionCount: definition.partitions, replicas: definition.replicas, members: members,
            bucketTypes: bucketTypes, owners: problem.owners().map { members[$0].number })
    }
}
