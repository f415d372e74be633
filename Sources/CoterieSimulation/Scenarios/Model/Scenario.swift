// A scenario: a story about a cluster that a person can read, and that both stages can play. The simulator plays it in
// virtual time, the process stage on a real cluster; both judge it by the same checkers and by its expectations.
//
// The format, with every name and its values, is explained on the documentation page "Scenarios".

import CoteriePrimitives
import CoterieReplication
import CoterieRing

/// Where a scenario can be played.
public enum ScenarioStage: String, Hashable, Sendable, CaseIterable {
    /// Everything in one process, in virtual time.
    case simulator
    /// A cluster of real processes on this machine.
    case processes
}

/// One scenario, complete and checked.
public struct Scenario: Hashable, Sendable {
    /// As it was given to the reader; names the file in what is reported.
    public var path: String
    public var title: String
    /// What happens and why it matters, in prose.
    public var story: String
    /// In the order of `ScenarioStage.allCases`.
    public var stages: [ScenarioStage]
    /// What is drawn where the runner names no other seed.
    public var seed: UInt64
    public var cluster: ScenarioCluster
    /// Nil: nobody asks but the steps.
    public var workload: WorkloadPlan?
    public var timeline: [Step]
    public var expectations: Expectations

    /// Whether it can be played there.
    public func isPlayable(on stage: ScenarioStage) -> Bool { stages.contains(stage) }
}

/// The cluster of a scenario: members n1, n2, … under numbers from 1 on.
public struct ScenarioCluster: Hashable, Sendable {
    public var nodes = 3
    public var replicas = 3
    public var partitions = 8
    /// What the layout names; always with `default`.
    public var types: [BucketType] = []
    public var durability = Durability.fsync
    /// Zones by member, the first of n1; empty: all in one.
    public var zones: [String] = []
    /// Settings by their names in a node's configuration, with their values as they are written there.
    public var settings: [ScenarioSetting] = []
    /// What only the simulator can choose.
    public var environment = ScenarioEnvironment()

    public init() {}
}

/// One setting of every node, as `coterie serve --help-settings` names it.
public struct ScenarioSetting: Hashable, Sendable {
    public var name: String
    public var value: String
    public var place: Place
}

/// Networks, disks and clocks of the simulated machines. On real processes they are what they are.
public struct ScenarioEnvironment: Hashable, Sendable {
    public var network = NetworkPlan()
    public var disk = DiskPlan()
    public var process = ProcessPlan()

    public init() {}
}

/// A key as steps name it: `cart`, or `lww/cart` for one of another bucket type.
public struct ScenarioKey: Hashable, Sendable, CustomStringConvertible {
    public var type: String
    public var key: String

    public init(type: String = BucketType.defaultName, key: String) {
        self.type = type
        self.key = key
    }

    /// All keys of scenarios and workloads lie in this bucket.
    public static let bucket = "b"

    public var objectKey: ObjectKey { ObjectKey(type: type, bucket: Self.bucket, key: key) }
    public var description: String { type == BucketType.defaultName ? key : "\(type)/\(key)" }
}
