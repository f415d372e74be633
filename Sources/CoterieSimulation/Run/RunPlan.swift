// Everything that a run consists of, as one value: the seed draws it (RunPlan+Drawing.swift), a scenario writes it, a
// shrinker makes it smaller. Equal plans give equal runs.

import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire

/// How long the stages of a run may take, in virtual time.
public struct RunBounds: Hashable, Sendable {
    /// Until every node has served once; then the faults begin all the same.
    public var bootstrap = TimeSpan.seconds(30)
    public var safety = TimeSpan.seconds(120)
    /// Until all serve, and again until all keys are equal.
    public var liveness = TimeSpan.seconds(180)
    /// Without any news of a refill, after which members that wait for each other are given up.
    public var refill = TimeSpan.seconds(30)
    /// Of each read at r=all.
    public var convergenceRead = TimeSpan.seconds(2)

    public init() {}
}

/// A run, before it begins.
public struct RunPlan: Hashable, Sendable {
    /// Decides what is drawn during the run.
    public var seed: UInt64
    public var nodes = 3
    public var replicas = 3
    public var partitions = 8
    public var bucketTypes: [BucketType] = []
    public var replication = ReplicationSettings()
    public var limits = Limits()
    public var storage = LogEngine.Settings()
    public var client = ClientSettings()
    public var network = NetworkPlan()
    public var disk = DiskPlan()
    public var process = ProcessPlan()
    public var workload = WorkloadPlan()
    public var faults = FaultPlan()
    public var bounds = RunBounds()
    /// Invariants are checked at every so many ticks; 0: only at the end.
    public var checkEvery = 0
    public var canary: Canary?
    /// Zones by member, the first of member 1; empty: all in one.
    public var zones: [String] = []
    /// What a scenario does, besides what its workload and fault plan draw.
    public var timeline: [Step] = []
    /// What a scenario expects beyond what the store always promises.
    public var expectations = Expectations()

    /// The defaults, without faults.
    public init(seed: UInt64) { self.seed = seed }
}

extension RunPlan {
    /// The cluster as its operator would define it: members n1, n2, … under numbers from 1 on.
    var definition: ClusterDefinition {
        let members = (1 ... nodes).map { number in
            Member(
                number: MemberNumber(UInt32(number)), name: "n\(number)",
                zone: zones.indices.contains(number - 1) ? zones[number - 1] : Member.defaultZone,
                peer: Endpoint(host: "10.0.0.\(number)", port: 7101),
                http: Endpoint(host: "10.0.0.\(number)", port: 8101))
        }
        return ClusterDefinition(
            name: "simulated", partitions: partitions, replicas: replicas, members: members,
            bucketTypes: bucketTypes.isEmpty ? nil : bucketTypes)
    }

    /// What the checkers must know of the bucket types.
    var rules: [String: BucketRule] {
        var rules: [String: BucketRule] = [:]
        for type in definition.bucketTypes {
            let w = type.properties.w ?? .quorum
            let dw = replication.durability == .fsync ? w : .count(0)
            rules[type.name] = BucketRule(
                n: type.n, kind: type.kind, r: type.properties.r ?? .quorum, w: w, dw: type.properties.dw ?? dw)
        }
        return rules
    }

    /// What the store promises under the faults of this run.
    public var promise: Promise {
        var promise = Promise()
        promise.copies = faults.losesTails ? .durable : .stored
        if faults.losses != .none { promise.lostDisks = 1 }
        // A disk that is wiped takes its hints along, and nobody refills them: in turn, each may have had one copy.
        promise.countsFallbacks = faults.losses != .inTurn
        if faults.kinds.contains(.rot) { promise.silentLosses = 1 }
        // Each owner looks at its own copy before it mints; all of them together can go further.
        promise.reclaimsMarkers = true
        // A fallback sees only what it keeps: each time that owners were away it may bring as many again.
        let haveFallbacks = rules.contains { workload.bucketTypes.contains($0.key) && $0.value.n < nodes }
        promise.maximumSiblings = haveFallbacks ? .max : limits.maxSiblings * replicas
        return promise
    }
}
