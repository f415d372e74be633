// `coterie sim --seed N`: one run.

import ArgumentParser
import CoterieRing
import CoterieServer
import CoterieSimulation

struct SimRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Simulate one seed (the default).",
        discussion: """
            Examples:
              coterie sim --seed 42
              coterie sim --seed 42 --trace --trace-lines 200
              coterie sim --seed 42 --with "operations=40 kinds=kill,pause"
              coterie sim --seed 42 --json | jq .outcome
            """)

    @Option(help: ArgumentHelp("Decides the run.", valueName: "number")) var seed: UInt64
    @OptionGroup var flags: SimFlags
    @Option(help: ChangesHelp.text, transform: { try PlanChanges(parsing: $0) }) var with = PlanChanges()
    @Flag(help: "Write down each transition.") var trace = false
    @Option(help: ArgumentHelp("Only the last so many lines of the trace.", valueName: "count")) var traceLines: Int?
    @Option(help: ArgumentHelp("Check invariants at every so many ticks (slow).", valueName: "ticks"))
    var checkEvery = 0
    @Flag(help: "Waiting for refill counts as a failure.") var strict = false
    @Flag(help: "One JSON object, for scripts.") var json = false

    func validate() throws {
        if let traceLines, traceLines < 1 { throw ValidationError("--trace-lines \(traceLines): at least 1") }
        if traceLines != nil, !trace { throw ValidationError("--trace-lines counts the lines of --trace: give both") }
        if checkEvery < 0 { throw ValidationError("--check-every \(checkEvery): at least 0") }
    }

    func run() throws {
        var options = flags.options
        options.checkEvery = checkEvery
        if trace { options.traceLines = traceLines ?? .max }
        let started = ProcessorClock.now
        let plan = RunPlan(seed: seed, options: options).changed(by: with)
        let report = try SimulationRun.judged(plan, options)
        let view = SimReport(report, changes: with, nanoseconds: ProcessorClock.now - started)
        if json {
            Output.standard.line(try JSONText.of(view.json))
        } else {
            for line in report.trace { Output.standard.line(line) }
            for line in view.lines(on: .standard) { Output.standard.line(line) }
        }
        let status = ExitStatus(report.outcome, isStrict: strict)
        if status != .ok { throw CommandFailure(status, "") }
    }
}

extension SimulationRun {
    /// Runs; a plan that no cluster can have is an error of the command line.
    static func judged(_ plan: RunPlan, _ options: Options) throws -> RunReport {
        do {
            return try SimulationRun(plan: plan, options: options).run()
        } catch {
            throw CommandFailure(.usage, "seed \(plan.seed): no cluster can have this plan: \(error)")
        }
    }
}

extension ExitStatus {
    /// How a process ends whose run ended so.
    init(_ outcome: RunOutcome, isStrict: Bool) {
        switch outcome {
        case .ok: self = .ok
        case .waitingForRefill: self = isStrict ? .notAtRest : .ok
        case .safety: self = .promiseBroken
        case .liveness: self = .notAtRest
        }
    }
}
