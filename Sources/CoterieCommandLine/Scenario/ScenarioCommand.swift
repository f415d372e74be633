// `coterie scenario`: stories about a cluster, played and judged.

import ArgumentParser
import CoterieServer
import CoterieSimulation

struct ScenarioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenario",
        abstract: "Play scenario files and judge what came of them.",
        discussion: """
            A scenario tells a story about a cluster: what is done to it, what is asked of it, what must come of it. The \
            format is explained in the documentation, page Scenarios.

            Examples:
              coterie scenario list                                   what there is
              coterie scenario run Scenarios/NodeDiesUnderLoad.yaml   play one
              coterie scenario run Scenarios --seeds 10               play all
              coterie scenario check my-story.yaml                    only read it

            Exit codes: 0 all held, 20 a promise was broken, 21 did not come to rest, 24 an expectation failed, \
            64 bad usage, 65 a file is no scenario.
            """,
        subcommands: [ScenarioRunCommand.self, ScenarioCheckCommand.self, ScenarioListCommand.self])
}

/// Where scenarios are.
struct ScenarioPaths: ParsableArguments {
    @Argument(
        help: "Scenario files, or folders of them.", completion: .file(extensions: ["yaml", "yml"]))
    var paths: [String]

    /// All files that are named, at least one.
    func files() throws -> [String] {
        let files = paths.flatMap(ScenarioFile.files)
        if files.isEmpty {
            throw CommandFailure(.badData, "\(paths.joined(separator: ", ")): there is no scenario (*.yaml)")
        }
        return files
    }
}

struct ScenarioCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read scenario files and name what is wrong with them.",
        discussion: """
            Examples:
              coterie scenario check my-story.yaml
              coterie scenario check Scenarios
            """)

    @OptionGroup var paths: ScenarioPaths

    func run() throws {
        var problems: [String] = []
        let files = try paths.files()
        for file in files {
            do throws(ScenarioError) {
                _ = try ScenarioFile.read(file)
            } catch {
                problems.append(error.description)
            }
        }
        guard problems.isEmpty else { throw CommandFailure(.badData, problems.joined(separator: "\n")) }
        Output.standard.line("\(files.count) \(files.count == 1 ? "scenario" : "scenarios"), nothing wrong")
    }
}

struct ScenarioListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the titles of scenario files.",
        discussion: """
            Examples:
              coterie scenario list
              coterie scenario list Scenarios/Schedules
            """)

    @Argument(help: "A folder.", completion: .directory) var folder = "Scenarios"

    func run() throws {
        let files = try ScenarioPaths.parse([folder]).files()
        var rows: [(file: String, scenario: Scenario)] = []
        for file in files {
            do throws(ScenarioError) {
                rows.append((file, try ScenarioFile.read(file)))
            } catch {
                throw CommandFailure(.badData, error.description)
            }
        }
        let width = rows.map(\.file.count).max() ?? 0
        for (file, scenario) in rows {
            let only = scenario.stages == ScenarioStage.allCases ? "" : " (\(scenario.stages[0].rawValue) only)"
            let padding = String(repeating: " ", count: width - file.count)
            Output.standard.line("\(file)\(padding)  \(scenario.title)\(only)")
        }
    }
}
