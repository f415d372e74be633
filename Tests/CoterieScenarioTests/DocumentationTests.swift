// The page that explains the format names everything that the reader knows, and its example is a file that ships.

import CoterieHistory
import CoterieSimulation
import CoterieWire
import Foundation
import Testing

@Suite struct ScenarioDocumentationTests {
    private let page: String

    init() throws {
        page = try String(
            contentsOfFile: "\(Repository.root)/Sources/CoterieServer/Documentation.docc/Scenarios.md", encoding: .utf8)
    }

    @Test(arguments: ActionName.allCases)
    func everyStepIsExplained(_ action: ActionName) throws {
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let row = try #require(
            rows.first { $0.contains("`\(action.rawValue): ") }, "no row explains \(action.rawValue)")
        let ofRequests: Set = ["as", "on", "timeout", "sloppy", "wait", "expect"]
        // A delete takes what a put takes.
        let names = action == .delete ? [] : action.parameters.filter { !ofRequests.contains($0) }
        for name in names { #expect(row.contains("`\(name)`"), "\(action.rawValue): \(name)") }
        #expect(row.hasSuffix(action.stages == [.simulator] ? "| simulator |" : "| both |"), "\(row)")
    }

    @Test func everySettingBoundAndOutcomeIsNamed() {
        for name in ScenarioSetting.names { #expect(page.contains("`\(name)`"), "\(name)") }
        for outcome in AnswerOutcome.allCases { #expect(page.contains("| `\(outcome.rawValue)` |"), "\(outcome)") }
        for name in ["as", "on", "timeout", "sloppy", "wait: false", "expect"] {
            #expect(page.contains("`\(name)`"), "\(name)")
        }
    }

    @Test func theExampleIsTheFileThatShips() throws {
        let file = try String(contentsOfFile: "\(Repository.root)/Scenarios/ReadRepair.yaml", encoding: .utf8)
        #expect(page.contains("```yaml\n\(file)```"))
    }

    /// What the page shows of its play is what comes of it.
    @Test func theOutputThatIsShownIsReal() throws {
        let scenario = try Repository.scenario("ReadRepair.yaml")
        for seed in 1 ... 3 as ClosedRange<UInt64> {
            let report = try play(scenario, seed: seed)
            let seconds = report.statistics.virtualTime / 100_000_000
            let line =
                "ok  \(scenario.title): seed \(seed), \(report.history.records.count) requests (5 ok, 0 refused, 0 unknown), "
                + "\(seconds / 10).\(seconds % 10) s of virtual time"
            #expect(page.contains(line), "\(line)")
        }
    }
}
