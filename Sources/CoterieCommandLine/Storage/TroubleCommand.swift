// `coterie storage trouble`: a cluster of real processes under load, each node killed, halted and restarted in turn, then
// the cluster parted with writes on both sides. What was refused, what is unknown, how long healing takes and what it
// moves. For `make trouble`; not shown in the help.

import ArgumentParser
import CoterieClient
import CoteriePrimitives
import CoterieHTTP
import CoterieRing
import CoterieServer
import CoterieTransport
import CoterieWire
import Foundation
import NIOCore

struct TroubleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trouble",
        abstract: "Kill, halt and restart each node of a local cluster under load, part it, and see it heal.",
        discussion: """
            The cluster must run, with faults allowed: coterie local up --allow-faults.

            Examples:
              coterie storage trouble --data /tmp/c
              coterie storage trouble --data /tmp/c --keys 500 --parted 10
            """)

    @Option(help: ArgumentHelp("The local cluster's directory.", valueName: "dir"), completion: .directory)
    var data: String?
    @Option(help: ArgumentHelp("Keys, each with one writer.", valueName: "count")) var keys = 2_000
    @Option(help: ArgumentHelp("How long a node is away or halted.", valueName: "seconds")) var away = 5
    @Option(help: ArgumentHelp("How long the cluster is parted.", valueName: "seconds")) var parted = 30
    @Option(help: ArgumentHelp("How long healing may take.", valueName: "seconds")) var patience = 120
    @Flag(help: "Tell what is not healed yet, once a second.") var verbose = false

    func validate() throws {
        for (name, value, allowed) in [("keys", keys, 16 ... 1_000_000), ("away", away, 1 ... 3_600)]
        where !allowed.contains(value) {
            throw ValidationError("--\(name) \(value): allowed are \(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }

    /// Two of three replicas, fallbacks included.
    private static let options = RequestOptions(r: .count(2), w: .count(2), timeout: .seconds(5))

    func run() async throws {
        let cluster = try LocalCluster(in: LocalDirectory(data))
        let watch = ClusterWatch(cluster: cluster, output: verbose ? .standard : nil)
        try await watch.heals(within: .seconds(30))
        var configuration = CoterieClient.Configuration(
            seeds: cluster.members.map(\.peer), clusterName: cluster.file.cluster.name)
        configuration.settings.routing = .owners
        let client = try CoterieClient(configuration: configuration)
        let bucket = client.bucket("trouble-\(UInt64.random(in: .min ... .max))")
        let load = DemoLoad(keys: keys, options: Self.options)
        do {
            try await play(load, bucket, watch)
            try await judge(load, bucket, watch)
        } catch {
            await client.close(grace: .zero)
            throw error
        }
        await client.close(grace: .zero)
    }

    /// From the first request until the cluster has healed.
    private func play(_ load: DemoLoad, _ bucket: Bucket, _ watch: ClusterWatch) async throws {
        let running = Task { await load.run(bucket) }
        do {
            try await load.writesEveryKey()
            tell("all alive", load)
            for member in watch.cluster.members { try await trouble(member, watch, load) }
            try await part(watch.cluster, load)
        } catch {
            running.cancel()
            await running.value
            throw error
        }
        let moved = await watch.sentBytes()
        let began = ContinuousClock().now
        load.stop()
        await running.value
        let elapsed = try await watch.heals(within: .seconds(patience)) - began
        let bytes = await watch.sentBytes() - moved
        Output.standard.line("healed \(elapsed.tenths) after the parting ended, moving \(grouped(bytes)) bytes")
    }

    private func trouble(_ member: Member, _ watch: ClusterWatch, _ load: DemoLoad) async throws {
        let cluster = watch.cluster
        let span = Duration.seconds(away)
        await cluster.kill([member])
        try await Task.sleep(for: span)
        tell("\(member.name) killed", load)
        try await watch.start(member)
        tell("\(member.name) back", load)
        guard let process = cluster.process(of: member), process.signal(SIGSTOP) else {
            throw CommandFailure(.failed, "\(member.name) does not run")
        }
        try await Task.sleep(for: span)
        tell("\(member.name) halted", load)
        process.signal(SIGCONT)
        try await Task.sleep(for: .seconds(1))
        tell("\(member.name) goes on", load)
        await cluster.stop([member])
        try await watch.start(member)
        tell("\(member.name) restarted", load)
    }

    private func part(_ cluster: LocalCluster, _ load: DemoLoad) async throws {
        let half = cluster.members.count / 2
        let faults = ClusterFaults(cluster: cluster)
        try await faults.part([Array(cluster.members[..<half]), Array(cluster.members[half...])], .stall)
        try await Task.sleep(for: .seconds(parted))
        tell("parted \(half)|\(cluster.members.count - half)", load)
        _ = try await faults.heal()
    }

    /// What became of the requests of the phase that ends.
    private func tell(_ what: String, _ load: DemoLoad) {
        let tally = load.tally(of: load.endPhase())
        var line = what.padding(toLength: 16, withPad: " ", startingAt: 0)
        line += "\(grouped(tally.writes)) writes, \(grouped(tally.reads)) reads ok; "
        line += "\(tally.failed) refused, \(tally.unknown) unknown"
        if tally.failedReads > 0 { line += " (\(tally.failedReads) of them reads)" }
        Output.standard.line(line)
    }

    private func judge(_ load: DemoLoad, _ bucket: Bucket, _ watch: ClusterWatch) async throws {
        let total = (0 ... load.currentPhase).map { load.tally(of: $0) }.reduce(DemoTally(), +)
        Output.standard.line(
            "in all: \(grouped(total.writes)) writes and \(grouped(total.reads)) reads acknowledged; "
                + "\(total.failed - total.failedReads) writes and \(total.failedReads) reads refused, "
                + "\(total.unknown) writes unknown")
        let began = ContinuousClock().now
        let keys = load.keys.map { key in
            ObjectKey(
                type: ByteBuffer(string: BucketType.defaultName), bucket: ByteBuffer(string: bucket.name),
                key: ByteBuffer(string: key))
        }
        let unequal = try await watch.unequal(keys)
        let (lost, unread) = await load.lost(bucket, options: RequestOptions(r: .all, timeout: .seconds(5)))
        Output.standard.line(
            "compared \(grouped(keys.count)) keys at each owner in \((ContinuousClock().now - began).tenths): "
                + "\(unequal.count) differ, \(lost.count) acknowledged writes lost")
        if let first = unequal.first { throw CommandFailure(.notAtRest, "\(first) is not the same at all owners") }
        if let first = lost.first { throw CommandFailure(.promiseBroken, "lost: \(first)") }
        if let unread { throw CommandFailure(.notAtRest, "could not be read: \(unread)") }
        // A read at R=2 where one owner is in reach has nobody else to ask, unless a fallback keeps a write of the time.
        let writes = total.failed - total.failedReads
        if writes > 0 { throw CommandFailure(.failed, "\(writes) writes refused: \(total.firstFailure ?? "")") }
    }
}
