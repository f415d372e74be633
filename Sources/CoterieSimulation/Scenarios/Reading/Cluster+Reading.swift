// The sections `cluster` and `environment`.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire

extension ScenarioCluster {
    static let names = ["nodes", "replicas", "partitions", "types", "durability", "zones", "settings"]
    static let typeNames = [
        "name", "n", "kind", "r", "w", "pr", "pw", "dw", "basic quorum", "notfound ok", "timeout",
    ]
    static let environmentNames = ["network", "disk", "clocks"]
    static let networkNames = ["delay", "spread", "bytes per second"]
    static let diskNames = ["fsync", "blocking reads"]
    static let clockNames = ["skew", "ppm"]

    /// More than a simulator or a laptop wants to run.
    static let mostNodes = 15

    init(_ outline: Outline?, _ environmentOutline: Outline?) throws(ScenarioError) {
        self.init()
        if let environmentOutline { environment = try ScenarioEnvironment(reading: environmentOutline) }
        guard let outline else {
            types = Self.standard(replicas: replicas)
            return
        }
        let fields = try Fields(outline, "cluster", known: Self.names)
        nodes = try fields.count("nodes", 1 ... Self.mostNodes) ?? nodes
        replicas = try fields.count("replicas", 1 ... nodes) ?? min(3, nodes)
        partitions = try fields.count("partitions", LayoutLimits.partitions) ?? partitions
        durability = try fields.value("durability", SettingText.durability) ?? durability
        zones = try fields.items("zones").map { (item) throws(ScenarioError) in try item.text("zones") }
        if !zones.isEmpty, zones.count != nodes {
            throw fields.wrong("zones", "\(zones.count) zones for \(nodes) nodes: one for each, that of n1 first")
        }
        types = Self.standard(replicas: replicas)
        for item in try fields.items("types") {
            let type = try BucketType(reading: item, replicas: replicas)
            types.removeAll { $0.name == type.name }
            types.append(type)
        }
        if let settingsOutline = fields["settings"] {
            settings = try ScenarioSetting.read(settingsOutline)
            if let problem = (try settingsProblem()) { throw fields.wrong("settings", problem) }
        }
    }

    private static func standard(replicas: Int) -> [BucketType] {
        [
            BucketType(name: BucketType.defaultName, n: replicas, kind: .siblings),
            BucketType(name: "lww", n: replicas, kind: .lww),
        ]
    }

    /// The first relation between settings that does not hold.
    private func settingsProblem() throws(ScenarioError) -> String? {
        var plan = RunPlan(seed: 1)
        for setting in settings { try setting.apply(to: &plan) }
        return plan.replication.problem ?? plan.limits.problem
    }
}

extension BucketType {
    fileprivate init(reading outline: Outline, replicas: Int) throws(ScenarioError) {
        let fields = try Fields(outline, "a bucket type", known: ScenarioCluster.typeNames)
        let overrides = BucketProperties(
            r: try fields.quorum("r"), w: try fields.quorum("w"), pr: try fields.quorum("pr"),
            pw: try fields.quorum("pw"), dw: try fields.quorum("dw"), basicQuorum: try fields.flag("basic quorum"),
            notfoundOK: try fields.flag("notfound ok"), timeout: try fields.span("timeout"))
        self.init(
            name: try fields.required("name").text("name"), n: try fields.count("n", 1 ... replicas) ?? replicas,
            kind: try fields.kind("kind") ?? .siblings,
            properties: BucketProperties.standard.merging(overrides: overrides))
    }
}

extension ScenarioEnvironment {
    fileprivate init(reading outline: Outline) throws(ScenarioError) {
        self.init()
        let fields = try Fields(outline, "environment", known: ScenarioCluster.environmentNames)
        if let outline = fields["network"] {
            let fields = try Fields(outline, "network", known: ScenarioCluster.networkNames)
            if let delay = try fields.span("delay") {
                network.delay = DelayPlan(least: max(1, delay.nanoseconds), spread: max(1, delay.nanoseconds))
            }
            if let spread = try fields.span("spread") { network.delay.spread = max(1, spread.nanoseconds) }
            network.bytesPerSecond = Int64(try fields.size("bytes per second") ?? 0)
        }
        if let outline = fields["disk"] {
            let fields = try Fields(outline, "disk", known: ScenarioCluster.diskNames)
            if let fsync = try fields.span("fsync") {
                disk.fsync = DelayPlan(least: max(1, fsync.nanoseconds), spread: max(1, fsync.nanoseconds / 4))
            }
            disk.blockingReads = try fields.permille("blocking reads") ?? disk.blockingReads
        }
        if let outline = fields["clocks"] {
            let fields = try Fields(outline, "clocks", known: ScenarioCluster.clockNames)
            process.skew = try fields.span("skew") ?? process.skew
            process.drift = Int64(try fields.count("ppm", 0 ... 500_000) ?? Int(process.drift))
        }
    }
}
