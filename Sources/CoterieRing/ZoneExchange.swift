// Mends the zones of the first n slots: two partitions exchange their members at one place, or at two, where that leaves
// fewer places out of bounds, or as many elsewhere, from where another exchange may help (a local search with sideways
// steps).
// Nothing else changes: not how often a member stands at a place, not the distinctness of a partition's members, not the
// bounds of the zones of all its N slots.

import CoteriePrimitives

struct ZoneExchange {
    /// Partners that are drawn for each attempt, beside those that are out of bounds themselves.
    private static let draws = 24
    /// Attempts for each partition that is out of bounds at first.
    private static let attempts = 48

    private let problem: PlacementProblem
    private let bounds: ZoneBounds
    private var generator: SeededGenerator
    /// Each partition's owners by place.
    private var rows: [[Int]]
    /// Of the partition at hand; all zero in between.
    private var counts: [Int]
    /// The partitions that are out of bounds.
    private var broken: [Int] = []

    init(_ problem: PlacementProblem, _ bounds: ZoneBounds, rows: [[Int]], generator: SeededGenerator) {
        self.problem = problem
        self.bounds = bounds
        self.rows = rows
        self.generator = generator
        counts = Array(repeating: 0, count: problem.zoneCount)
    }

    /// The rows after the exchanges that help.
    mutating func mended() -> [[Int]] {
        guard problem.zoneCount > 1, problem.replicas > 1 else { return rows }
        for partition in rows.indices where violations(of: partition) > 0 { broken.append(partition) }
        var attempts = broken.count * Self.attempts
        while attempts > 0, let partition = generator.pick(broken) {
            attempts -= 1
            mend(partition)
        }
        return rows
    }

    /// Places at which the partition's order of zones leaves the bounds. A zone out of its bounds among all N slots
    /// counts more than all others together: there is none at first, so none is ever made.
    private mutating func violations(of partition: Int) -> Int {
        let row = rows[partition]
        var violations = 0
        for (place, member) in row.enumerated() {
            let zone = problem.zones[member]
            counts[zone] += 1
            if counts[zone] > bounds.most(zone, first: row.count) { violations += Self.ofWhole }
            if counts[zone] > bounds.most(zone, first: place + 1) { violations += 1 }
            for zone in bounds.demanding[place + 1] where counts[zone] < bounds.least(zone, first: place + 1) {
                violations += place + 1 == row.count ? Self.ofWhole : 1
            }
        }
        for member in row { counts[problem.zones[member]] = 0 }
        return violations
    }

    private static let ofWhole = 1 << 20

    /// Makes the first exchange that helps, else one of those that do no harm.
    private mutating func mend(_ partition: Int) {
        let before = violations(of: partition)
        var sideways: (other: Int, first: Int, second: Int)?
        for other in partners(of: partition) {
            let otherBefore = violations(of: other)
            for first in 0 ..< problem.replicas {
                for second in first ..< problem.replicas where exchange(partition, other, first, second) {
                    let gain = before + otherBefore - violations(of: partition) - violations(of: other)
                    if gain > 0 { return note(partition, other) }
                    _ = exchange(partition, other, first, second)
                    if gain == 0, sideways == nil || generator.chance(1, in: 4) { sideways = (other, first, second) }
                }
            }
        }
        if let sideways {
            _ = exchange(partition, sideways.other, sideways.first, sideways.second)
            note(partition, sideways.other)
        }
    }

    /// Others to exchange with: who is out of bounds too first.
    private mutating func partners(of partition: Int) -> [Int] {
        var partners = Array(broken.prefix(Self.draws))
        for _ in 0 ..< Self.draws { partners.append(generator.below(rows.count)) }
        return partners.filter { $0 != partition }
    }

    /// Enters two partitions that were changed among the broken ones, or takes them out.
    private mutating func note(_ a: Int, _ b: Int) {
        for partition in [a, b] {
            let index = broken.firstIndex(of: partition)
            switch (violations(of: partition) > 0, index) {
            case (true, nil): broken.append(partition)
            case (false, let index?): broken.remove(at: index)
            default: break
            }
        }
    }

    /// Exchanges the members of two partitions at two places, or at one where they are the same. Only where zones change
    /// and both partitions keep distinct members; false, and nothing done, elsewhere.
    private mutating func exchange(_ a: Int, _ b: Int, _ first: Int, _ second: Int) -> Bool {
        let zones = problem.zones
        guard zones[rows[a][first]] != zones[rows[b][first]], zones[rows[a][second]] != zones[rows[b][second]] else {
            return false
        }
        swap(a, b, at: first)
        if second != first { swap(a, b, at: second) }
        if isAlone(a, first), isAlone(b, first), isAlone(a, second), isAlone(b, second) { return true }
        swap(a, b, at: first)
        if second != first { swap(a, b, at: second) }
        return false
    }

    private mutating func swap(_ a: Int, _ b: Int, at place: Int) {
        let member = rows[a][place]
        rows[a][place] = rows[b][place]
        rows[b][place] = member
    }

    /// Whether the partition has the member at `place` only there.
    private func isAlone(_ partition: Int, _ place: Int) -> Bool {
        let member = rows[partition][place]
        for other in 0 ..< problem.replicas where other != place && rows[partition][other] == member { return false }
        return true
    }
}
