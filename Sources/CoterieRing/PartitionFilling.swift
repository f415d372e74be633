// Takes the partitions off the table of targets, one by one: see `Placement`. `owners` of a partition are chosen place
// by place, by score; where that leads nowhere, `PartitionFilling+Flow` finds a choice that does.

import CoteriePrimitives

struct PartitionFilling {
    let problem: PlacementProblem
    let shares: SlotShares
    let targets: SlotTargets
    let bounds: ZoneBounds
    /// What the targets still want, at `place * members + member`; and its sums.
    var left: [Int]
    var memberLeft: [Int]
    var zoneLeft: [Int]
    var partitionsLeft: Int
    /// How many partitions two members share, at `a * members + b` and the reverse.
    private var shared: [Int32]
    /// How often b stands second where a stands first, at `a * members + b`.
    private var following: [Int32]
    /// The partition at hand.
    private var draft: PartitionDraft
    var generator: SeededGenerator
    /// Partitions for which the score alone led nowhere.
    private(set) var flowCount = 0

    init(
        _ problem: PlacementProblem, _ shares: SlotShares, _ targets: SlotTargets, _ bounds: ZoneBounds,
        generator: SeededGenerator
    ) {
        self.generator = generator
        self.problem = problem
        self.shares = shares
        self.targets = targets
        self.bounds = bounds
        left = targets.counts
        memberLeft = shares.ofMember
        zoneLeft = shares.ofZone
        partitionsLeft = problem.partitions
        let pairs = problem.memberCount * problem.memberCount
        shared = Array(repeating: 0, count: pairs)
        following = Array(repeating: 0, count: problem.replicas > 1 ? pairs : 0)
        draft = PartitionDraft(zoneCount: problem.zoneCount)
    }

    /// Every partition's owners by place, in the order in which they were found.
    mutating func fill() -> [[Int]] {
        var rows: [[Int]] = []
        rows.reserveCapacity(problem.partitions)
        while partitionsLeft > 0 {
            let chosen = chooseByScore() ?? chooseByFlow()
            take(chosen)
            rows.append(chosen)
        }
        return rows
    }

    private mutating func take(_ chosen: [Int]) {
        let memberCount = problem.memberCount
        for (place, member) in chosen.enumerated() {
            left[place * memberCount + member] -= 1
            memberLeft[member] -= 1
            zoneLeft[problem.zones[member]] -= 1
            for other in chosen where other != member { shared[member * memberCount + other] += 1 }
        }
        if chosen.count > 1 { following[chosen[0] * memberCount + chosen[1]] += 1 }
        partitionsLeft -= 1
    }

    // MARK: By score

    private mutating func chooseByScore() -> [Int]? {
        draft.begin(self)
        var chosen: [Int] = []
        for place in 0 ..< problem.replicas {
            guard let member = best(at: place, after: chosen) else {
                flowCount += 1
                return nil
            }
            draft.add(member, zone: problem.zones[member], isPressing: memberLeft[member] == partitionsLeft)
            chosen.append(member)
        }
        return chosen
    }

    /// The member with the least score at `place` that leaves room for all that must still be chosen; among equals the
    /// first from a drawn one on.
    private mutating func best(at place: Int, after chosen: [Int]) -> Int? {
        let memberCount = problem.memberCount
        let terms = ScoreTerms(self, place: place, chosen: chosen)
        let isTight = draft.mustChoose == problem.replicas - place
        let start = generator.below(memberCount)
        var best: (member: Int, score: Int)?
        for step in 0 ..< memberCount {
            let member = start + step < memberCount ? start + step : start + step - memberCount
            let wanted = left[place * memberCount + member]
            guard wanted > 0, !chosen.contains(member) else { continue }
            let zone = problem.zones[member]
            guard draft.admits(zone, isPressing: memberLeft[member] == partitionsLeft, isTight: isTight) else {
                continue
            }
            let score = score(member, zone: zone, place: place, wanted: wanted, chosen: chosen, terms)
            if score < best?.score ?? .max { best = (member, score) }
        }
        return best?.member
    }

    /// What does not depend on the member. In 1024ths of a partition.
    private struct ScoreTerms {
        /// 1024 × the share of the partitions that is left.
        let pace: Int
        /// Times two members' slots and divided by 1024: how many partitions they should share by now.
        let sharing: Int
        /// The slots of all members chosen so far.
        let slotsOfChosen: Int
        /// Whether a zone must be chosen at this place.
        let isZoneDue: Bool

        init(_ filling: PartitionFilling, place: Int, chosen: [Int]) {
            let problem = filling.problem
            pace = filling.partitionsLeft * 1024 / problem.partitions
            let done = problem.partitions - filling.partitionsLeft
            sharing =
                (done * (problem.replicas - 1)) << 20
                / (problem.replicas * problem.partitions * problem.partitions)
            slotsOfChosen = chosen.reduce(0) { $0 + filling.shares.ofMember[$1] }
            isZoneDue = filling.bounds.demanding[place + 1].contains { zone in
                filling.draft.count(zone) < filling.bounds.least(zone, first: place + 1)
            }
        }
    }

    /// How much `member` is wanted at `place`, less is more: partitions shared with those chosen, beyond what is even,
    /// less how far its count at this place lags behind. A zone out of its bounds weighs more than both.
    private func score(
        _ member: Int, zone: Int, place: Int, wanted: Int, chosen: [Int], _ terms: ScoreTerms
    ) -> Int {
        let memberCount = problem.memberCount
        var score = targets.counts[place * memberCount + member] * terms.pace - wanted * 1024
        score -= (terms.sharing * shares.ofMember[member] * terms.slotsOfChosen) >> 10
        for other in chosen { score += Int(shared[other * memberCount + member]) * 1024 }
        if place == 1 { score += Int(following[chosen[0] * memberCount + member]) * 1024 }
        let count = draft.count(zone)
        if count >= bounds.most(zone, first: place + 1) { score += 1 << 40 }
        if terms.isZoneDue, count >= bounds.least(zone, first: place + 1) { score += 1 << 40 }
        return score
    }
}
