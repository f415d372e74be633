// A scenario that cannot fail proves nothing: planted bugs of the store are found by the files that tell their stories.

import CoterieSimulation
import Testing

@Suite struct ScenarioCanaryTests {
    /// Within how many seeds each must be found.
    private static let stories: [(Canary, String, UInt64)] = [
        (.skippedFsync, "PowerCutOfAllNodes.yaml", 2),
        (.droppedSibling, "TooManySiblings.yaml", 20),
        (.inventedAcknowledgement, "NodeDiesUnderLoad.yaml", 10),
        (.inventedAcknowledgement, "Schedules/INV01-ADotIsMintedOnce.yaml", 10),
        (.forgottenRead, "Schedules/INV05-OneWriteOneDot.yaml", 10),
        (.doubledWrite, "NodeDiesUnderLoad.yaml", 3),
        (.doubledWrite, "ClientDies.yaml", 2),
    ]

    @Test(arguments: stories)
    func aPlantedBugFailsItsStory(_ canary: Canary, _ name: String, within seeds: UInt64) throws {
        let scenario = try Repository.scenario(name)
        for seed in 1 ... seeds {
            let report = try play(scenario, seed: seed, canary: canary)
            if report.statistics.canaries > 0, !report.isGood { return }
        }
        Issue.record("\(canary) was not found by \(name) in \(seeds) seeds")
    }
}
