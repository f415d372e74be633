// What the tests of scenarios share: where the files are, and playing one.

import CoterieCommandLine
import CoterieHistory
import CoterieSimulation
import Foundation
import Testing

/// How many more seeds the long tests take: the environment variable `COTERIE_SEEDS`, 1 where it is not set.
let seedsFactor = max(1, ProcessInfo.processInfo.environment["COTERIE_SEEDS"].flatMap { Int($0) } ?? 1)

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// All scenario files, by their paths below `Scenarios`.
    static let scenarios = ScenarioFile.files(under: "\(root)/Scenarios").map {
        String($0.dropFirst("\(root)/Scenarios/".count))
    }

    static func scenario(_ name: String) throws -> Scenario {
        try ScenarioFile.read("\(root)/Scenarios/\(name)")
    }
}

/// Reads a scenario whose title and story do not matter.
func scenario(_ rest: String) throws -> Scenario {
    try ScenarioFile.read(text: "title: A test\nstory: It is played.\n\n\(rest)", path: "s.yaml")
}

func play(_ scenario: Scenario, seed: UInt64? = nil, canary: Canary? = nil) throws -> RunReport {
    var plan = try RunPlan(scenario, seed: seed)
    plan.checkEvery = 64
    plan.canary = canary
    return try SimulationRun(plan: plan).run()
}

extension RunReport {
    /// Nothing broken, nothing pending, nothing unmet.
    var isGood: Bool { verdict.isOK && unmet.isEmpty }

    var whatIsWrong: String { ([verdict.isOK ? "" : description] + unmet.map(\.description)).joined(separator: "\n") }
}
