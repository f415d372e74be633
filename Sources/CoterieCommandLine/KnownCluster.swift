// The nodes that a command knows before it has talked to one.

import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation

/// A node by what is known of it: from a cluster file everything, from an address only that.
public struct KnownNode: Hashable, Sendable, CustomStringConvertible {
    public var name: String?
    /// Where native clients reach it; nil where only `address` is known.
    public var peer: Endpoint?
    /// Where its HTTP listener is; nil where only `address` is known.
    public var http: Endpoint?
    /// An address whose port may be either; nil where both are known.
    public var address: Endpoint?

    /// Where to try HTTP.
    public var httpToTry: Endpoint? { http ?? address }
    /// Where to try the native protocol.
    public var peerToTry: Endpoint? { peer ?? address }

    public var description: String {
        let place = (address ?? http).map(\.description) ?? "?"
        return name.map { "\($0) (\(place))" } ?? place
    }
}

/// The nodes to try, in order, and where they were found.
public struct KnownCluster: Sendable {
    /// Never empty.
    public var nodes: [KnownNode]
    /// Whether `--node` named the one node to use: no other may stand in for it.
    public var isChosen = false
    /// Where the nodes were found, for messages: a path, `COTERIE_NODES`, `--node`.
    public var source: String

    /// Where `coterie local` keeps a cluster when nobody says where.
    public static let defaultDirectory = ".coterie"

    /// The cluster file of a directory.
    public static func file(in directory: String) -> String { directory + "/cluster.yaml" }

    init(file: ClusterFile, path: String) {
        nodes = file.cluster.members.map { KnownNode(name: $0.name, peer: $0.peer, http: $0.http) }
        source = path
    }

    /// A list `HOST:PORT,HOST:PORT`.
    init(list: String) throws {
        source = "COTERIE_NODES"
        nodes = try list.split(whereSeparator: { $0 == "," || $0 == " " }).map { text in
            KnownNode(address: try Self.address(String(text), from: "COTERIE_NODES"))
        }
        guard !nodes.isEmpty else {
            throw CommandFailure(.usage, "COTERIE_NODES names no node: give HOST:PORT,HOST:PORT")
        }
    }

    private init(chosen node: KnownNode, source: String) {
        nodes = [node]
        isChosen = true
        self.source = source
    }

    /// The node called `text` in `cluster`, or at that address.
    static func choosing(_ text: String, from cluster: KnownCluster?) throws -> KnownCluster {
        if let cluster {
            let matching = cluster.nodes.first { node in
                node.name == text || [node.peer, node.http, node.address].contains { $0?.description == text }
            }
            if let matching { return KnownCluster(chosen: matching, source: cluster.source) }
        }
        guard text.contains(":") else {
            let names = cluster?.nodes.compactMap(\.name) ?? []
            guard let cluster, !names.isEmpty else {
                throw CommandFailure(
                    .usage, "--node \(text): no cluster file gives node names here; give --data DIR, or HOST:PORT")
            }
            throw CommandFailure(
                .usage,
                "--node \(text): no such node in \(cluster.source)"
                    + NearestName.suggestion(for: text, among: names) + " (its nodes: \(names.joined(separator: ", ")))"
            )
        }
        return KnownCluster(chosen: KnownNode(address: try address(text, from: "--node")), source: "--node")
    }

    private static func address(_ text: String, from source: String) throws -> Endpoint {
        do {
            return try Endpoint.parse(text)
        } catch {
            throw CommandFailure(.usage, "\(source): \(error)")
        }
    }

    /// Names to complete on the command line; `words` are those typed so far.
    static func nodeNames(completing words: [String]) -> [String] {
        let given = words.firstIndex(of: "--data").flatMap { words.dropFirst($0 + 1).first }
        guard let file = try? ClusterFile.read(Self.file(in: given ?? defaultDirectory)) else { return [] }
        return file.cluster.members.map(\.name)
    }
}
