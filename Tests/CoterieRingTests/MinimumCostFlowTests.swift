// The flow of least cost against looking at every assignment.

import CoteriePrimitives
import Testing

@testable import CoterieRing

@Suite struct MinimumCostFlowTests {
    /// Assignments of up to four workers to up to five jobs, some not allowed, costs of both signs.
    @Test func anAssignmentIsTheCheapestOfAll() {
        for seed in UInt64(0) ..< 300 {
            var generator = SeededGenerator(seed: seed)
            let workers = 1 + generator.below(4)
            let jobs = workers + generator.below(2)
            let costs: [[Int?]] = (0 ..< workers).map { _ in
                (0 ..< jobs).map { _ in generator.chance(1, in: 4) ? nil : generator.below(20) - 10 }
            }
            var network = MinimumCostFlow(nodes: workers + jobs + 2)
            let sink = workers + jobs + 1
            for worker in 0 ..< workers {
                network.addArc(from: 0, to: 1 + worker, capacity: 1, cost: 0)
                for job in 0 ..< jobs {
                    guard let cost = costs[worker][job] else { continue }
                    network.addArc(from: 1 + worker, to: 1 + workers + job, capacity: 1, cost: cost)
                }
            }
            for job in 0 ..< jobs { network.addArc(from: 1 + workers + job, to: sink, capacity: 1, cost: 0) }
            let result = network.send(workers, from: 0, to: sink)
            if let best = cheapest(costs, from: 0, taken: []) {
                #expect(result.sent == workers, "seed \(seed)")
                #expect(result.cost == best, "seed \(seed)")
            } else {
                #expect(result.sent < workers, "seed \(seed)")
            }
        }
    }

    private func cheapest(_ costs: [[Int?]], from worker: Int, taken: Set<Int>) -> Int? {
        guard worker < costs.count else { return 0 }
        var best: Int?
        for (job, cost) in costs[worker].enumerated() where !taken.contains(job) {
            guard let cost, let rest = cheapest(costs, from: worker + 1, taken: taken.union([job])) else { continue }
            best = min(best ?? .max, cost + rest)
        }
        return best
    }
}
