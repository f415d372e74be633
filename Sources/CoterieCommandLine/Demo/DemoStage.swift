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

    init() throws {
        var options = try LocalPlanOptions.parse([])
        options.basePort = 0
        options.name = "demo"
        let file = try LocalPlan(options).newFile()
        let path = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("coterie-demo-\(getpid())").path
        let directory = LocalDirectory(path)
        try directory.write(file)
        cluster = LocalCluster(directory: directory, file: file)
    }

    /// Stops whatever runs and removes the directory.
    func clear(keep: Bool) async {
        await cluster.kill(cluster.members)
        if !keep { try? FileManager.default.removeItem(atPath: cluster.directory.path) }
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
