// The one table that drives flags, environment, YAML, `--help-settings` and their errors. To add a setting, add a row.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieTransport
import CoterieWire
import Logging

/// All settings of a node.
public enum SettingsTable {
    /// Every row, in the order in which they are shown.
    public static let all: [Setting] =
        node + limits + replication + background + membership + storage + transport + http

    /// The row called `name`; nil where there is none.
    public static func named(_ name: String) -> Setting? { byName[name] }

    /// The names of the sections: `limits`, `replication` and so on.
    static let sections: [String] = {
        let prefixes = all.compactMap { setting -> String? in
            let parts = setting.name.split(separator: ".")
            return parts.count > 1 ? String(parts[0]) : nil
        }
        return prefixes.enumerated().filter { !prefixes[..<$0.offset].contains($0.element) }.map(\.element)
    }()

    /// A node without a name or cluster, everything else as by default.
    static let defaults = NodeSettings(
        node: "", dataDirectory: "", cluster: ClusterDefinition(name: "", members: []))

    /// The keys that may stand where `name` stands: of the same section, or of the file.
    static func knownKeys(beside name: String) -> [String] {
        let section = name.split(separator: ".").dropLast().joined(separator: ".")
        if section.isEmpty { return all.map(\.name).filter { !$0.contains(".") } + sections + ["cluster"] }
        return all.map(\.name).filter { $0.hasPrefix(section + ".") }
    }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let node: [Setting] = [
        .text("node", \.node, "a member's name", "Which member of the cluster this node is."),
        .text(
            "data", \.dataDirectory, "a directory", "Where this node keeps its data; created where it does not exist."),
        .choice("engine", \.engine, "The store: log keeps objects on disk, memory loses them when the node stops."),
        .durability("durability", \.replication.durability, "When a write is acknowledged: fsynced, or before."),
        .optionalText(
            "listenHost", \.listenHost, "a host or address",
            "The address to listen on, where it is not the one in the cluster's definition (0.0.0.0 for all)."),
        .flag(
            "allowFaults", \.transport.allowsFaults,
            "Whether this node's links can be cut and slowed on purpose, through /admin/faults. For tests only."),
        .logLevel("logLevel", \.logLevel, "Log lines below this level are not written."),
        .choice("logFormat", \.logFormat, "How log lines are written; auto is text on a terminal, else logfmt."),
    ]

    private static let limits: [Setting] = [
        .size("limits.maxTypeBytes", \.limits.maxTypeBytes, 1 ... 1 << 10, "Bytes of a bucket type's name."),
        .size("limits.maxBucketBytes", \.limits.maxBucketBytes, 1 ... 8 << 10, "Bytes of a bucket's name."),
        .size("limits.maxKeyBytes", \.limits.maxKeyBytes, 1 ... 12 << 10, "Bytes of a key."),
        .size(
            "limits.maxValueBytes", \.limits.maxValueBytes, 1 ... 256 << 20, "Bytes of one value with its metadata."),
        .count(
            "limits.warnSiblings", \.limits.warnSiblings, 1 ... 1_000_000,
            "Siblings beyond which a write is logged and counted."),
        .count(
            "limits.maxSiblings", \.limits.maxSiblings, 1 ... 1_000_000,
            "Siblings beyond which a write that would add another is refused."),
        .size(
            "limits.maxObjectBytes", \.limits.maxObjectBytes, 1 << 16 ... 480 << 20,
            "Bytes of one key's object with all its siblings, beyond which a write that adds to it is refused."),
        .count(
            "limits.maxUpdateEntries", \.limits.maxUpdateEntries, 1 ... Limits.maxRunDots,
            "Entries that one update may write: elements of a set, fields of a map."),
        .count(
            "limits.maxContextEntries", \.limits.maxContextEntries, 1 ... 10_000_000, "Entries of a causal context."),
        .size(
            "limits.maxFrameBytes", \.limits.maxFrameBytes, 1 << 16 ... 512 << 20,
            "Bytes of one frame between nodes: an object with all its siblings must fit."),
        .span(
            "limits.defaultTimeout", \.limits.defaultTimeout, .milliseconds(1) ... .seconds(86_400),
            "How long a request may take if it does not say."),
        .span(
            "limits.maxTimeout", \.limits.maxTimeout, .milliseconds(1) ... .seconds(86_400),
            "The longest that a request may ask for."),
        .count(
            "limits.maxRequestsInFlight", \.limits.maxRequestsInFlight, 1 ... 16_777_216,
            "Requests that the node carries at once; more are answered with overloaded."),
        .size(
            "limits.maxPeerBacklogBytes", \.limits.maxPeerBacklogBytes, 1 << 16 ... 16 << 30,
            "Bytes that may wait for one peer; beyond, it counts as unreachable."),
    ]

