// How often each member stands at each place of the order of preference. A member with c slots stands at each of the N
// places c / N times, rounded down or up; the places' sums are Q; and it stands among the first n places as often as its
// exact share says, rounded down or up, where that can be.
//
// Each member's extras beyond floor(c / N) are dealt out place by place. An extra may come once the share of the first
// n places, rounded up, has room for it, and is due before the share rounded down lacks it; the earliest deadline goes
// first, which is optimal for such windows (Steiner and Yeomans, 1993). Who must take an extra at each of the remaining
// places to have c in the end comes before all others, so the sums are exact whatever the windows say.

struct SlotTargets {
    /// At `place * members + member`.
    private(set) var counts: [Int]

    init(_ problem: PlacementProblem, _ shares: SlotShares) {
        let (places, memberCount) = (problem.replicas, problem.memberCount)
        // First the zones, so that their sums at each place are near their shares too.
        let zones = ExtrasToDeal(totals: shares.ofZone, exact: shares.exactOfZone, divisor: shares.divisor, places)
        let spare = problem.partitions - zones.base.reduce(0, +)
        let zoneExtras = zones.deal(perPlace: Array(repeating: spare, count: places))
        counts = []
        for _ in 0 ..< places { counts += shares.ofMember.map { $0 / places } }
        var membersOfZone: [[Int]] = Array(repeating: [], count: problem.zoneCount)
        for (member, zone) in problem.zones.enumerated() { membersOfZone[zone].append(member) }
        for (zone, members) in membersOfZone.enumerated() {
            let ofZone = ExtrasToDeal(
                totals: members.map { shares.ofMember[$0] }, exact: members.map { shares.exactOfMember[$0] },
                divisor: shares.divisor, places)
            let base = zones.base[zone] - ofZone.base.reduce(0, +)
            let extras = ofZone.deal(perPlace: zoneExtras.map { base + ($0[zone] ? 1 : 0) })
            for place in 0 ..< places {
                for (index, member) in members.enumerated() where extras[place][index] {
                    counts[place * memberCount + member] += 1
                }
            }
        }
    }
}

/// The extras of a zone's members, or of all zones.
private struct ExtrasToDeal {
    let places: Int
    let totals: [Int]
    /// What each has at every place; one more at the places of its extras.
    let base: [Int]
    private let exact: [Int]
    private let divisor: Int

    init(totals: [Int], exact: [Int], divisor: Int, _ places: Int) {
        self.places = places
        self.totals = totals
        self.exact = exact
        self.divisor = divisor * places
        base = totals.map { $0 / places }
    }

    /// For each place who takes an extra there, `perPlace[i]` in all at place i. The numbers of `perPlace` differ by one
    /// at most and sum to the extras: then it can always be done (Gale and Ryser).
    func deal(perPlace: [Int]) -> [[Bool]] {
        var left = totals.indices.map { totals[$0] - base[$0] * places }
        var dealt: [[Bool]] = []
        for (place, wanted) in perPlace.enumerated() {
            var row = Array(repeating: false, count: totals.count)
            var waiting: [Urgency] = []
            for k in totals.indices where left[k] > 0 { waiting.append(urgency(of: k, left: left[k], at: place)) }
            let taken = waiting.sorted().prefix(wanted)
            precondition(taken.count == wanted, "place \(place) needs \(wanted) of \(left)")
            for next in taken {
                row[next.index] = true
                left[next.index] -= 1
            }
            dealt.append(row)
        }
        precondition(left.allSatisfy { $0 == 0 }, "not dealt: \(left)")
        return dealt
    }

    private func urgency(of k: Int, left: Int, at place: Int) -> Urgency {
        /// Its count after the first n places, if it takes no extra from here on.
        func count(after n: Int) -> Int { totals[k] - base[k] * (places - n) - left }
        let most = ((place + 1) * exact[k] + divisor - 1) / divisor
        var deadline = place + 1
        while deadline <= places, deadline * exact[k] / divisor <= count(after: deadline) { deadline += 1 }
        return Urgency(
            canWait: left < places - place, isEarly: count(after: place + 1) >= most, deadline: deadline, index: k)
    }

    private struct Urgency: Comparable {
        /// False for who needs an extra at each place from here on.
        let canWait: Bool
        /// True before there is room for its next extra.
        let isEarly: Bool
        /// The first n whose share, rounded down, lacks the extra.
        let deadline: Int
        let index: Int

        static func < (a: Self, b: Self) -> Bool {
            if a.canWait != b.canWait { return !a.canWait }
            if a.isEarly != b.isEarly { return !a.isEarly }
            return (a.deadline, a.index) < (b.deadline, b.index)
        }
    }
}
