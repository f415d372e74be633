// Mends the zones of the first n slots: two partitions exchange their members at one place where that brings fewer zones
// out of bounds. Nothing else changes: not how often a member stands at a place, not the distinctness of a partition's
// members, not the zones of all its N slots.

struct ZoneExchange {
    private let problem: PlacementProblem
    private let bounds: ZoneBounds
    private var owners: [Int]
    private var counts: [Int]

    init(_ problem: PlacementProblem, _ bounds: ZoneBounds, owners: [Int]) {
        self.problem = problem
        self.bounds = bounds
        self.owners = owners
        counts = Array(repeating: 0, count: problem.zoneCount)
    }

    /// The owners after all exchanges that help.
    mutating func mended() -> [Int] {
        guard problem.zoneCount > 1, problem.replicas > 1 else { return owners }
        for partition in 0 ..< problem.partitions {
            while violations(of: partition) > 0, mend(partition) {}
        }
        return owners
    }

    /// Slots at which the partition's order of zones leaves the bounds. A zone out of its bounds among all N slots counts
    /// more than all others together: there is none at first, so none is ever made.
    private mutating func violations(of partition: Int) -> Int {
        let row = partition * problem.replicas ..< (partition + 1) * problem.replicas
        var violations = 0
        var n = 0
        for slot in row {
            n += 1
            let zone = problem.zones[owners[slot]]
            counts[zone] += 1
            if counts[zone] > bounds.most(zone, first: problem.replicas) { violations += Self.ofWhole }
            if counts[zone] > bounds.most(zone, first: n) { violations += 1 }
            for zone in bounds.demanding[n] where counts[zone] < bounds.least(zone, first: n) {
                violations += n == problem.replicas ? Self.ofWhole : 1
            }
        }
        for slot in row { counts[problem.zones[owners[slot]]] = 0 }
        return violations
    }

    private static let ofWhole = 1 << 20

    private mutating func mend(_ partition: Int) -> Bool {
        let before = violations(of: partition)
        for step in 1 ..< max(problem.partitions, 1) {
            let other = (partition + step) % problem.partitions
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
        owners.swapAt(a * problem.replicas + place, b * problem.replicas + place)
    }

    /// Different zones, and neither member in the other partition.
    private func canExchange(_ a: Int, _ b: Int, at place: Int) -> Bool {
        let (rowA, rowB) = (a * problem.replicas, b * problem.replicas)
        let (memberA, memberB) = (owners[rowA + place], owners[rowB + place])
        guard problem.zones[memberA] != problem.zones[memberB] else { return false }
        return !owners[rowA ..< rowA + problem.replicas].contains(memberB)
            && !owners[rowB ..< rowB + problem.replicas].contains(memberA)
    }
}
