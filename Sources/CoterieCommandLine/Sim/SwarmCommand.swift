// `coterie sim swarm`: many seeds.

import ArgumentParser
import CoterieServer
import CoterieSimulation
import Foundation

struct SwarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swarm", abstract: "Simulate many seeds on all cores.",
        discussion: """
            Worker processes simulate and judge; a share of the seeds runs twice and must agree, and in a share \
            invariants are checked all along. A seed whose worker dies is a crash. Failures are shrunk at the end.

            Examples:
              coterie sim swarm --seeds 10000
              coterie sim swarm --minutes 30 --from 1000000 --jobs 8
              coterie sim swarm --seeds 100 --canary forgottenRead --stop-at-first
              coterie sim swarm --seeds 1000 --json | jq .outcomes

            Exit codes: 0 nothing is wrong, 20 safety, 21 liveness, 22 determinism, 23 crash: the gravest that was \
            met (crash, safety, determinism, liveness). 130: ended by Ctrl-C, with the summary so far.
            """)

    enum AtFailure: EnumerableFlag {
        case stopAtFirst, keepGoing
    }

    @Option(help: ArgumentHelp("How many seeds (default: 1000 where --minutes is not given).", valueName: "count"))
    var seeds: UInt64?
    @Option(help: ArgumentHelp("The first seed.", valueName: "number")) var from: UInt64 = 1
    @Option(help: ArgumentHelp("How long; with --seeds, whichever is first.", valueName: "minutes"))
    var minutes: Double?
    @Option(help: ArgumentHelp("Worker processes (default: one for each core).", valueName: "count")) var jobs: Int?
    @OptionGroup var flags: SimFlags
    @Option(help: ChangesHelp.text, transform: { try PlanChanges(parsing: $0) }) var with = PlanChanges()
    @Flag(exclusivity: .exclusive, help: "Whether a failure ends the swarm.") var atFailure = AtFailure.keepGoing
    @Option(help: ArgumentHelp("Every n-th seed runs twice; 0: none.", valueName: "count"))
    var twice: UInt64 = 20
    @Option(
        help: ArgumentHelp("Invariants are checked all along in every n-th seed; 0: in none.", valueName: "count"))
    var checked: UInt64 = 16
    @Option(help: ArgumentHelp("How many failures to shrink.", valueName: "count")) var shrink = 3
    @Flag(help: "Waiting for refill counts as a failure.") var strict = false
    @Flag(help: "One JSON object, for scripts.") var json = false

    func validate() throws {
        if let seeds, seeds < 1 { throw ValidationError("--seeds \(seeds): at least 1") }
        if let minutes, !(minutes > 0 && minutes <= 100_000) {
            throw ValidationError("--minutes \(minutes): more than 0, up to 100000")
        }
        if let jobs, !(1 ... 1_024).contains(jobs) {
            throw ValidationError("--jobs \(jobs): allowed are 1 to 1024")
        }
        if shrink < 0 { throw ValidationError("--shrink \(shrink): at least 0") }
    }

    func run() async throws {
        let run = SwarmRun(plan, showsProgress: Output.error.isTerminal && !json)
        let outcome = try await run.run()
        let plan = plan
        // The gravest first: they are told in full, and shrunk.
        var failures = outcome.tally.failures.sorted { ($1.kind.gravity, $0.seed) < ($0.kind.gravity, $1.seed) }
        if strict {
            failures += outcome.tally.waiting.sorted().map { seed in
                var line = SeedLine(crashed: seed, [])
                line.kind = .waiting
                line.outcome = "\(RunOutcome.waitingForRefill)"
                return line
            }
        }
        var shrunk: [UInt64: String] = [:]
        if !outcome.wasInterrupted {
            for failure in SwarmSummary.worthShrinking(failures, atMost: shrink) {
                shrunk[failure.seed] = try await ShrinkCommand.inChild(failure.seed, plan)
            }
        }
        let summary = SwarmSummary(plan: plan, outcome: outcome, failures: failures, shrunk: shrunk)
        if json {
            Output.standard.line(try JSONText.of(summary.json))
        } else {
            for line in summary.lines(on: .standard) { Output.standard.line(line) }
        }
        if outcome.wasInterrupted { throw Interrupted(signal: SIGINT) }
        let status = summary.status(isStrict: strict)
        if status != .ok { throw CommandFailure(status, "") }
    }

    private var plan: SwarmPlan {
        var plan = SwarmPlan()
        plan.first = from
        plan.seeds = seeds ?? (minutes == nil ? 1_000 : nil)
        plan.span = minutes.map { .seconds($0 * 60) }
        plan.jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        if let seeds = plan.seeds { plan.jobs = Int(min(UInt64(plan.jobs), seeds)) }
        plan.flags = flags.words
        plan.changes = with
        plan.stopsAtFirst = atFailure == .stopAtFirst
        plan.twice = twice
        plan.checked = checked
        return plan
    }
}
