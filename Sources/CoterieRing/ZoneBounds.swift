// How many of a partition's first n slots may be in a zone: its exact share of n, rounded down or up.

struct ZoneBounds {
    /// At `n * zoneCount + zone`, n from 0 to N.
    private let least: [Int]
    private let most: [Int]
    private let zoneCount: Int
    /// For each n the zones with `least` above 0: at most n.
    let demanding: [[Int]]

    init(_ problem: PlacementProblem, _ shares: SlotShares) {
        zoneCount = problem.zoneCount
        let divisor = shares.divisor * problem.slotCount
        var least: [Int] = []
        var most: [Int] = []
        var demanding: [[Int]] = []
        for n in 0 ... problem.replicas {
            let bounds = shares.exactOfZone.map { ($0 * n).quotientAndRemainder(dividingBy: divisor) }
            least += bounds.map(\.quotient)
            most += bounds.map { $0.quotient + ($0.remainder > 0 ? 1 : 0) }
            demanding.append(bounds.indices.filter { bounds[$0].quotient > 0 })
        }
        self.least = least
        self.most = most
        self.demanding = demanding
    }

    func least(_ zone: Int, first n: Int) -> Int { least[n * zoneCount + zone] }
    func most(_ zone: Int, first n: Int) -> Int { most[n * zoneCount + zone] }
}
