// How many slots each member and each zone gets: shares by weight, made whole so that the member's number and its
// zone's are both the share rounded down or up (controlled rounding of a two-level tree; Cox and Ernst, 1982).

struct SlotShares {
    /// Slots of each member, at most one of each partition.
    private(set) var ofMember: [Int]
    /// Slots of each zone: the sum over its members.
    private(set) var ofZone: [Int]
    /// Members heavier than 1/N of all: their weight's share is more than one slot of each partition.
    let isCapped: [Bool]
    /// The exact shares, times `divisor`.
    let exactOfMember: [Int]
    let exactOfZone: [Int]
    let divisor: Int

    init(_ problem: PlacementProblem) {
        let (isCapped, slots, weight) = Self.capHeaviest(of: problem)
        let divisor = max(weight, 1)
        var ofZone = Array(repeating: 0, count: problem.zoneCount)
        exactOfMember = problem.weights.indices.map {
            isCapped[$0] ? problem.partitions * divisor : problem.weights[$0] * slots
        }
        for (member, zone) in problem.zones.enumerated() { ofZone[zone] += exactOfMember[member] }
        exactOfZone = ofZone
        self.isCapped = isCapped
        self.divisor = divisor
        ofMember = exactOfMember.map { $0 / divisor }
        self.ofZone = exactOfZone.map { $0 / divisor }
        roundZones(problem)
        roundMembers(problem)
    }

    /// The heaviest first: who exceeds one slot of each partition gets just that, and the others share what is left, the
    /// `slots` among the sum of their weights.
    private static func capHeaviest(of problem: PlacementProblem) -> (isCapped: [Bool], slots: Int, weight: Int) {
        let weights = problem.weights
        var isCapped = Array(repeating: false, count: weights.count)
        var slots = problem.slotCount
        var weight = weights.reduce(0, +)
        for member in weights.indices.sorted(by: { (-weights[$0], $0) < (-weights[$1], $1) }) {
            guard weights[member] * slots > problem.partitions * weight else { break }
            isCapped[member] = true
            slots -= problem.partitions
            weight -= weights[member]
        }
        return (isCapped, slots, weight)
    }

    /// Rounds up as many zones as there are slots left: first those that so come into more partitions, then those of the
    /// greatest remainders.
    private mutating func roundZones(_ problem: PlacementProblem) {
        let ranked = ofZone.indices.filter { exactOfZone[$0] % divisor > 0 }.sorted { a, b in
            (ofZone[a] / problem.partitions, -(exactOfZone[a] % divisor), a)
                < (ofZone[b] / problem.partitions, -(exactOfZone[b] % divisor), b)
        }
        for zone in ranked.prefix(problem.slotCount - ofZone.reduce(0, +)) { ofZone[zone] += 1 }
    }

    /// In each zone, rounds up the members of the greatest remainders.
    private mutating func roundMembers(_ problem: PlacementProblem) {
        var missing = ofZone
        for (member, zone) in problem.zones.enumerated() { missing[zone] -= ofMember[member] }
        let ranked = ofMember.indices.filter { exactOfMember[$0] % divisor > 0 }
            .sorted { (-(exactOfMember[$0] % divisor), $0) < (-(exactOfMember[$1] % divisor), $1) }
        for member in ranked where missing[problem.zones[member]] > 0 {
            ofMember[member] += 1
            missing[problem.zones[member]] -= 1
        }
        precondition(missing.allSatisfy { $0 == 0 }, "slots without a member: \(missing)")
    }

    /// A member's exact share of the first n slots of all partitions, in thousandths of a slot, rounded down.
    func thousandths(of member: Int, first n: Int, _ problem: PlacementProblem) -> Int {
        exactOfMember[member] * n * 1000 / (divisor * problem.replicas)
    }
}
