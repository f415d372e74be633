// The choice that always exists: source → places → members → zones → sink, N units of flow. Members and units of zones
// that must be chosen cost so little that a flow of least cost takes as many of them as any flow can; one can take all.

import CoteriePrimitives

extension PartitionFilling {
    private static var reward: Int { 1 << 40 }

    mutating func chooseByFlow() -> [Int] {
        let (places, memberCount) = (problem.replicas, problem.memberCount)
        let firstMember = 1 + places
        let firstZone = firstMember + memberCount
        let sink = firstZone + problem.zoneCount
        var network = MinimumCostFlow(nodes: sink + 1)
        var rewards = 0
        var choices: [(place: Int, member: Int, arc: Int)] = []
        for place in 0 ..< places {
            network.addArc(from: 0, to: 1 + place, capacity: 1, cost: 0)
            for member in 0 ..< memberCount where left[place * memberCount + member] > 0 {
                let arc = network.addArc(
                    from: 1 + place, to: firstMember + member, capacity: 1, cost: cost(of: member, at: place))
                choices.append((place, member, arc))
            }
        }
        for (member, zone) in problem.zones.enumerated() where memberLeft[member] > 0 {
            let isPressing = memberLeft[member] == partitionsLeft
            rewards += isPressing ? 1 : 0
            network.addArc(
                from: firstMember + member, to: firstZone + zone, capacity: 1, cost: isPressing ? -Self.reward : 0)
        }
        for (zone, slots) in zoneLeft.enumerated() {
            let (least, more) = slots.quotientAndRemainder(dividingBy: partitionsLeft)
            rewards += least
            network.addArc(from: firstZone + zone, to: sink, capacity: least, cost: -Self.reward)
            network.addArc(from: firstZone + zone, to: sink, capacity: more > 0 ? 1 : 0, cost: 0)
        }
        let result = network.send(places, from: 0, to: sink)
        precondition(result.sent == places, "\(partitionsLeft) partitions left: only \(result.sent) slots filled")
        precondition(
            result.cost <= -rewards * Self.reward + Self.reward / 2,
            "\(partitionsLeft) partitions left: not all of \(rewards) demands met")
        var chosen = Array(repeating: 0, count: places)
        for choice in choices where network.flow(on: choice.arc) > 0 { chosen[choice.place] = choice.member }
        return chosen
    }

    /// Little for a member whose count at `place` lags behind, with a draw among those that lag alike.
    private mutating func cost(of member: Int, at place: Int) -> Int {
        let index = place * problem.memberCount + member
        let lag = left[index] * 1024 - targets.counts[index] * (partitionsLeft * 1024 / problem.partitions)
        return generator.below(512) - lag
    }
}
