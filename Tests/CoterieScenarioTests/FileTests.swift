// Every scenario file that ships holds on the simulator, under several seeds.

import CoterieSimulation
import Testing

@Suite struct ScenarioFileTests {
    /// Two seeds each; `COTERIE_SEEDS` multiplies them.
    @Test(arguments: Repository.scenarios)
    func everyFileHolds(_ name: String) throws {
        let scenario = try Repository.scenario(name)
        try #require(scenario.isPlayable(on: .simulator))
        for seed in scenario.seed ..< scenario.seed + UInt64(2 * seedsFactor) {
            let report = try play(scenario, seed: seed)
            #expect(report.isGood, "seed \(seed): \(report.whatIsWrong)")
        }
    }

    @Test func thereAreEnoughOfThemAndEachHasATitleOfItsOwn() throws {
        let scenarios = try Repository.scenarios.map(Repository.scenario)
        #expect(scenarios.count >= 30)
        #expect(Set(scenarios.map(\.title)).count == scenarios.count)
        #expect(scenarios.allSatisfy { $0.story.count > 100 })
    }

    /// What would pass without the store having done anything proves nothing.
    @Test func eachExpectsSomethingOfItsOwn() throws {
        for name in Repository.scenarios {
            let scenario = try Repository.scenario(name)
            let steps = scenario.timeline.contains { step in
                if case .request(let request) = step.action { request.expected != nil } else { false }
            }
            let expected = scenario.expectations
            #expect(steps || expected.ok != nil || expected.refused != nil || !expected.keys.isEmpty, "\(name)")
        }
    }

    @Test func equalSeedsGiveEqualPlays() throws {
        for name in ["NodeDiesUnderLoad.yaml", "Schedules/INV05-OneWriteOneDot.yaml"] {
            let scenario = try Repository.scenario(name)
            let digests = try [7, 7, 8].map { try play(scenario, seed: $0).digest }
            #expect(digests[0] == digests[1])
            #expect(digests[0] != digests[2])
        }
    }
}
