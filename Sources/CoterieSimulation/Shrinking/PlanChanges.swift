// What is changed of a plan that a seed has drawn, as words that a person can read, type and keep:
//
//     nodes=3 operations=40 faults=7 without=0-2,5 kinds=kill,pause usual=network,disk
//
// A shrinker searches among these, and its result replays a failure together with the seed. Not all of a plan can be
// said so: only what makes it smaller or plainer.

import CoterieClientMachine
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire

/// Changes of a drawn plan. What is nil or empty stays as it was drawn.
public struct PlanChanges: Hashable, Sendable {
    /// A part of a plan that may be as production has it instead of drawn.
    public enum Part: String, Hashable, Sendable, CaseIterable {
        /// Probes and other timers of the nodes, the members' connections included.
        case timers
        case limits
        case client
        case engine
        case network
        case disk
        /// Clocks, processors, start.
        case process
        /// Sizes of values, floors, bodies in answers, forgetting; no think time.
        case values
        case quorums
    }

    /// Kinds of operation, by their names in a workload's mix.
    public enum OperationKind: String, Hashable, Sendable, CaseIterable {
        case get, blindPut, put, update, blindDelete, delete, conditional
    }

    public var nodes: Int?
    public var replicas: Int?
    public var partitions: Int?
    public var operations: Int?
    public var clients: Int?
    /// Of each client.
    public var sessions: Int?
    /// Of each bucket type.
    public var keys: Int?
    /// Of 1000 sessions so many ask a node's door.
    public var doors: Int?
    /// Only the first so many faults happen.
    public var faults: Int?
    /// These faults do not happen, by their number from 0 on.
    public var without: Set<Int> = []
    /// Only these kinds of fault are drawn.
    public var kinds: Set<FaultKind>?
    /// Only these kinds of operation are drawn, of those that the plan has.
    public var mix: Set<OperationKind>?
    /// Only these of the bucket types that the plan uses.
    public var types: Set<String>?
    public var usual: Set<Part> = []

    public init() {}

    public var isEmpty: Bool { self == PlanChanges() }
}

// MARK: Applying

extension RunPlan {
    /// The plan with these changes. What cannot be together any more is cut down to what can: no more replicas than
    /// nodes, no bucket type with more replicas than the cluster has.
    public func changed(by changes: PlanChanges) -> RunPlan {
        var plan = self
        if let nodes = changes.nodes { plan.nodes = nodes }
        plan.replicas = min(changes.replicas ?? replicas, plan.nodes)
        if let partitions = changes.partitions { plan.partitions = partitions }
        plan.workload.operations = changes.operations ?? workload.operations
        plan.workload.clients = changes.clients ?? workload.clients
        plan.workload.sessionsPerClient = changes.sessions ?? workload.sessionsPerClient
        plan.workload.keysPerType = changes.keys ?? workload.keysPerType
        plan.workload.doorSessions = changes.doors ?? workload.doorSessions
        if let atMost = changes.faults { plan.faults.atMost = atMost }
        plan.faults.without.formUnion(changes.without)
        if let kinds = changes.kinds { plan.faults.kinds.removeAll { !kinds.contains($0) } }
        if let mix = changes.mix { plan.workload.mix.keep(mix) }
        if let types = changes.types { plan.workload.bucketTypes.removeAll { !types.contains($0) } }
        for part in PlanChanges.Part.allCases where changes.usual.contains(part) { plan.makeUsual(part) }
        plan.fitTypes()
        plan.fitLosses()
        return plan
    }

    private mutating func fitTypes() {
        bucketTypes = bucketTypes.compactMap { type in
            if type.n <= replicas { return type }
            let isNamedByItsNumber = type.name == "n\(type.n)"
            return isNamedByItsNumber
                ? nil : BucketType(name: type.name, n: replicas, kind: type.kind, properties: type.properties)
        }
        workload.bucketTypes.removeAll { name in !bucketTypes.contains { $0.name == name } }
        if workload.bucketTypes.isEmpty { workload.bucketTypes = [BucketType.defaultName] }
    }

    /// The bad disk is one of those that are left.
    private mutating func fitLosses() {
        guard case .only(let weak) = faults.losses, weak.rawValue > UInt32(nodes) else { return }
        faults.losses = .only(MemberNumber(UInt32(nodes)))
    }

    private mutating func makeUsual(_ part: PlanChanges.Part) {
        let usual = RunPlan(seed: seed)
        switch part {
        case .timers:
            let durability = replication.durability
            replication = usual.replication
            replication.durability = durability
            network.reconnectInitial = usual.network.reconnectInitial
            network.reconnectMax = usual.network.reconnectMax
        case .limits: limits = usual.limits
        case .client: client = usual.client
        case .engine: storage = usual.storage
        case .network:
            let (initial, most) = (network.reconnectInitial, network.reconnectMax)
            network = usual.network
            network.reconnectInitial = initial
            network.reconnectMax = most
        case .disk: disk = usual.disk
        case .process: process = usual.process
        case .values:
            workload.valueBytes = 32 ... 32
            workload.largeValues = 0
            workload.floors = 0
            workload.returnBody = 0
            workload.forgetting = 0
            workload.skewness = 0
            workload.thinkTime = .milliseconds(1)
        case .quorums: workload.quorums = [WorkloadPlan.Quorums()]
        }
    }
}

extension WorkloadPlan.Mix {
    /// What is not among these is off. At least reads are left.
    fileprivate mutating func keep(_ kinds: Set<PlanChanges.OperationKind>) {
        if !kinds.contains(.get) { get = 0 }
        if !kinds.contains(.blindPut) { blindPut = 0 }
        if !kinds.contains(.put) { put = 0 }
        if !kinds.contains(.update) { update = 0 }
        if !kinds.contains(.blindDelete) { blindDelete = 0 }
        if !kinds.contains(.delete) { delete = 0 }
        if !kinds.contains(.conditional) { conditional = 0 }
        if weights.allSatisfy({ $0 == 0 }) { get = 1 }
    }

    /// The kinds that are drawn.
    var kinds: Set<PlanChanges.OperationKind> {
        Set(zip(PlanChanges.OperationKind.allCases, weights).compactMap { $1 > 0 ? $0 : nil })
    }
}
