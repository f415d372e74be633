// `GET /stats`: Riak's names for what Riak's clients and dashboards look for, and under `coterie` all that the node
// says of itself, with the limits and defaults that hold at every door.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// The answer of `GET /stats`.
struct Stats: Encodable, Sendable {
    /// The release of Riak whose HTTP conventions this door keeps: clients switch features on by it.
    static let riakVersion = "2.2.3"

    let figures: [String: JSONValue]
    let own: Own

    struct Own: Encodable, Sendable {
        let status: NodeStatus
        let limits: [String: Int]
        let defaults: [String: String]
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (name, figure) in figures { try container.encode(figure, forKey: Name(stringValue: name)) }
        try container.encode(own, forKey: Name(stringValue: "coterie"))
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension Routes {
    func stats() async -> Stats {
        let status = await gateway.status()
        let layout = gateway.layout
        var figures: [String: JSONValue] = [
            "riak_kv_version": .string(Stats.riakVersion),
            "coterie_version": .string(status.version),
            "nodename": .string(status.node),
            "ring_num_partitions": .integer(layout.partitionCount),
            "ring_members": .array(layout.members.map { .string($0.name) }),
            "connected_nodes": .array(status.peers.filter(\.connected).map { .string($0.name) }),
            "storage_backend": .string(status.engine),
            "read_repairs_total": .integer(status.counters["read_repairs"] ?? 0),
        ]
        for kind in ["get", "put"] {
            let summary = status.latencies[kind]
            figures["node_\(kind)s_total"] = .integer(summary?.count ?? 0)
            figures["node_\(kind)_fsm_time_median"] = .integer(summary?.p50 ?? 0)
            figures["node_\(kind)_fsm_time_99"] = .integer(summary?.p99 ?? 0)
            figures["node_\(kind)_fsm_time_100"] = .integer(summary?.max ?? 0)
        }
        return Stats(
            figures: figures,
            own: Stats.Own(status: status, limits: gateway.limits.byName, defaults: BucketProperties.standard.byName))
    }
}

extension Limits {
    /// Every limit by its name in the configuration; times in milliseconds.
    var byName: [String: Int] {
        [
            "maxTypeBytes": maxTypeBytes, "maxBucketBytes": maxBucketBytes, "maxKeyBytes": maxKeyBytes,
            "maxValueBytes": maxValueBytes, "warnSiblings": warnSiblings, "maxSiblings": maxSiblings,
            "maxUpdateEntries": maxUpdateEntries, "maxContextEntries": maxContextEntries,
            "maxFrameBytes": maxFrameBytes,
            "defaultTimeoutMilliseconds": Int(defaultTimeout.milliseconds),
            "maxTimeoutMilliseconds": Int(maxTimeout.milliseconds), "maxRequestsInFlight": maxRequestsInFlight,
            "maxPeerBacklogBytes": maxPeerBacklogBytes,
        ]
    }
}

extension BucketProperties {
    /// The defaults by the names of bucket properties.
    fileprivate var byName: [String: String] {
        var names: [String: String] = [:]
        names["r"] = r?.description
        names["w"] = w?.description
        names["pr"] = pr?.description
        names["pw"] = pw?.description
        names["dw"] = dw?.description ?? "quorum under the durability fsync, else 0"
        names["node_confirms"] = nodeConfirms?.description
        names["basic_quorum"] = basicQuorum?.description
        names["notfound_ok"] = notfoundOK?.description
        return names
    }
}
