// `coterie check`: drives a real cluster as its users would, writes down all that they see, and has the checkers judge it.

import ArgumentParser
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieSimulation
import Foundation

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Drive a running cluster and judge what its clients see by the simulator's checkers.",
        discussion: """
            Many sessions read, write and delete few keys in a fresh bucket; every request and answer is recorded. Then \
            every key is read at r=all until its owners agree, and the history is judged: no acknowledged write lost, \
            nothing resurrected, every read explained, receipts true. Kill, pause and part nodes meanwhile; all must \
            run again at the end.

            Exit codes: 0 all laws hold, 20 a law is broken, 21 the cluster does not come to rest, 69 not reachable.

            Examples:
              coterie check
              coterie check --seconds 60 --sessions 32 --keys 4 --history run.jsonl
              coterie check --data /tmp/three --seed 7 --r one --w one
            """)

    @OptionGroup var cluster: ClusterOptions

    @Option(help: ArgumentHelp("How long the load lasts, 1 to 86400.", valueName: "seconds")) var seconds = 30
    @Option(help: ArgumentHelp("Client processes, 1 to 64: each a client library of its own.", valueName: "count"))
    var clients = 4
    @Option(help: ArgumentHelp("Sessions, 1 to 4096: each does one thing after the other.", valueName: "count"))
    var sessions = 16
    @Option(help: ArgumentHelp("Keys, 1 to 100000; few, so that sessions collide.", valueName: "count")) var keys = 12
    @Option(help: ArgumentHelp("Decides which requests are made.", valueName: "number")) var seed: UInt64 = 1
    @Option(help: ArgumentHelp("The bucket type.", valueName: "type")) var type = BucketType.defaultName
    @Option(help: ArgumentHelp("r of all reads (default: many are drawn).", valueName: "quorum")) var r: QuorumFlag?
    @Option(help: ArgumentHelp("w of all writes (default: many are drawn).", valueName: "quorum")) var w: QuorumFlag?
    @Option(help: ArgumentHelp("How long one request may take.", valueName: "time"))
    var timeout = TimeFlag(span: .seconds(2))
    @Option(help: ArgumentHelp("The longest pause between two requests of a session.", valueName: "time"))
    var think = TimeFlag(span: .milliseconds(10))
    @Option(help: ArgumentHelp("How long the cluster may take to agree in the end.", valueName: "time"))
    var patience = TimeFlag(span: .seconds(60))
    @Option(help: ArgumentHelp("Operations that are kept; beyond, half of the keys are forgotten.", valueName: "count"))
    var keep = 500_000
    @Option(help: ArgumentHelp("Write the history there, as JSON lines.", valueName: "file"), completion: .file())
    var history: String?
    @Option(help: ArgumentHelp("Write the history there, as Jepsen's EDN.", valueName: "file"), completion: .file())
    var edn: String?
    @Flag(help: "One JSON object, for scripts.") var json = false

    func validate() throws {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("seconds", seconds, 1 ... 86_400), ("clients", clients, 1 ... 64), ("sessions", sessions, 1 ... 4_096),
            ("keys", keys, 1 ... 100_000), ("keep", keep, 1 ... .max),
        ]
        for (name, value, allowed) in ranges where !allowed.contains(value) {
            throw ValidationError("--\(name) \(value): allowed are \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        if timeout.span <= .zero { throw ValidationError("--timeout: more than 0") }
        if clients > sessions {
            throw ValidationError("--clients \(clients): each has a session, and --sessions is \(sessions)")
        }
    }

    func run() async throws {
        let known = try cluster.find()
        let seeds = known.nodes.compactMap(\.peerToTry)
        let run = CheckRun(
            plan: plan, seed: seed, seconds: seconds, retention: Retention(maximumRecords: keep),
            patience: .nanoseconds(patience.span.nanoseconds),
            output: Output.error.isTerminal && !json ? .error : nil)
        let signals = SignalWatch()
        let report = try await signals.interrupting { try await run.perform(seeds: seeds) }
        if let path = history { try report.verdict.history.export(to: path, .json) }
        if let path = edn { try report.verdict.history.export(to: path, .edn) }
        if json {
            Output.standard.line(try JSONText.of(report.summary))
        } else {
            for line in report.lines(on: .standard) { Output.standard.line(line) }
        }
        if !report.verdict.violations.isEmpty { throw CommandFailure(.promiseBroken, "") }
        if !report.verdict.pending.isEmpty { throw CommandFailure(.notAtRest, "") }
    }

    /// What is drawn from.
    var plan: WorkloadPlan {
        var plan = WorkloadPlan()
        plan.clients = clients
        plan.sessionsPerClient = max(1, sessions / clients)
        plan.doorSessions = 300
        plan.operations = .max
        plan.thinkTime = think.span
        plan.bucketTypes = [type]
        plan.keysPerType = keys
        plan.timeout = timeout.span
        if r != nil || w != nil {
            plan.quorums = [WorkloadPlan.Quorums(r: r?.quorum, w: w?.quorum)]
        } else {
            plan.quorums = [
                WorkloadPlan.Quorums(), WorkloadPlan.Quorums(), WorkloadPlan.Quorums(r: .one, w: .one),
                WorkloadPlan.Quorums(r: .one, w: .all), WorkloadPlan.Quorums(r: .all, w: .one),
            ]
        }
        return plan
    }
}
