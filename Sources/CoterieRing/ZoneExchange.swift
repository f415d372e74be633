// Mends the zones of the first n slots: two partitions exchange their members at one place where that brings fewer zones
// out of bounds. Nothing else changes: not how often a member stands at a place, not the distinctness of a partition's
// members, not the bounds of the zones of all its N slots.

struct ZoneExchange {
    private let problem: PlacementProblem
    private let bounds: ZoneBounds
    /// Each partition's owners by place.
    private var rows: [[Int]]
    /// Of the partition at hand; all zero in between.
    private var counts: [Int]

    init(_ problem: PlacementProblem, _ bounds: ZoneBounds, rows: [[Int]]) {
        self.problem = problem
        self.bounds = bounds
        self.rows = rows
        counts = Array(repeating: 0, count: problem.zoneCount)
    }

    /// The rows after all exchanges that help.
    mutating func mended() -> [[Int]] {
        guard problem.zoneCount > 1, problem.replicas > 1 else { return rows }
        for partition in rows.indices {
            while violations(of: partition) > 0, mend(partition) {}
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

    /// Makes the first exchange that helps; false where there is none.
    private mutating func mend(_ partition: Int) -> Bool {
        let before = violations(of: partition)
        for step in stride(from: 1, to: rows.count, by: 1) {
            let other = (partition + step) % rows.count
            let otherBefore = violations(of: other)
            for place in 0 ..< problem.replicas where canExchange(partition, other, at: place) {
                exchange(partition, other, at: place)
                if violations(of: partition) + violations(of: other) < before + otherBefore { return true }
                exchange(partition, other, at: place)
            }
        }
        return false
    }

    private mutating func exchange(_ a: Int, _ b: Int, at place: Int) {
        let member = rows[a][place]
        rows[a][place] = rows[b][place]
        rows[b][place] = member
    }

    /// Different zones, and neither member in the other partition.
    private func canExchange(_ a: Int, _ b: Int, at place: Int) -> Bool {
        let (memberA, memberB) = (rows[a][place], rows[b][place])
        return problem.zones[memberA] != problem.zones[memberB] && !rows[a].contains(memberB)
            && !rows[b].contains(memberA)
    }
}
