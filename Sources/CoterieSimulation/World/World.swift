// A whole cluster and its clients in virtual time, on one thread: what decides is production's code, what happens to it
// is drawn from the seed. The world is the shell: it stands where sockets, files and clocks stand in production.
//
// This file is the state and the loop; processes, network, disks, clients and faults have files of their own. Nothing
// calls back: whatever shall happen later is an event in the queue.

import CoterieClientMachine
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// One simulated cluster. Deterministic: a plan decides everything that happens.
///
/// It has one thread and no callbacks, so accesses to its state do not overlap; that they do not is not checked at each
/// of them, which took a sixth of a run's time.
public final class World {
    public let plan: RunPlan
    public let layout: Layout
    let layoutBytes: ByteBuffer
    /// Nanoseconds since the world began.
    @exclusivity(unchecked) public internal(set) var now: Int64 = 0
    /// What the clients asked and were answered.
    @exclusivity(unchecked) public internal(set) var history: History
    @exclusivity(unchecked) public internal(set) var statistics = RunStatistics()
    @exclusivity(unchecked) public internal(set) var trace: Trace
    /// Which rare paths were reached, and how often.
    @exclusivity(unchecked) public internal(set) var probes = ProbeCounts()

    @exclusivity(unchecked) var queue = EventQueue()
    @exclusivity(unchecked) var digest = RunDigest()
    @exclusivity(unchecked) var nodes: [SimulatedNode] = []
    @exclusivity(unchecked) var clients: [SimulatedClient] = []
    @exclusivity(unchecked) var sessions: [Session] = []
    @exclusivity(unchecked) var connections: ContiguousArray<Connection?> = []
    /// The serial numbers of those that something may still happen to, ascending; and of some that are gone.
    @exclusivity(unchecked) var standing: [Int] = []
    @exclusivity(unchecked) var links: Links
    @exclusivity(unchecked) var timerSerial: UInt64 = 0
    @exclusivity(unchecked) var workSerial: UInt64 = 0

    // Each with draws of its own, so that one's do not move another's.
    @exclusivity(unchecked) var networkDraws: SeededGenerator
    @exclusivity(unchecked) var diskDraws: SeededGenerator
    @exclusivity(unchecked) var processDraws: SeededGenerator
    @exclusivity(unchecked) var workloadDraws: SeededGenerator
    @exclusivity(unchecked) var canaryDraws: SeededGenerator
    @exclusivity(unchecked) var faults: FaultDriver

    let requests: RequestSource
    /// Every key of the run: those of `requests`, then those that only steps name.
    var keys: [ObjectKey]
    @exclusivity(unchecked) var operationsLeft: Int
    @exclusivity(unchecked) var doorCalls: [UInt64: DoorCaller] = [:]
    var nextDoorCall: UInt64 = 0
    var processNumbers: UInt32 = 0
    @exclusivity(unchecked) var stage = Stage.bootstrap
    var stageBegan: Int64 = 0
    /// When a refill began, moved or was over.
    var refillNews: Int64 = 0
    /// What has not come about in time.
    var pending: [String] = []
    /// And why, in a word.
    var stuckBecause = RunOutcome.ok
    var convergence: ConvergenceState?
    @exclusivity(unchecked) var held: HeldObjects
    var script = ScriptState()
    /// Where each member listens.
    let nodeOfEndpoint: [Endpoint: Int]

    /// Where a run stands.
    enum Stage: Equatable {
        /// Until every node has served for the first time.
        case bootstrap
        /// The workload under faults.
        case safety
        /// Faults are over: all must serve and be connected.
        case healing
        /// All keys are read at r=all until all owners have the same.
        case converging
        case over
    }

    /// - Parameter trace: what is written down for people.
    public init(_ plan: RunPlan, trace: Trace = Trace()) throws(LayoutError) {
        self.plan = plan
        self.trace = trace
        var draws = SeededGenerator(seed: plan.seed ^ 0x576f_726c_6421_0000)
        networkDraws = draws.split()
        diskDraws = draws.split()
        processDraws = draws.split()
        workloadDraws = draws.split()
        canaryDraws = draws.split()
        faults = FaultDriver(plan.faults, draws.split())
        layout = try Layout(first: plan.definition)
        requests = RequestSource(plan: plan.workload, layout: layout)
        keys = requests.keys
        layoutBytes = layout.encoded()
        history = History(rules: plan.rules)
        links = Links(
            processes: plan.nodes + plan.workload.clients, plan: plan.network, &networkDraws)
        operationsLeft = plan.workload.operations
        held = HeldObjects(nodes: plan.nodes)
        var places: [Endpoint: Int] = [:]
        for (index, member) in layout.members.enumerated() { places[member.peer] = index }
        nodeOfEndpoint = places
        makeNodes()
        makeClients()
        begin()
    }

    private func begin() {
        for node in nodes {
            let delay = plan.process.startWithin.nanoseconds
            let at = delay > 0 ? Int64(processDraws.below(Int(delay))) : 0
            queue.push(.start, node.index, detail: 0, at: at)
        }
        for client in clients { start(client) }
        queue.push(.phase, 0, at: Self.phaseStep)
        if plan.faults.fromTheStart { faults.schedule(into: &queue, at: 0) }
    }

    /// How often the run looks whether a phase is over.
    static let phaseStep: Int64 = 10_000_000

    /// Lets the next thing happen; false when the run is over.
    public func step() -> Bool {
        guard stage != .over, let event = queue.pop() else { return false }
        precondition(event.time >= now, "time runs backwards: \(event.time) after \(now)")
        now = event.time
        statistics.events += 1
        dispatch(event)
        return true
    }

    private func dispatch(_ event: Event) {
        let subject = Int(event.subject)
        switch event.kind {
        case .deliver: deliver(subject, to: Int(event.detail), dueAt: event.time)
        case .disk: diskDone(nodes[subject], event.detail)
        case .tick: tickIsDue(nodes[subject])
        case .nodeTimer: timerIsDue(nodes[subject], event.detail)
        case .clientTimer: timerIsDue(clients[subject], event.detail)
        case .session: nextRequest(of: Int(event.detail), life: event.subject)
        case .notice: noticeBreak(subject, side: Int(event.detail))
        case .dial: dial(nodes[subject], Int(event.detail))
        case .start: startIsDue(nodes[subject], afterLife: event.detail)
        case .fault: drawFault()
        case .faultEnds: endFault(Int(event.detail))
        case .operatorRestart: operatorRestarts(nodes[subject], life: event.detail)
        case .phase: lookAtPhase()
        case .script: playScript()
        }
    }

    /// The digest of all that has happened so far.
    public var runDigest: UInt64 {
        var whole = digest
        whole.mix(UInt64(bitPattern: now))
        whole.mix(queue.inserted)
        whole.mix(history)
        return whole.value
    }

    /// How many processes there are: the nodes first, then the clients.
    var processCount: Int { plan.nodes + plan.workload.clients }

    func process(_ name: ProcessName) -> Int? {
        switch name {
        case .member(let number): nodes.firstIndex { $0.member.number == number }
        case .client(let number): clients.indices.contains(number) ? plan.nodes + number : nil
        }
    }

    func name(_ process: Int) -> ProcessName {
        process < plan.nodes ? .member(nodes[process].member.number) : .client(process - plan.nodes)
    }

    /// Writes a line where somebody wants to read it.
    @inline(__always)
    func note(_ what: @autoclosure () -> String, _ process: Int, _ detail: @autoclosure () -> String) {
        if trace.isOn { trace.add(now, "\(name(process))", what(), detail()) }
    }
}
