// A scenario as a plan of the simulator: what the file says, and what the checkers must know of its faults.

import CoteriePrimitives
import CoterieReplication
import CoterieRing

extension RunPlan {
    /// The scenario under a seed: nil takes its own. The seed draws delays, disks, clocks and the workload's requests;
    /// what the timeline does is the same under each.
    public init(_ scenario: Scenario, seed: UInt64? = nil) throws(ScenarioError) {
        self.init(seed: seed ?? scenario.seed)
        let cluster = scenario.cluster
        nodes = cluster.nodes
        replicas = cluster.replicas
        partitions = cluster.partitions
        bucketTypes = cluster.types
        zones = cluster.zones
        replication.durability = cluster.durability
        network = cluster.environment.network
        disk = cluster.environment.disk
        process = cluster.environment.process
        do throws(ScenarioError) {
            for setting in cluster.settings { try setting.apply(to: &self) }
        } catch {
            throw ScenarioError(error.reason, at: error.place, path: scenario.path)
        }
        workload = scenario.workload ?? .nobody
        timeline = scenario.timeline
        expectations = scenario.expectations
        faults = FaultPlan(of: scenario.timeline)
        bounds.safety = TimeSpan(nanoseconds: bounds.safety.nanoseconds + Self.length(of: scenario))
    }

    /// How long the timeline and the workload may take.
    private static func length(of scenario: Scenario) -> Int64 {
        var length = scenario.workload?.duration?.nanoseconds ?? 0
        for step in scenario.timeline {
            switch step.time {
            case .now: break
            case .at(let span): length = max(length, span.nanoseconds)
            case .after(let span): length += span.nanoseconds
            }
            switch step.action {
            case .await(_, let within): length += within.nanoseconds
            case .request(let request): length += (request.timeout ?? .seconds(10)).nanoseconds
            case .faults, .slowLink, .restart, .resume, .heal: break
            }
        }
        return length
    }
}

extension WorkloadPlan {
    /// A client process for the steps' sessions, and nothing by lot.
    public static var nobody: WorkloadPlan {
        var plan = WorkloadPlan()
        plan.clients = 1
        plan.sessionsPerClient = 0
        plan.operations = 0
        plan.keysPerType = 0
        return plan
    }
}

extension FaultPlan {
    /// Draws nothing: it tells the checkers what the timeline does to disks, so that the store is held to what it
    /// promised under that.
    init(of timeline: [Step]) {
        self.init()
        atMost = 0
        var losing: [MemberNumber] = []
        for step in timeline {
            guard case .faults(let faults) = step.action else { continue }
            for fault in faults {
                if let kind = fault.kind, !kinds.contains(kind) { kinds.append(kind) }
                if let member = fault.losesWhatWasDurable, !losing.contains(member) { losing.append(member) }
            }
        }
        switch losing.count {
        case 0: losses = .none
        case 1: losses = .only(losing[0])
        default: losses = .inTurn
        }
    }
}

extension Fault {
    /// Whose disk may be without what it had made durable.
    fileprivate var losesWhatWasDurable: MemberNumber? {
        switch self {
        case .wipe(let member, _), .rot(let member, _), .failingReads(let member, _, _): member
        default: nil
        }
    }
}
