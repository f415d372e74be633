// `coterie sim`: whole clusters in virtual time, each decided by a seed, under faults, judged.

import ArgumentParser
import CoterieSimulation

struct SimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim", abstract: "Simulate a cluster under faults and judge what its clients saw.",
        discussion: """
            One seed decides everything: the cluster, its settings, the workload, the network, disks and clocks, and \
            all faults. The simulated nodes run the code that serves in production. Equal seeds are equal runs.

            Examples:
              coterie sim --seed 42                      one run: plan, verdict, figures
              coterie sim --seed 42 --trace | less       every transition
              coterie sim --seed 42 --canary droppedSibling
              coterie sim swarm --seeds 1000             many seeds on all cores
              coterie sim shrink --seed 42               the smallest plan that still fails

            Exit codes: 0 nothing is wrong, 20 a promise was broken (safety), 21 the cluster did not come to rest \
            (liveness), 22 two runs of one seed differ (determinism), 23 the code trapped (crash).
            """,
        subcommands: [
            SimRunCommand.self, SwarmCommand.self, ShrinkCommand.self, DigestsCommand.self, SwarmWorkerCommand.self,
        ],
        defaultSubcommand: SimRunCommand.self)
}

extension Canary: ExpressibleByArgument {}

/// What changes a run besides its seed.
struct SimFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Requests in all, instead of the drawn number.", valueName: "count"))
    var operations: Int?
    @Option(help: "Plant a bug, to see the checkers find it.") var canary: Canary?
    /// The process that simulates this seed traps: how a crash is told can be tested so.
    @Option(help: .hidden) var trapAt: UInt64?

    func validate() throws {
        if let operations, operations < 1 { throw ValidationError("--operations \(operations): at least 1") }
    }

    var options: SimulationRun.Options {
        var options = SimulationRun.Options()
        options.operations = operations
        options.canary = canary
        return options
    }

    /// As they are typed again.
    var words: [String] {
        (operations.map { ["--operations", "\($0)"] } ?? []) + (canary.map { ["--canary", $0.rawValue] } ?? [])
            + (trapAt.map { ["--trap-at", "\($0)"] } ?? [])
    }
}

/// `--with "nodes=3 operations=40"`.
enum ChangesHelp {
    static let text = ArgumentHelp(
        "Change the drawn plan.",
        discussion: """
            Words NAME=VALUE: nodes, replicas, partitions, operations, clients, sessions, keys, doors, faults (only \
            the first so many), without (numbers of faults that do not happen: 0-2,5), kinds (of fault), mix (kinds \
            of operation), types (bucket types), usual (parts that are as in production: \
            \(PlanChanges.Part.allCases.map(\.rawValue).joined(separator: ","))).
            """,
        valueName: "changes")
}

/// How a person replays a run.
enum Replay {
    static func command(_ verb: [String] = [], seed: UInt64, _ words: [String], _ changes: PlanChanges) -> String {
        var all = [ProgramName.text, "sim"] + verb + ["--seed", "\(seed)"] + words
        if !changes.isEmpty { all += ["--with", "\"\(changes)\""] }
        return all.joined(separator: " ")
    }
}
