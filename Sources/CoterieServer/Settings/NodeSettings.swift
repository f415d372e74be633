// Everything that one node is told: who it is, where its data lies, its cluster, its limits. Precedence: flags, then the
// environment, then the YAML file, then defaults. `SettingsTable` names every setting once.

import CoterieHTTP
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTransport
import CoterieTypes
import CoterieWire
import Logging

/// The settings of a node, complete and checked.
public struct NodeSettings: Sendable {
    /// The member's name in `cluster`.
    public var node: String
    /// The directory that holds this node's data; created where it does not exist.
    public var dataDirectory: String
    public var engine = EngineKind.log
    /// The cluster's creation: members, bucket types, partitions.
    public var cluster: ClusterDefinition
    public var limits = Limits()
    /// The types that keys may have. A program that embeds a node adds its own; all nodes of a cluster need them.
    public var types = TypeRegistry.builtIn
    public var replication = ReplicationSettings()
    public var storage = LogEngine.Settings()
    public var transport = TransportSettings()
    public var http = HTTPDoor.Settings()
    /// The address to listen on; nil listens on the hosts of the member's own endpoints.
    public var listenHost: String?
    public var logLevel = Logger.Level.info
    public var logFormat = LogFormat.auto

    public init(node: String, dataDirectory: String, cluster: ClusterDefinition) {
        self.node = node
        self.dataDirectory = dataDirectory
        self.cluster = cluster
    }

    /// Which store a node keeps its objects in.
    public enum EngineKind: String, Hashable, Sendable, CaseIterable {
        /// Append-only segments in `dataDirectory`.
        case log
        /// In memory only: everything is lost when the node stops.
        case memory
    }

    /// How log lines are written.
    public enum LogFormat: String, Hashable, Sendable, CaseIterable {
        /// `text` on a terminal, `logfmt` elsewhere.
        case auto
        /// Aligned and coloured, for people.
        case text
        /// `time=… level=… msg=… key=value`.
        case logfmt
        /// One JSON object a line.
        case json
    }

    /// The member that this node is; nil where the cluster has none of its name.
    public var member: Member? { cluster.members.first { $0.name == node } }
}
