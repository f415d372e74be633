// Planted bugs: a swarm that does not find these proves nothing by finding nothing else.

import CoteriePrimitives
import Foundation
import Testing

@testable import CoterieSimulation

@Suite struct CanaryTests {
    /// Within how many seeds each must be found.
    private static let seeds: [(Canary, UInt64)] = [
        (.skippedFsync, 80), (.droppedSibling, 10), (.inventedAcknowledgement, 30), (.forgottenRead, 60),
        (.doubledWrite, 10), (.forgottenHints, 300), (.swallowedHint, 300),
    ]

    @Test(arguments: seeds)
    func aPlantedBugIsFound(_ canary: Canary, within seeds: UInt64) throws {
        var options = SimulationRun.Options()
        options.canary = canary
        for seed in 1 ... seeds {
            let report = try SimulationRun(seed: seed, options: options).run()
            if case .safety = report.verdict, report.statistics.canaries > 0 { return }
        }
        Issue.record("\(canary) was not found in \(seeds) seeds")
    }

    @Test func eachCanaryHasItsNumberOfSeeds() {
        #expect(Set(Self.seeds.map(\.0)) == Set(Canary.allCases))
    }

    /// The page that tells people tells these numbers.
    @Test func theDocumentationTellsWithinHowMany() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = root.appendingPathComponent("Sources/CoterieServer/Documentation.docc/Simulation.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        for (canary, seeds) in Self.seeds {
            let row = text.split(separator: "\n").first { $0.hasPrefix("| \(canary.rawValue) |") }
            #expect(
                row?.hasSuffix("| \(seeds) |") == true, "Simulation.md shall tell \(seeds) seeds for \(canary.rawValue)"
            )
        }
    }
}
