// How every command finds the cluster: by a node that is named, by the environment, or by what `coterie local` left in
// the data directory.

import ArgumentParser
import CoterieRing
import CoterieServer
import Foundation

/// Which cluster a command talks to. `@OptionGroup var cluster: ClusterOptions`.
public struct ClusterOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Send the request through this node.", discussion: "A name from the data directory, or HOST:PORT.",
            valueName: "name|host:port"),
        completion: .custom { words, _, _ in KnownCluster.nodeNames(completing: words) })
    public var node: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The directory of a local cluster (default: \(KnownCluster.defaultDirectory)).", valueName: "dir"),
        completion: .directory)
    public var data: String?

    public init() {}

    /// The nodes to try, in order. Without a choice: all of the cluster's.
    ///
    /// `--node HOST:PORT` > `--node NAME` and `--data` > `COTERIE_NODES` > `.coterie/cluster.yaml`.
    /// Reads the file system, connects to nothing. Throws a `CommandFailure` that says what to give.
    public func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> KnownCluster {
        let listed = data == nil ? environment["COTERIE_NODES", default: ""] : ""
        var cluster: KnownCluster?
        if !listed.isEmpty {
            cluster = try KnownCluster(list: listed)
        } else if let file = try readDirectory() {
            cluster = file
        }
        guard let node else {
            guard let cluster else { throw Self.nothingKnown }
            return cluster
        }
        return try KnownCluster.choosing(node, from: cluster)
    }

    private func readDirectory() throws -> KnownCluster? {
        let directory = data ?? KnownCluster.defaultDirectory
        let path = KnownCluster.file(in: directory)
        guard FileManager.default.fileExists(atPath: path) else {
            guard data == nil else {
                throw CommandFailure(
                    .unreachable,
                    "there is no cluster in \(directory): \(path) does not exist "
                        + "(coterie local up --data \(directory) makes one)")
            }
            return nil
        }
        do {
            return KnownCluster(file: try ClusterFile.read(path), path: path)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static let nothingKnown = CommandFailure(
        .unreachable,
        """
        no cluster to talk to: there is no \(KnownCluster.defaultDirectory)/cluster.yaml here
        start one with        coterie local up
        or name a node with   --node HOST:PORT (or NAME with --data DIR), or COTERIE_NODES=HOST:PORT,HOST:PORT
        """)
}