    private static let replication: [Setting] = [
        .span(
            "replication.retryInterval", \.replication.retryInterval, .milliseconds(10) ... .seconds(60),
            "How often introductions, refills and a full disk are tried again."),
        .span(
            "replication.repairTimeout", \.replication.repairTimeout, .milliseconds(1) ... .seconds(3_600),
            "How long a read that only repairs waits for silent replicas."),
        .span(
            "replication.reconnectGrace", \.replication.reconnectGrace, .zero ... .seconds(600),
            "How long an owner that had a write may be away before the write's outcome is unknown."),
        .count(
            "replication.maxLingeringReads", \.replication.maxLingeringReads, 0 ... 16_777_216,
            "Reads that are answered and still wait for late answers, to repair stale replicas."),
        .count(
            "replication.rememberedRequests", \.replication.rememberedRequests, 1 ... 16_777_216,
            "Answers to forwarded requests that an owner remembers, so that a retry counts once."),
        .span(
            "replication.exchangeInterval", \.replication.exchangeInterval, .milliseconds(10) ... .seconds(3_600),
            "How often owners tell each other what they have handled, and look for what they lack."),
        .count(
            "replication.pullsAtOnce", \.replication.pullsAtOnce, 1 ... 1_024,
            "How many groups ask for what they lack at once."),
        .count(
            "replication.offerInlineBytes", \.replication.offerInlineBytes, 0 ... 64 << 20,
            "Objects above so many bytes are first offered by their digest alone."),
        .size(
            "replication.scanBatchBytes", \.replication.scanBatchBytes, 1 << 10 ... 64 << 20,
            "About how many bytes of objects a batch carries that refills a replica."),
        .count(
            "replication.scansAtOnce", \.replication.scansAtOnce, 1 ... 1_024,
            "How many batches a replica that is refilled asks for at once."),
        .span(
            "replication.scrubInterval", \.replication.scrubInterval, .zero ... .seconds(3_600),
            "The scrub's pause between two ranges of keys that it reads and compares; 0: no scrub."),
        .count(
            "replication.scrubKeys", \.replication.scrubKeys, 1 ... 1_048_576,
            "How many keys the scrub reads and compares at once."),
        .span(
            "replication.roundInterval", \.replication.roundInterval, .zero ... .seconds(3_600),
            "The least time between two rounds, while deletes are reclaimed. For economy: nothing rests on it."),
        .count(
            "replication.markersRemembered", \.replication.markersRemembered, 1 ... 16_777_216,
            "How many markers of deletes are remembered that wait to be reclaimed, about 300 bytes each."),
        .count(
            "replication.mergesRemembered", \.replication.mergesRemembered, 0 ... 1_048_576,
            "How many merges `coterie explain` can tell of, about 300 bytes each; 0: none."),
        .span(
            "replication.hintAfter", \.replication.hintAfter, .milliseconds(1) ... .seconds(86_400),
            "After so long a fallback keeps a write for an owner that has not answered."),
        .count(
            "replication.maxHints", \.replication.maxHints, 0 ... 1_000_000_000,
            "Hints that a node keeps for absent owners; beyond, it takes no new ones."),
        .count(
            "replication.maxHintBytes", \.replication.maxHintBytes, 0 ... 1 << 40,
            "Bytes of hints that a node keeps for absent owners; beyond, it takes no new ones."),
        .span(
            "replication.hintInterval", \.replication.hintInterval, .milliseconds(1) ... .seconds(60),
            "How often hints are sent to owners that are there again."),
        .count(
            "replication.hintsAtOnce", \.replication.hintsAtOnce, 1 ... 1_000_000,
            "Hints that are on their way to one owner at once."),
        .span(
            "replication.hintBackoff", \.replication.hintBackoff, .milliseconds(1) ... .seconds(3_600),
            "How long an owner that takes no hints is left alone, at first; doubled with each failure."),
        .span(
            "replication.hintBackoffMost", \.replication.hintBackoffMost, .milliseconds(1) ... .seconds(3_600),
            "How long an owner that takes no hints is left alone, at most."),
        .span(
            "replication.stopTimeout", \.replication.stopTimeout, .zero ... .seconds(3_600),
            "How long a graceful stop waits for the requests under way."),
    ]
}
