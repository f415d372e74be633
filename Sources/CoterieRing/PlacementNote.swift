// What a layout's members and zones do not allow, in words for its operator. A note is no error: the layout is sound
// and as good as the members allow, but not what their weights or zones ask for.

import CoteriePrimitives

/// A shortfall that the members' weights or zones force.
public enum PlacementNote: Hashable, Sendable, CustomStringConvertible {
    /// The member's weight asks for more than one slot of each partition; it has just one.
    /// `wanted` and `given` are slots out of `partitions`.
    case memberCapped(name: String, weight: Int, wanted: Int, given: Int)
    /// So many partitions have their slots in fewer than min(N, zones) zones.
    case zonesTooUneven(partitions: Int, of: Int, zonesWanted: Int)
    /// There are more members than slots, or their weights are too small for one.
    case membersWithoutSlots(names: [String])

    public var description: String {
        switch self {
        case .memberCapped(let name, let weight, let wanted, let given):
            "member \(name)'s weight \(weight) asks for \(wanted) slots; it has \(given), one of each partition, because "
                + "a partition's slots are on distinct members: the others carry the rest"
        case .zonesTooUneven(let partitions, let all, let zones):
            "\(partitions) of \(all) partitions have slots in fewer than \(zones) zones, because the zones' weights are "
                + "too uneven: give the light zones more weight or more members"
        case .membersWithoutSlots(let names):
            "\(names.joined(separator: ", ")): no slots, because there are too few of them for the weights; only more "
                + "partitions, fixed at the cluster's creation, would give them some"
        }
    }
}

extension Layout {
    /// What the members' weights and zones do not allow. Empty where every member has its share and every partition is
    /// spread over min(N, zones) zones. O(partitions × replicas²).
    public var placementNotes: [PlacementNote] {
        let problem = PlacementProblem(partitions: partitionCount, replicas: replicas, members: members)
        let shares = SlotShares(problem)
        let weight = problem.weights.reduce(0, +)
        var notes: [PlacementNote] = []
        for (index, member) in members.enumerated() where shares.isCapped[index] {
            notes.append(
                .memberCapped(
                    name: member.name, weight: member.weight, wanted: member.weight * problem.slotCount / weight,
                    given: partitionCount))
        }
        let balance = balance()
        if balance.crowdedPartitions > 0 {
            notes.append(
                .zonesTooUneven(
                    partitions: balance.crowdedPartitions, of: partitionCount,
                    zonesWanted: min(replicas, problem.zoneCount)))
        }
        let idle = balance.members.filter { $0.owned == 0 }.map(\.name)
        if !idle.isEmpty { notes.append(.membersWithoutSlots(names: idle)) }
        return notes
    }
}
