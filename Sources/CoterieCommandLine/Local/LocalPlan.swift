// What `coterie local up` was asked for, against what already lies in the directory.

import ArgumentParser
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieTypes

/// The options that make a new cluster, and that an existing one must not contradict.
struct LocalPlanOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("How many nodes (default: 5).", valueName: "count"))
    var nodes: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Node i listens on this + i for peers and native clients, and on this + 1000 + i for HTTP "
                + "(default: 7100; 0 takes free ports).", valueName: "port"))
    var basePort: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Replicas of each key, N (default: 3, or the nodes if fewer).", valueName: "count"))
    var replicas: Int?

    @Option(name: .long, help: ArgumentHelp("Partitions of the hash space, Q (default: 256).", valueName: "count"))
    var partitions: Int?

    @Option(name: .long, help: ArgumentHelp("The cluster's name (default: local).", valueName: "name"))
    var name: String?

    @Option(name: .long, help: ArgumentHelp("The host that nodes listen on (default: 127.0.0.1).", valueName: "host"))
    var host: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What concurrent writes in the bucket type \"default\" become: siblings, lww, or another type such as "
                + "counter (default: siblings).",
            valueName: "type"),
        completion: .list(TypeRegistry.builtIn.names))
    var defaultType: String?
}

/// A new definition, or the comparison with the one that exists.
struct LocalPlan: Sendable {
    private var wanted = LocalPlanOptions()
    private let settings: [SettingAssignment]

    static let defaultNodes = 5
    static let defaultBasePort = 7_100
    static let defaultReplicas = 3
    static let defaultHost = "127.0.0.1"

    init(_ options: LocalPlanOptions, settings: [SettingAssignment] = []) throws {
        wanted = options
        self.settings = settings
        let known = TypeRegistry.builtIn.names
        if let kind = options.defaultType, !known.contains(kind) {
            throw CommandFailure(.usage, "--default-type \(kind): allowed are \(known.joined(separator: ", "))")
        }
        if let nodes = options.nodes, !LayoutLimits.members.contains(nodes) || nodes > 999 {
            throw CommandFailure(.usage, "--nodes \(nodes): allowed are 1 to 999")
        }
        if let fixed = settings.first(where: { ["node", "data"].contains($0.setting.name) }) {
            throw CommandFailure(.usage, "--\(fixed.setting.name) is each node's own and is set by coterie local")
        }
    }

    /// The cluster file of a new cluster.
    func newFile() throws -> ClusterFile {
        let count = wanted.nodes ?? Self.defaultNodes
        let base = try basePort(nodes: count)
        let replicas = wanted.replicas ?? min(Self.defaultReplicas, count)
        guard replicas <= count else {
            throw CommandFailure(
                .usage, "--replicas \(replicas): a key cannot have more replicas than there are nodes (\(count))")
        }
        guard base >= 1, base + 1_000 + count <= LayoutLimits.ports.upperBound else {
            throw CommandFailure(
                .usage,
                "--base-port \(base): ports \(base + 1) to \(base + 1_000 + count) are needed, "
                    + "and the last there is is \(LayoutLimits.ports.upperBound)")
        }
        let host = wanted.host ?? Self.defaultHost
        let members = (1 ... count).map { index in
            Member(
                number: MemberNumber(UInt32(index)), name: "n\(index)",
                peer: Endpoint(host: host, port: base + index),
                http: Endpoint(host: host, port: base + 1_000 + index))
        }
        let kind = wanted.defaultType.map(TypeKind.init(rawValue:)) ?? .siblings
        let definition = ClusterDefinition(
            name: wanted.name ?? "local", partitions: wanted.partitions ?? LayoutLimits.defaultPartitions,
            replicas: replicas, members: members,
            bucketTypes: ClusterDefinition.standardBucketTypes(replicas: replicas, defaultKind: kind))
        do {
            _ = try Layout(first: definition)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        return ClusterFile(cluster: definition, settings: settings)
    }

    private func basePort(nodes count: Int) throws -> Int {
        guard let base = wanted.basePort else { return Self.defaultBasePort }
        guard base == 0 else { return base }
        guard let free = PortCheck.freeBasePort(nodes: count) else {
            throw CommandFailure(.unreachable, "found no \(2 * count) free ports in a row for \(count) nodes")
        }
        return free
    }

    /// Fails where an option says otherwise than the cluster that exists; all differences are named.
    func check(against file: ClusterFile, in directory: LocalDirectory) throws {
        let cluster = file.cluster
        let first = cluster.members.first
        let kind = cluster.bucketTypes.first { $0.name == BucketType.defaultName }?.kind.rawValue
        let base = first.map { $0.peer.port - Int($0.number.rawValue) }
        let pairs: [(String, String?, String?)] = [
            ("--nodes", wanted.nodes.map { "\($0)" }, "\(cluster.members.count)"),
            ("--base-port", wanted.basePort.flatMap { $0 == 0 ? nil : "\($0)" }, base.map { "\($0)" }),
            ("--replicas", wanted.replicas.map { "\($0)" }, "\(cluster.replicas)"),
            ("--partitions", wanted.partitions.map { "\($0)" }, "\(cluster.partitions)"),
            ("--name", wanted.name, cluster.name), ("--host", wanted.host, first?.peer.host),
            ("--default-type", wanted.defaultType, kind),
        ]
        var differences = pairs.compactMap { flag, wanted, has in
            wanted == nil || wanted == has ? nil : "  \(flag) \(wanted ?? ""): it has \(has ?? "none")"
        }
        for assignment in settings {
            let setting = assignment.setting
            let has = try Self.value(of: setting, in: file.settings)
            let wants = try Self.value(of: setting, in: [assignment])
            if wants != has { differences.append("  \(setting.flag) \(assignment.text): it has \(has)") }
        }
        guard !differences.isEmpty else { return }
        throw CommandFailure(
            .usage,
            (["the cluster in \(directory.path) was made otherwise:"] + differences + [
                "leave these options out to resume it, or make another one by --data DIR"
                    + " (\(directory.clusterFile) holds the settings)"
            ]).joined(separator: "\n"))
    }

    /// A setting's value in its shortest form, so that 64MiB equals 65536KiB.
    private static func value(of setting: Setting, in assignments: [SettingAssignment]) throws -> String {
        var settings = NodeSettings(node: "", dataDirectory: "", cluster: ClusterDefinition(name: "", members: []))
        if let text = assignments.last(where: { $0.setting.name == setting.name })?.text {
            do throws(RejectedText) {
                try setting.set(text, in: &settings)
            } catch {
                throw CommandFailure(.usage, "\(setting.flag): \"\(text)\" \(error.reason)")
            }
        }
        return setting.text(in: settings)
    }
}
