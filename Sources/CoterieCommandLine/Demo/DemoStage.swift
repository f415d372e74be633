// Where the demonstration plays: a cluster of processes in a temporary directory, on free ports.

import ArgumentParser
import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation

/// A cluster that goes with the play.
struct DemoStage: Sendable {
    let cluster: LocalCluster

    /// - Parameters:
    ///   - name: of the cluster, and part of its directory's name.
    ///   - bucketTypes: the cluster's, all with three replicas; nil: those that every local cluster has.
    init(name: String = "demo", bucketTypes: KeyValuePairs<String, TypeKind>? = nil, allowsFaults: Bool = false) throws
    {
        var options = try LocalPlanOptions.parse([])
        options.basePort = 0
        options.name = name
        var file = try LocalPlan(options).newFile()
        if let bucketTypes {
            file.cluster.bucketTypes = bucketTypes.map { name, kind in
                BucketType(name: name, n: file.cluster.replicas, kind: kind)
            }
        }
        if allowsFaults, let setting = SettingsTable.named("allowFaults") {
            file.settings.append(SettingAssignment(setting, "true", origin: .flag("--allow-faults")))
        }
        let path = URL(fileURLWithPath: NSTemporaryDirectory())
            .appendingPathComponent("coterie-\(name)-\(getpid())").path
        let directory = LocalDirectory(path)
        try directory.write(file)
        cluster = LocalCluster(directory: directory, file: file)
    }

    /// Tells a story, and fails where a claim did not hold. Whatever happens, nothing is left but what `keep` asks for.
    func play(keep: Bool, _ story: @escaping @Sendable (Narrator) async throws -> Void) async throws {
        let narrator = Narrator(output: .standard)
        let signals = SignalWatch()
        do {
            try await signals.interrupting { try await story(narrator) }
        } catch {
            await clear(keep: keep)
            if error is Interrupted { throw CommandFailure(.interrupted, "interrupted; all nodes are stopped") }
            throw error
        }
        await clear(keep: keep)
        try narrator.conclude()
    }

    /// The first act: the nodes start.
    func start(_ narrator: Narrator) async throws {
        narrator.act("Five nodes, each a process of its own")
        narrator.say("Every key has three replicas on three of them. No node is special.")
        narrator.command("coterie local up --nodes 5 --replicas 3")
        try await LocalStartup(cluster: cluster, output: narrator.output, indent: "   ").start(cluster.members)
        // On a busy machine an answer may take longer than a look at a cluster waits for.
        let status = await cluster.status(timeout: .seconds(10))
        narrator.claim("all five nodes serve", status.isWhole)
    }

    /// Stops whatever runs and removes the directory.
    func clear(keep: Bool) async {
        await cluster.kill(cluster.members)
        if keep {
            Output.standard.line("data and logs are in \(cluster.directory.path)")
        } else {
            try? FileManager.default.removeItem(atPath: cluster.directory.path)
        }
    }

    /// A client that sends to owners, as programs do.
    func client() throws -> CoterieClient { try client(.owners, cluster.members) }

    /// A client that sends everything through one node.
    func client(through member: Member) throws -> CoterieClient { try client(.seeds, [member]) }

    private func client(_ routing: ClientSettings.Routing, _ members: [Member]) throws -> CoterieClient {
        var configuration = CoterieClient.Configuration(
            seeds: members.map(\.peer), clusterName: cluster.file.cluster.name)
        configuration.settings.routing = routing
        return try CoterieClient(configuration: configuration)
    }
}
