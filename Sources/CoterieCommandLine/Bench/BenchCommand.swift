// `coterie bench`: load on a cluster, over the native protocol, and what it took.

import ArgumentParser
import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a cluster's throughput and latency.",
        discussion: """
            Closed loop (the default): connections × pipeline requests are kept under way; each answer makes the next \
            request. It finds the throughput. Open loop (--rate): requests arrive at random (Poisson) whatever the \
            answers do, and latency counts from the moment a request was due, so that a stall is seen by all whom it \
            delays. It finds the latency at a load.

            Before the measurement every key is looked at, and written where the workload reads and there is not \
            exactly one value. A put replaces what this run has last seen of its key; with --blind it carries no \
            context, and leaves siblings in a bucket type that keeps them.

            Examples:
              coterie bench
              coterie bench --workload put --r 2 --w 2 --duration 30s
              coterie bench --workload mixed --reads 95 --distribution zipfian
              coterie bench --rate 5000 --duration 1m --json
            """)

    @OptionGroup var cluster: ClusterOptions

    @Option(help: "What is done: put, get, or mixed.") var workload = Workload.mixed
    @Option(help: ArgumentHelp("Of a mixed workload, how many of 100 requests read.", valueName: "percent"))
    var reads = 50
    @Option(help: ArgumentHelp("How many different keys.", valueName: "count")) var keys = 100_000
    @Option(help: "How keys are drawn: uniform, or zipfian (a few keys get most requests).")
    var distribution = KeyDistribution.uniform
    @Option(help: ArgumentHelp("The skew of zipfian, more than 0 and less than 1.", valueName: "skew")) var theta = 0.99
    @Option(name: .long, help: ArgumentHelp("Bytes of each value.", valueName: "bytes")) var valueSize = 100
    @Option(help: ArgumentHelp("The bucket type.", valueName: "type")) var type = "default"
    @Option(help: "The bucket; its keys are overwritten.") var bucket = "bench"

    @Option(help: ArgumentHelp("How long to measure.", valueName: "time")) var duration = TimeFlag(span: .seconds(10))
    @Option(help: ArgumentHelp("How long to run before measuring.", valueName: "time"))
    var warmup = TimeFlag(span: .seconds(2))
    @Option(help: ArgumentHelp("Measure so many requests instead of a time.", valueName: "requests")) var count: Int?
    @Option(help: ArgumentHelp("Open loop: requests a second.", valueName: "requests")) var rate: Double?
    @Option(help: ArgumentHelp("Connections to each node.", valueName: "count")) var connections = 4
    @Option(help: ArgumentHelp("Requests under way for each connection (closed loop).", valueName: "count"))
    var pipeline = 16
    @Option(help: ArgumentHelp("Threads of the client.", valueName: "count")) var threads = 1

    @Option(help: ArgumentHelp("Replicas that must answer a read.", valueName: "quorum")) var r: QuorumFlag?
    @Option(help: ArgumentHelp("Replicas that must acknowledge a write.", valueName: "quorum")) var w: QuorumFlag?
    @Option(help: ArgumentHelp("Owners that must have fsynced a write.", valueName: "quorum")) var dw: QuorumFlag?
    @Option(help: ArgumentHelp("How long one request may take.", valueName: "time"))
    var timeout = TimeFlag(span: .seconds(10))
    @Flag(help: "Puts carry no context.") var blind = false
    @Flag(inversion: .prefixedNo, help: "Look at all keys first, and write those that are needed.") var preload = true
    @Option(help: ArgumentHelp("Decides keys and arrivals.", valueName: "number")) var seed: UInt64 = 1
    @Option(
        help: ArgumentHelp(
            "Processes whose CPU time is shown (default: the nodes of the local cluster).", valueName: "pid,pid"))
    var pids: PidList?
    @Flag(help: "One JSON object, for scripts.") var json = false

    func validate() throws {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("reads", reads, 0 ... 100), ("keys", keys, 1 ... 20_000_000), ("value-size", valueSize, 0 ... 16 << 20),
            ("connections", connections, 1 ... 64), ("pipeline", pipeline, 1 ... 10_000),
            ("threads", threads, 1 ... 64),
        ]
        for (name, value, allowed) in ranges where !allowed.contains(value) {
            throw ValidationError("--\(name) \(value): allowed are \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        if let count, count < 1 { throw ValidationError("--count \(count): at least 1") }
        if let rate, !(rate > 0 && rate <= 10_000_000) {
            throw ValidationError("--rate \(rate): more than 0, up to 10000000")
        }
        guard theta > 0, theta < 1 else { throw ValidationError("--theta \(theta): more than 0 and less than 1") }
        for (name, time) in [("duration", duration), ("timeout", timeout)] where time.span <= .zero {
            throw ValidationError("--\(name): more than 0")
        }
        if threads > connections {
            throw ValidationError(
                "--threads \(threads): each thread needs a connection; --connections is \(connections)")
        }
    }

    func run() async throws {
        let known = try cluster.find()
        let plan = BenchPlan(self, known)
        let processes = pids.map { $0.processes } ?? NodeProcess.ofLocalCluster(cluster)
        let run = BenchRun(plan: plan, processes: processes, showsProgress: Output.error.isTerminal && !json)
        let report = try await run.perform()
        if json {
            Output.standard.line(try JSONText.of(report))
        } else {
            for line in report.lines(on: .standard) { Output.standard.line(line) }
        }
        if report.isInterrupted { throw Interrupted(signal: 2) }
        if report.total.operations == 0 {
            throw CommandFailure(.failed, json ? "" : "no request succeeded: see the errors above")
        }
    }
}

enum Workload: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
    case put, get, mixed
}

enum KeyDistribution: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
    case uniform, zipfian
}

/// `12,34` on the command line.
struct PidList: ExpressibleByArgument, Sendable {
    let processes: [NodeProcess]

    init?(argument: String) {
        var processes: [NodeProcess] = []
        for part in argument.split(separator: ",") {
            guard let pid = Int32(part), pid > 0 else { return nil }
            processes.append(NodeProcess(name: "pid \(pid)", pid: pid))
        }
        guard !processes.isEmpty else { return nil }
        self.processes = processes
    }
}
