// The client's protocol as a pure machine: to whom each request goes, when it is asked again, and what the caller may
// be told. No sockets, no clock, no randomness of its own: the shell (CoterieClient, or the simulator) performs the
// effects.
//
// The one promise behind all of it (INV 5, INV 25): a write is told as ok, as definitely not applied, or as unknown,
// and unknown never becomes one of the others by a guess. A write that was handed to a connection and whose answer is
// lost is repeated only under the same request id to the same life of the same node, which knows the id; to any other
// node it would be a second write. Reads change nothing and may be asked anywhere again, within a budget.
//
// The parts: Calls (taking and ending them), Routing (to whom), Links (connections), Answers, Layouts, Attention
// (time).

import CoteriePrimitives
import CoterieRing
import CoterieWire
import DequeModule

/// The client of one cluster, as a state machine.
public struct ClientMachine: Sendable {
    public let settings: ClientSettings
    /// The origin of all its request ids: a random number, drawn by the shell for this client alone.
    public let origin: UInt64
    /// The cluster that it will talk to; nil until the first node has told.
    public private(set) var clusterName: String?
    /// The newest layout it knows.
    public internal(set) var layout: Layout?

    let seeds: [Endpoint]
    var generator: SeededGenerator
    var budget: RetryBudget
    var calls = CallTable()
    var nodes: [Node] = []
    /// Where each member of the layout is in `nodes`.
    var nodeOfMember: [MemberNumber: Int] = [:]
    /// The same as tables, for the path of every request.
    var routes: Routes?
    /// Calls that no node can take, in order; numbers of calls that have gone elsewhere stay until met.
    var waiting = Deque<UInt64>()
    var serials: UInt64 = 0
    /// Moves on with each choice among equals.
    var turn = 0
    /// Over which link the layout was asked for.
    var layoutAsked: LinkID?
    /// Whether a place was left for which calls are queued: filled at the end of the input.
    var hasRoom = false
    /// When the attention timer is set for.
    var attentionAt: Instant?
    var stage = Stage.ready

    enum Stage: Hashable, Sendable {
        case ready, running, closing, closed
    }

    /// - Parameters:
    ///   - seeds: nodes to begin with, at least one; also what is tried again when nothing else answers.
    ///   - clusterName: refuses to talk to any other cluster; nil takes that of the first node that answers.
    ///   - origin: a random number that no other client has; it names this client's requests and seeds its draws.
    public init(
        settings: ClientSettings = ClientSettings(), seeds: [Endpoint], clusterName: String? = nil, origin: UInt64
    ) {
        precondition(!seeds.isEmpty, "a client needs at least one seed")
        if let problem = settings.problem { preconditionFailure(problem) }
        self.settings = settings
        self.seeds = seeds
        self.clusterName = clusterName
        self.origin = origin
        generator = SeededGenerator(seed: origin)
        budget = RetryBudget(capacity: settings.retryCapacity, perHundredCalls: settings.retriesPerHundredCalls)
    }

    /// The id that the next call is given, if it is taken at all.
    public var nextRequestID: RequestID {
        RequestID(origin: origin, sequence: calls.next << Call.refusalBits)
    }

    /// Calls without an outcome.
    public var pending: Int { calls.count }

    /// Whether some node is connected.
    public var isConnected: Bool { nodes.contains { $0.isUp } }

    /// Whether the layout is known and every node that requests may go to has all its connections.
    public var isFullyConnected: Bool {
        layout != nil && nodes.contains { !$0.isRetired }
            && nodes.allSatisfy { $0.isRetired || $0.links.allSatisfy { $0?.isUp == true } }
    }

    /// What is wrong with every node, where none is connected or being tried; else nil.
    public var connectionTrouble: String? { cannotReach && stage == .running ? unreachableText : nil }

    /// Moves by one input; what must be done is appended to `effects`, in order.
    public mutating func handle(_ input: ClientInput, at now: Now, into effects: inout [ClientEffect]) {
        let now = now.monotonic
        switch input {
        case .call(let id, let request): take(id, request, at: now, into: &effects)
        case .received(let link, let message): receive(message, over: link, at: now, into: &effects)
        case .linkUp(let link, let hello): linkUp(link, hello, at: now, into: &effects)
        case .linkDown(let link, let failure): linkDown(link, failure, at: now, into: &effects)
        case .timer(let timer): fire(timer, at: now, into: &effects)
        case .notSent(let link, let id): notSent(id, over: link, at: now, into: &effects)
        case .cancel(let id): cancel(id, at: now, into: &effects)
        case .start: start(at: now, into: &effects)
        case .close: close(at: now, into: &effects)
        case .abort: abort(at: now, into: &effects)
        }
        if hasRoom { fillRoom(at: now, into: &effects) }
        if stage == .closing, calls.count == 0 { finishClosing(into: &effects) }
    }

    private mutating func start(at now: Instant, into effects: inout [ClientEffect]) {
        precondition(stage == .ready, "a client is started once")
        stage = .running
        addSeeds(at: now, into: &effects)
    }

    private mutating func close(at now: Instant, into effects: inout [ClientEffect]) {
        guard stage == .ready || stage == .running else { return }
        stage = .closing
    }

    private mutating func abort(at now: Instant, into effects: inout [ClientEffect]) {
        guard stage != .closed else { return }
        stage = .closing
        for sequence in calls.sequences(where: { _ in true }) {
            end(sequence, .closing, "the client is closing", into: &effects)
        }
    }

    private mutating func finishClosing(into effects: inout [ClientEffect]) {
        stage = .closed
        for node in nodes.indices {
            for link in nodes[node].links {
                guard let link else { continue }
                if !link.isUp { effects.append(.cancelTimer(.connect(link.id))) }
                effects.append(.disconnect(link.id))
            }
            if nodes[node].pausedUntil != nil { effects.append(.cancelTimer(.reconnect(node: node))) }
        }
        if layoutAsked != nil { effects.append(.cancelTimer(.layout)) }
        if attentionAt != nil { effects.append(.cancelTimer(.attention)) }
        layoutAsked = nil
        attentionAt = nil
        nodes = []
        nodeOfMember = [:]
        waiting = []
        effects.append(.closed)
    }

    mutating func settle(onCluster name: String) { clusterName = name }
}
