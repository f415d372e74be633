// The timeline of a scenario: what is done to the cluster, what is asked of it, what is waited for, one after the other.

import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieWire

/// One entry of a timeline. Steps are played in their order: a step begins when the one before it is done, and not
/// before its time.
public struct Step: Hashable, Sendable {
    public enum Time: Hashable, Sendable {
        /// At once.
        case now
        /// Not before so much time after the timeline's beginning, which is when every node serves.
        case at(TimeSpan)
        /// So much time after the step before it was done.
        case after(TimeSpan)
    }

    public var place: Place
    public var time: Time
    /// By which later steps refer to it.
    public var name: String?
    public var action: StepAction

    public init(_ action: StepAction, at place: Place, time: Time = .now, name: String? = nil) {
        self.action = action
        self.place = place
        self.time = time
        self.name = name
    }
}

/// What a step does.
public enum StepAction: Hashable, Sendable {
    /// One after the other, at the same time. A stop is done when the process has ended, all else at once.
    case faults([Fault])
    /// Messages between the two take so much longer, in both directions.
    case slowLink(ProcessName, ProcessName, delay: TimeSpan, bytesPerSecond: Int64, during: TimeSpan?)
    /// Told to stop, and started as soon as it has ended; done when it is up again, which is before it serves.
    case restart([MemberNumber])
    /// Ends a pause.
    case resume([MemberNumber])
    case heal(HealScope)
    case request(DirectedRequest)
    /// Goes on when it is so; a scenario whose wait ends without it has failed.
    case await(AwaitCondition, within: TimeSpan)
}

/// What a `heal` ends.
public enum HealScope: String, Hashable, Sendable, CaseIterable {
    /// Everything below.
    case all
    /// Partitions, cuts, slow and lossy links.
    case network
    /// Pauses; nodes that are down start.
    case nodes
    /// Slow, full and failing disks.
    case disks
}

/// A request that a step makes by name, rather than a workload by lot.
public struct DirectedRequest: Hashable, Sendable {
    public enum Verb: Hashable, Sendable {
        case get
        /// The value's name; each is written once in a scenario, so that a read tells which write it shows.
        case put(String)
        case delete
    }

    public enum Condition: String, Hashable, Sendable, CaseIterable {
        case absent
        case present
    }

    public var verb: Verb
    public var key: ScenarioKey
    /// Who asks. A session does one thing after the other.
    public var session: String
    /// Whose door is knocked at: a node's own (as its HTTP clients do), or that of the client library in a client
    /// process, which chooses nodes, retries and hedges.
    public var door: ProcessName
    public var quorums = WorkloadPlan.Quorums()
    public var timeout: TimeSpan?
    /// The step whose answer's context a write brings: what it replaces. Nil: none.
    public var context: String?
    /// The step whose answer a read must not fall behind.
    public var floor: String?
    public var condition: Condition?
    /// Size of the value in bytes, at least.
    public var bytes: Int
    /// Whether the timeline goes on only when the answer is there.
    public var waits = true
    public var expected: ExpectedAnswer?

    public init(_ verb: Verb, _ key: ScenarioKey, session: String, door: ProcessName, bytes: Int = 64) {
        self.verb = verb
        self.key = key
        self.session = session
        self.door = door
        self.bytes = bytes
    }

    public var isWrite: Bool { verb != .get }
}

/// What a step waits for.
public enum AwaitCondition: Hashable, Sendable, CustomStringConvertible {
    case allServe
    case serves(MemberNumber)
    /// The process has ended.
    case isDown(MemberNumber)
    /// Every node has a connection with every other that is up.
    case allConnected
    /// Every other node that is up sees the member so.
    case isSeen(MemberNumber, MemberStatus)
    /// All owners of each key that anybody used hold the same. Nothing is read for it.
    case allKeysEqual
    /// Nobody keeps anything for others any more.
    case noHints
    /// The workload has made its last request and has its answer.
    case workloadDone
    /// The workload has made so many requests.
    case requests(Int)
    /// The named request is answered.
    case answer(String)

    public var description: String {
        switch self {
        case .allServe: "all nodes serve"
        case .serves(let member): "n\(member.rawValue) serves"
        case .isDown(let member): "n\(member.rawValue) is down"
        case .allConnected: "all nodes are connected"
        case .isSeen(let member, let status): "n\(member.rawValue) is seen \(status)"
        case .allKeysEqual: "all keys are equal"
        case .noHints: "no hints are left"
        case .workloadDone: "the workload is done"
        case .requests(let count): "\(count) requests are made"
        case .answer(let name): "\(name) is answered"
        }
    }
}
