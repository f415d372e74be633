// `coterie local up`: brings a local cluster up, and in the foreground shows how it lives until Ctrl-C.

import ArgumentParser
import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation

struct LocalUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Bring up a cluster of processes, or resume the one that lies there.",
        discussion: """
            Each node is a process of its own. Node i is called n<i> and listens on BASE+i for peers and native clients \
            and on BASE+1000+i for HTTP. Data, logs and the cluster's definition lie in the directory of --data. \
            In the foreground, Ctrl-C stops the nodes and leaves their data; run again, it resumes. \
            Every setting of `coterie serve --help-settings` may be given as a flag; it is kept in the cluster's file.

            Examples:
              coterie local up
              coterie local up --nodes 3 --data /tmp/three --base-port 7400
              coterie local up --durability os --limits-max-value-bytes 1MiB --detach
              coterie local up --allow-faults     links can be cut and slowed
            """)

    @OptionGroup var local: LocalOptions
    @OptionGroup var plan: LocalPlanOptions

    @Flag(name: .shortAndLong, help: "Leave the nodes running in the background (coterie local down stops them).")
    var detach = false

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Any setting of coterie serve --help-settings.", valueName: "--setting value"))
    var settingFlags: [String] = []

    func run() async throws {
        let directory = local.directory
        let plan = try LocalPlan(plan, settings: settings())
        let isNew = !directory.exists
        let lock = try directory.lock()
        let file: ClusterFile
        if isNew {
            file = try plan.newFile()
            try directory.write(file)
        } else {
            file = try directory.read()
            try plan.check(against: file, in: directory)
        }
        let cluster = LocalCluster(directory: directory, file: file)
        let output = Output.standard
        output.line(
            "\(isNew ? "New cluster" : "Cluster") \(file.cluster.name): \(file.cluster.members.count) nodes, "
                + "\(file.cluster.partitions) partitions, \(file.cluster.replicas) replicas, in \(directory.path)")
        let signals = SignalWatch()
        do {
            try await signals.interrupting {
                try await LocalStartup(cluster: cluster, output: output).start(cluster.members)
            }
        } catch {
            // A cluster that never was up leaves no definition behind that the next try would have to agree with.
            if isNew { directory.takeBack(file) }
            guard error is Interrupted else { throw error }
            throw CommandFailure(.interrupted, "interrupted; the nodes that were started are stopped again")
        }
        for line in LocalGreeting(cluster: cluster, output: output).lines(detached: detach) { output.line(line) }
        if !detach { try await LocalWatch(cluster: cluster, output: output).run(until: signals) }
        withExtendedLifetime(lock) {}
    }

    private static let ownFlags = [
        "--nodes", "--base-port", "--replicas", "--partitions", "--name", "--host", "--default-type", "--detach",
        "--data",
    ]

    private func settings() throws -> [SettingAssignment] {
        do {
            let assignments = try NodeSettings.assignments(inFlags: settingFlags, beside: Self.ownFlags)
            try NodeSettings.check(assignments)
            return assignments
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }
}

/// What to type next: printed once the nodes are ready.
struct LocalGreeting {
    let cluster: LocalCluster
    let output: Output

    func lines(detached: Bool) -> [String] {
        let flag = cluster.directory.flag
        let program = ProgramName.text
        guard let first = cluster.members.first else { return [] }
        let other = cluster.members.dropFirst().first ?? first
        let title = output.styled("Talk to it from another terminal, through any node:", .bold)
        var lines = [
            "", title,
            "  \(program) put carts alice milk\(flag)",
            "  \(program) get carts alice\(flag) --node \(other.name)",
            "  \(program) ring carts alice\(flag)",
            "  curl -i -X PUT -H 'Content-Type: text/plain' -d bread http://\(other.http)/buckets/carts/keys/alice",
            "  curl -i http://\(first.http)/buckets/carts/keys/alice",
        ]
        lines.append("  \(program) local kill \(other.name)\(flag)   # and: start, pause, resume, status, logs")
        lines.append("")
        lines.append(
            detached
                ? "The nodes run in the background; stop them with  \(program) local down\(flag)"
                : "Ctrl-C stops the nodes and leaves their data in \(cluster.directory.path).")
        return lines + [""]
    }
}
