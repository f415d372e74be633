// `coterie storage catch-up`: a node is away while keys change, comes back, and has them again: how long that takes and
// what it moves, beside the size of what has changed. For `make catch-up`; not shown in the help.

import ArgumentParser
import CoterieClient
import CoteriePrimitives
import CoterieHTTP
import CoterieRing
import CoterieServer
import Foundation
import NIOCore

struct CatchUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catch-up",
        abstract: "Change keys of a local cluster while one of its nodes is away, and see how it catches up.",
        discussion: """
            With hints (the default), fallbacks hand the changes over; a cluster made with --replication-max-hints 0 shows             anti-entropy alone.

            Examples:
              coterie storage catch-up --data /tmp/c --present 100000 --changed 100000
              coterie storage catch-up --data /tmp/c --present 1000000 --changed 100
            """)

    @Option(help: ArgumentHelp("The local cluster's directory.", valueName: "dir"), completion: .directory)
    var data: String?
    @Option(help: ArgumentHelp("Keys that are there before.", valueName: "count")) var present = 100_000
    @Option(help: ArgumentHelp("How many of them change meanwhile.", valueName: "count")) var changed = 100_000
    @Option(help: ArgumentHelp("Bytes of a value.", valueName: "bytes")) var valueBytes = 100
    @Option(help: ArgumentHelp("How long catching up may take.", valueName: "seconds")) var patience = 300

    func validate() throws {
        guard (1 ... 100_000_000).contains(present) else {
            throw ValidationError("--present \(present): allowed are 1 to 100000000")
        }
        guard (1 ... present).contains(changed) else {
            throw ValidationError("--changed \(changed): allowed are 1 to --present (\(present))")
        }
    }

    func run() async throws {
        let cluster = try LocalCluster(in: LocalDirectory(data))
        let watch = ClusterWatch(cluster: cluster)
        guard let away = cluster.members.last, cluster.members.count > 1 else {
            throw CommandFailure(.usage, "a cluster of one has nobody to catch up with")
        }
        let client = try CoterieClient(
            configuration: .init(seeds: cluster.members.map(\.peer), clusterName: cluster.file.cluster.name))
        do {
            try await measure(away, cluster, watch, client.bucket("catch-up"))
        } catch {
            await client.close(grace: .zero)
            throw error
        }
        await client.close()
    }

    private func measure(
        _ away: Member, _ cluster: LocalCluster, _ watch: ClusterWatch, _ bucket: Bucket
    ) async throws {
        try await write(present) { _ = try await bucket.put($0, $1) }
        try await watch.heals(within: .seconds(patience))
        let idle = try await idleRate(watch)
        await cluster.stop([away])
        try await write(changed) { key, value in
            _ = try await bucket.update(key, resolving: .latest, isIdempotent: true) { _ in value + "b" }
        }
        let before = await (
            sent: watch.sentBytes(), hints: watch.counter("hints_delivered"), offers: watch.counter("offers_made")
        )
        let began = ContinuousClock().now
        try await watch.start(away)
        let serving = ContinuousClock().now - began
        let elapsed = try await watch.heals(within: .seconds(patience)) - began
        let sent = await watch.sentBytes() - before.sent
        let hints = await watch.counter("hints_delivered") - before.hints
        let offers = await watch.counter("offers_made") - before.offers
        let keyBytes = "key-\(present)".utf8.count
        Output.standard.line(
            "\(away.name) served \(serving.tenths) after its start, and had everything after \(elapsed.tenths)")
        Output.standard.line(
            "it had missed \(grouped(changed)) changed keys, its share of \(grouped(changed * (keyBytes + valueBytes))) bytes of "
                + "keys and values; \(grouped(hints)) hints and \(grouped(offers)) offers were made")
        Output.standard.line(
            "the nodes sent each other \(grouped(sent)) bytes meanwhile; at rest, "
                + "\(grouped(Int(Double(idle) * elapsed.seconds))) in that time")
    }

    /// Bytes that all nodes send each other in a second, with nothing to do.
    private func idleRate(_ watch: ClusterWatch) async throws -> Int {
        let before = await watch.sentBytes()
        try await Task.sleep(for: .seconds(3))
        return await (watch.sentBytes() - before) / 3
    }

    private func write(
        _ count: Int, _ write: @escaping @Sendable (String, String) async throws -> Void
    ) async throws {
        try await ManyWriters.each(below: count, "written") { number in
            // Spread over all that are there.
            let place = number * max(1, present / count)
            try await write("key-\(place)", value(place))
        }
    }

    /// Letters that hardly compress.
    private func value(_ number: Int) -> String {
        var generator = SeededGenerator(seed: UInt64(number))
        var text = ""
        while text.utf8.count < valueBytes { text += String(generator.next(), radix: 36) }
        return String(text.prefix(valueBytes))
    }
}
