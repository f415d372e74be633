// `coterie scenario run`.

import ArgumentParser
import CoterieServer
import CoterieSimulation

extension ScenarioStage: ExpressibleByArgument {}

struct ScenarioRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Play scenario files and judge what came of them.",
        discussion: """
            On the simulator a scenario plays in virtual time; the seed draws delays, disks and the workload's requests, \
            and equal seeds give equal plays. Without --seed a file's own seed is taken, or 1.

            On processes a cluster of real nodes is brought up in a temporary directory and everything happens in real \
            time: the seed draws requests and faults of links, not what the machine makes of them.

            Examples:
              coterie scenario run Scenarios/NodeDiesUnderLoad.yaml --on processes
              coterie scenario run Scenarios/Partition.yaml --seed 7 --trace
              coterie scenario run Scenarios --seeds 20 --json
            """)

    @OptionGroup var paths: ScenarioPaths
    @Option(help: "Where to play.") var on = ScenarioStage.simulator
    @Option(help: "Draws what the file leaves open.") var seed: UInt64?
    @Option(help: ArgumentHelp("Play under so many seeds, one after the other.", valueName: "count")) var seeds = 1
    @Option(
        help: ArgumentHelp(
            "On processes: nodes listen from this port on, as in coterie local up (0 takes free ones).",
            valueName: "port"))
    var basePort = 0
    @Flag(help: "On processes: leave data and logs behind, and say where.") var keep = false
    @Flag(help: "Print each transition of the simulator, or each step on processes, one a line.") var trace = false
    @Flag(help: "One JSON object for each play.") var json = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("--seeds must be 1 or more, not \(seeds)") }
        if seed == 0 { throw ValidationError("--seed must be 1 or more") }
    }

    func run() async throws {
        var worst = ExitStatus.ok
        var (plays, failures, left) = (0, 0, 0)
        for scenario in try scenarios() {
            guard scenario.isPlayable(on: on) else {
                left += 1
                if !json { Output.standard.line("--  \(scenario.title): not for \(on.rawValue)") }
                continue
            }
            let first = seed ?? scenario.seed
            for seed in first ..< first + UInt64(seeds) {
                let result = try await play(scenario, seed: seed)
                plays += 1
                report(result)
                guard result.status != .ok else { continue }
                failures += 1
                worst = Self.worse(worst, result.status)
            }
        }
        if !json, plays + left > 1 {
            Output.standard.line("\(plays) plays, \(failures) failed\(left > 0 ? ", \(left) left out" : "")")
        }
        if worst != .ok { throw CommandFailure(worst, "") }
    }

    /// All are read before the first is played.
    private func scenarios() throws -> [Scenario] {
        try paths.files().map { file in
            do throws(ScenarioError) {
                return try ScenarioFile.read(file)
            } catch {
                throw CommandFailure(.badData, error.description)
            }
        }
    }

    private func play(_ scenario: Scenario, seed: UInt64) async throws -> ScenarioResult {
        switch on {
        case .simulator: return try SimulatorStage.play(scenario, seed: seed, isTraced: trace)
        case .processes:
            var stage = ProcessStage(basePort: basePort, keepsData: keep)
            stage.progress = Output.error.isTerminal && !json ? .error : nil
            return try await stage.play(scenario, seed: seed, isTraced: trace)
        }
    }

    private func report(_ result: ScenarioResult) {
        if json { return Output.standard.line(result.json) }
        for line in result.trace { Output.standard.line(line) }
        for line in result.lines(.standard) { Output.standard.line(line) }
    }

    /// A broken promise is the worst, an expectation the least.
    private static func worse(_ a: ExitStatus, _ b: ExitStatus) -> ExitStatus {
        [.promiseBroken, .notAtRest, .expectationFailed].first { $0 == a || $0 == b } ?? b
    }
}
