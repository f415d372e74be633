// `coterie local status` and `coterie local down`.

import ArgumentParser
import CoterieServer
import Foundation

struct LocalStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show each node of the local cluster: process, state, latencies.",
        discussion: """
            States: alive, suspect (runs and does not answer, or most peers miss it), dead (ended without having been \
            asked to, or most peers have given it up), paused, stopped.

            Examples:
              coterie local status
              coterie local status --json
              coterie local status --data /tmp/three
            """)

    @OptionGroup var local: LocalOptions

    @Flag(name: .long, help: "One JSON object, for scripts.")
    var json = false

    func run() async throws {
        let cluster = try LocalCluster(in: local.directory)
        let status = await cluster.status()
        if json {
            Output.standard.line(try JSONText.of(status))
            return
        }
        Output.standard.line(
            "\(status.cluster): \(status.nodes.count) nodes, \(status.partitions) partitions, "
                + "\(status.replicas) replicas, in \(status.directory)")
        for line in LocalStatusTable(output: .standard).lines(of: status) { Output.standard.line(line) }
    }
}

struct LocalDownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Stop all nodes of the local cluster; their data stays.",
        discussion: """
            Examples:
              coterie local down
              coterie local down --data /tmp/three
            """)

    @OptionGroup var local: LocalOptions

    func run() async throws {
        let cluster = try LocalCluster(in: local.directory)
        let running = cluster.members.filter { cluster.process(of: $0) != nil }
        let killed = await cluster.stop(cluster.members)
        if running.isEmpty {
            Output.standard.line("nothing runs in \(cluster.directory.path)")
            return
        }
        if !killed.isEmpty {
            Output.error.line("\(killed.joined(separator: ", ")) did not stop in time and had to be killed")
        }
        Output.standard.line(
            "\(running.count) of \(cluster.members.count) nodes stopped; the data stays in \(cluster.directory.path) "
                + "(coterie local up\(cluster.directory.flag) resumes)")
    }
}

/// JSON for machines: keys in order, one line.
enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
