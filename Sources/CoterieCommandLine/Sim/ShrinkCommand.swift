// `coterie sim shrink`: the smallest plan that still fails in the same way.

import ArgumentParser
import CoterieServer
import CoterieSimulation
import Foundation
import Synchronization

struct ShrinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shrink", abstract: "Find the smallest plan of a seed that still fails in the same way.",
        discussion: """
            Leaves out kinds of fault and operation, nodes, clients, keys, operations and single faults, and makes \
            parts of the plan as production has them, for as long as the run breaks the same law. What crashes is run \
            in processes of its own.

            Examples:
              coterie sim shrink --seed 42
              coterie sim shrink --seed 42 --seconds 300
            """)

    @Option(help: ArgumentHelp("The seed that fails.", valueName: "number")) var seed: UInt64
    @OptionGroup var flags: SimFlags
    @Option(help: ChangesHelp.text, transform: { try PlanChanges(parsing: $0) }) var with = PlanChanges()
    @Option(help: ArgumentHelp("How long to search.", valueName: "seconds")) var seconds = 30.0
    @Option(help: ArgumentHelp("How many runs at most.", valueName: "count")) var runs = 2_000
    @Flag(help: "Each run in a process of its own.") var isolated = false

    func validate() throws {
        if !(seconds > 0 && seconds <= 1_000_000) { throw ValidationError("--seconds \(seconds): more than 0") }
        if runs < 1 { throw ValidationError("--runs \(runs): at least 1") }
    }

    func run() throws {
        let whole = try inChild(with)
        guard whole.kind.isFailure, whole.kind != .determinism else {
            throw CommandFailure(.failed, "seed \(seed) does not fail: \(whole.outcome)")
        }
        let options = flags.options
        let plan = RunPlan(seed: seed, options: options)
        let end = ContinuousClock.now + .seconds(seconds)
        let isApart = isolated || whole.kind == .crash
        var shrinker = Shrinker(plan, changes: with, faultsDrawn: whole.faultsDrawn) { trials in
            trials < runs && ContinuousClock.now < end
        } attempt: { changes in
            if isApart {
                let line = try inChild(changes)
                return Shrinker.Trial(fails: line.outcome == whole.outcome, faultsDrawn: line.faultsDrawn)
            }
            let report = try SimulationRun.judged(plan.changed(by: changes), options)
            return Shrinker.Trial(fails: "\(report.outcome)" == whole.outcome, faultsDrawn: report.faultsDrawn)
        }
        try shrinker.run()
        let last = try inChild(shrinker.changes)
        tell(whole, last, shrinker)
        throw CommandFailure(SwarmSummary.status(of: last.kind), "")
    }

    private func tell(_ whole: SeedLine, _ last: SeedLine, _ shrinker: Shrinker) {
        let output = Output.standard
        guard shrinker.changes != with else {
            return output.line("shrunk   to nothing smaller in \(shrinker.trials) runs")
        }
        output.line("shrunk   " + Replay.command(seed: seed, flags.words, shrinker.changes))
        output.line(
            "         \(whole.statistics.operations) operations, "
                + "\(whole.statistics.faults.values.reduce(0, +)) faults before; \(last.statistics.operations) and "
                + "\(last.statistics.faults.values.reduce(0, +)) after \(shrinker.trials) runs")
        for line in last.findings.prefix(40) { output.line("  " + line) }
    }

    /// One run in a process of its own.
    private func inChild(_ changes: PlanChanges) throws -> SeedLine {
        var arguments = ["sim", "worker", "--from", "\(seed)", "--step", "1", "--count", "1"] + flags.words
        if !changes.isEmpty { arguments += ["--with", "\(changes)"] }
        let said = try Self.output(of: arguments)
        if said.ending.isSignal {
            return SeedLine(
                crashed: seed, ["the simulating process died of signal \(said.ending.status)"] + said.ending.errors)
        }
        guard said.ending.status == 0, let line = said.lines.first else {
            throw CommandFailure(
                ExitStatus(rawValue: said.ending.status) ?? .internalFault, said.ending.errors.joined(separator: "\n"))
        }
        return try JSONDecoder().decode(SeedLine.self, from: Data(line.utf8))
    }

    /// What shrinking a swarm's seed says: in a process of its own, which a candidate that traps ends.
    static func inChild(_ seed: UInt64, _ plan: SwarmPlan) async throws -> String {
        var arguments = ["sim", "shrink", "--seed", "\(seed)"] + plan.flags
        if !plan.changes.isEmpty { arguments += ["--with", "\(plan.changes)"] }
        let said = try output(of: arguments)
        if said.ending.isSignal {
            return try output(of: arguments + ["--isolated"]).lines.joined(separator: "\n")
        }
        return said.lines.joined(separator: "\n")
    }

    private static func output(of arguments: [String]) throws -> (lines: [String], ending: ChildLines.Ending) {
        let said = Mutex<[String]>([])
        let ended = Mutex<ChildLines.Ending?>(nil)
        let isOver = DispatchSemaphore(value: 0)
        _ = try ChildLines(arguments: arguments) { event in
            switch event {
            case .line(let line): said.withLock { $0.append(line) }
            case .ended(let ending):
                ended.withLock { $0 = ending }
                isOver.signal()
            }
        }
        isOver.wait()
        guard let ending = ended.withLock({ $0 }) else {
            throw CommandFailure(.internalFault, "a worker of the simulator ended without an end")
        }
        return (said.withLock { $0 }, ending)
    }
}
