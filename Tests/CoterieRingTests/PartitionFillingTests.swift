// The rare path of the placement: partitions for which the score leads nowhere and a flow is asked.

import CoteriePrimitives
import Testing

@testable import CoterieRing

@Suite struct PartitionFillingTests {
    @Test func theFlowIsNeededAtTimesAndFillsEveryTarget() {
        var flows = 0
        for seed in UInt64(0) ..< 60 {
            let cluster = DrawnCluster(seed: seed)
            let problem = PlacementProblem(
                partitions: cluster.partitions, replicas: cluster.replicas, members: cluster.members)
            let shares = SlotShares(problem)
            let targets = SlotTargets(problem, shares)
            var filling = PartitionFilling(
                problem, shares, targets, ZoneBounds(problem, shares), generator: SeededGenerator(seed: seed))
            var counts = Array(repeating: 0, count: targets.counts.count)
            for row in filling.fill() {
                #expect(Set(row).count == cluster.replicas, "\(cluster)")
                for (place, member) in row.enumerated() { counts[place * problem.memberCount + member] += 1 }
            }
            #expect(counts == targets.counts, "\(cluster)")
            flows += filling.flowCount
        }
        #expect(flows > 10, "the flow was asked \(flows) times")
    }
}
