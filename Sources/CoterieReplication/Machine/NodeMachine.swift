// A node as a pure state machine: coordinator and replica in one, the same in production and in the simulator.
//
// Input in, effects out. The store is a synchronous map that the machine owns; what may block leaves as an effect and
// comes back as an input. An acknowledgement exists only as the effect of a durability barrier that has completed.
// This file is the state and the switch; each subject has a file of its own beside it.

import CoterieCausality
import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore

/// One node. Not thread-safe: it lives on one event loop.
public struct NodeMachine {
    /// What the machine is born with.
    public struct Birth {
        public var member: MemberNumber
        /// Random, never used before; made durable before anything is minted under it. Also the seed of what the node
        /// itself draws: whom it probes in which order.
        public var nonce: UInt64
        /// The newest layout that is known to be durable here, or the cluster's first one.
        public var layout: Layout
        public var settings: ReplicationSettings
        public var limits: Limits
        /// The types that keys may have. The layout must name no other (`TypeRegistry.objection(to:)`).
        public var types: TypeRegistry
        /// Opening the store met losses that do not tell which keys they touch: what is there vouches for nothing.
        public var storeIsDoubtful: Bool
        /// What the store's records say of the events that were handled: `Knowledge.replay` while it was opened.
        public var knowledge: Knowledge

        public init(
            member: MemberNumber, nonce: UInt64, layout: Layout, settings: ReplicationSettings = ReplicationSettings(),
            limits: Limits = Limits(), types: TypeRegistry = .builtIn, storeIsDoubtful: Bool = false,
            knowledge: Knowledge = Knowledge()
        ) {
            self.member = member
            self.nonce = nonce
            self.layout = layout
            self.settings = settings
            self.limits = limits
            self.types = types
            self.storeIsDoubtful = storeIsDoubtful
            self.knowledge = knowledge
        }
    }

    let me: MemberNumber
    let nonce: UInt64
    let settings: ReplicationSettings
    let limits: Limits
    let types: TypeRegistry
    let engine: any StorageEngine
    let storeIsDoubtful: Bool
    let knowledge: Knowledge

    public internal(set) var layout: Layout
    public internal(set) var counters = Counters()
    /// How long the requests took that were not failures, by kind.
    public internal(set) var latencies = Latencies()
    var minter: Minter
    /// Mints what this node writes as a fallback (design, section 4, rule 13).
    var fallbackMinter: FallbackMinter
    public internal(set) var service = Service.starting
    var peers = MemberTable<Peer>()
    var membership: MembershipMachine
    /// Requests have noticed something of a peer that the membership has not been told: see `Peer`.
    var hasUntold = false
    /// And it is a vain wait, of which it is told at once.
    var hasNewTimeout = false
    /// Some member is suspect or dead: what it says is looked at.
    var someAreDoubtful = false
    var requests: SlotTable<Coordination>
    /// Slots of requests that wait for owners to be connected.
    var parked: [UInt64] = []
    /// Requests that are answered and kept for late answers.
    var lingering = 0
    var deadlines = DeadlineQueue()
    var deadlineTimer: Instant?
    var lateness = Lateness()
    var loads = LoadTable()
    var barriers = Barriers()
    var hints: HintTable
    var hintLoads = HintLoads()
    var deliveries: [MemberNumber: HintDelivery] = [:]
    /// Hints on their way, by the exchange that their answer names.
    var hintExchanges: [UInt64: HintPlace] = [:]
    /// The next tick of the delivery, where it is set.
    var hintTimer: Instant?
    /// How many there were.
    var hintTicks = 0
    /// Targets of hints that were not taken since there was room.
    var hintsRefusedFor: Set<MemberNumber> = []
    var remembered: RememberedRequests
    var forwards: [RequestID: UInt64] = [:]
    var nextForward: UInt64 = 0
    var properties = PropertiesTable()
    /// Keys whose record here cannot be read; until something is stored over it.
    var corruptKeys: Set<ObjectKey> = []
    var background: BackgroundBudget
    var backgroundQueue = BackgroundQueue()
    var isBackgroundSet = false
    var refill: Refill?
    var exchanges: ExchangeState
    var scrub: ScrubState
    var rounds = Rounds()
    var markers: Markers
    var isReclaimScheduled = false
    var watch = SyncWatch()
    /// Merges that `coterie explain` tells of.
    var mergeMemory: MergeMemory
    /// What this replica is could not be recorded: tried again.
    var markFailed = false
    /// Complete scans whose clocks are not adopted yet: those that wait, and all with the sweeps under way.
    var adoptions: [Adoption] = []
    var sweeps = 0
    /// Adopted clocks that could not be recorded, on a disk that was full: tried again.
    var unrecordedAdoptions: [(group: Group, clock: PartitionClock)] = []
    /// Who has answered this life's introduction.
    var acquainted: Set<MemberNumber> = []
    /// How often something was tried again.
    var retries: UInt64 = 0
    var isRetrySet = false
    /// The store refuses writes; whether it still does is tried again and again.
    var isReadOnly = false
    var isStopping = false
    var hasTakenLastBarrier = false
    var hasStopped = false

    /// A node over an opened store. Traps where `layout` does not name the member, or names a type that is not known.
    public init(_ birth: Birth, engine: any StorageEngine) {
        precondition(
            birth.layout.members.contains { $0.number == birth.member },
            "\(birth.member) is not in the layout of epoch \(birth.layout.epoch)")
        if let objection = birth.types.objection(to: birth.layout) { preconditionFailure(objection) }
        me = birth.member
        nonce = birth.nonce
        requests = SlotTable(life: birth.nonce)
        exchanges = ExchangeState(life: birth.nonce)
        scrub = ScrubState(life: birth.nonce)
        settings = birth.settings
        limits = birth.limits
        types = birth.types
        layout = birth.layout
        self.engine = engine
        storeIsDoubtful = birth.storeIsDoubtful
        knowledge = birth.knowledge
        knowledge.restore(from: engine, layout)
        minter = Minter(member: birth.member, nonce: birth.nonce)
        if settings.omitted.contains(.incarnation) {
            let store: UInt64? = engine.metadata(MetadataName.store)?.getInteger(at: 0)
            minter = Minter(goingOnIn: store ?? birth.nonce, of: birth.member, knowledge)
        }
        fallbackMinter = FallbackMinter(member: birth.member, nonce: birth.nonce)
        hints = HintTable(countedIn: engine)
        remembered = RememberedRequests(limit: birth.settings.rememberedRequests)
        mergeMemory = MergeMemory(limit: birth.settings.mergesRemembered)
        background = BackgroundBudget(birth.settings.background)
        membership = MembershipMachine(
            me: birth.member, members: birth.layout.members.map(\.number), settings: birth.settings.membership,
            seed: birth.nonce, at: Instant(nanoseconds: 0))
        markers = Markers(limit: birth.settings.markersRemembered)
        for member in layout.members where member.number != me { peers[member.number] = Peer() }
    }

    /// Requests that wait for their answer.
    public var underWay: Int { requests.count - lingering }

    /// Takes one input; appends what it wants done.
    public mutating func handle(_ input: Input, at now: Now, into effects: inout Effects) {
        switch input {
        case .start: start(now, &effects)
        case .client(let token, let request):
            arrive(request, for: .door(token), timeLeft: nil, id: nil, now, &effects)
        case .setProperties(let token, let change): setProperties(change, for: token, now, &effects)
        case .inspect(let token, let key): inspect(key, for: token, now, &effects)
        case .peer(let message, let member): receive(message, from: member, now, &effects)
        case .connection(let message, let connection): receive(message, from: connection, now, &effects)
        case .memberConnected(let member, let nonce): connected(member, nonce: nonce, now, &effects)
        case .memberDisconnected(let member): disconnected(member, now, &effects)
        case .connectionClosed: break  // Its requests go on; nobody reads their answers.
        case .unsent(let message, let member): unsent(message, to: member, now, &effects)
        case .disk(let completion): completed(completion, now, &effects)
        case .timer(let name): fired(name, now, &effects)
        case .tickEnded: tickEnded(now, &effects)
        case .stop: stop(now, &effects)
        }
    }

    private mutating func receive(
        _ message: Message, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        if someAreDoubtful { hasSpoken(member, now) }
        switch message {
        case .store(let store): receive(store, from: member, now, &effects)
        case .storeReply(let reply):
            hasAnswered(member, now)
            receive(reply, from: member, now, &effects)
        case .fetch(let fetch): receive(fetch, from: member, now, &effects)
        case .fetchReply(let reply):
            hasAnswered(member, now)
            receive(reply, from: member, now, &effects)
        case .request(let request): receive(request, from: member, now, &effects)
        case .response(let response):
            hasAnswered(member, now)
            receive(response, from: member, now, &effects)
        case .layoutRequest(let request):
            if request.epoch < layout.epoch { sendLayout(to: member, &effects) }
        case .layoutReply(let reply): learn(reply, from: member, now, &effects)
        case .gossip(let gossip): receive(gossip, from: member, now, &effects)
        case .properties(let update): learn(update, &effects)
        case .introduce(let introduce): receive(introduce, from: member, &effects)
        case .introduceReply(let reply): receive(reply, from: member, now, &effects)
        case .scan(let scan): receive(scan, from: member, now, &effects)
        case .scanReply(let reply): receive(reply, from: member, now, &effects)
        case .adverts(let adverts): receive(adverts, from: member, now, &effects)
        case .pull(let pull): receive(pull, from: member, now, &effects)
        case .offer(let offer): receive(offer, from: member, now, &effects)
        case .compare(let compare): receive(compare, from: member, now, &effects)
        case .comparison(let comparison): receive(comparison, from: member, now, &effects)
        case .roundReport(let report): receive(report, from: member, now, &effects)
        case .hello, .refused, .heartbeat: break  // The transport's matter.
        }
    }

    private mutating func receive(
        _ message: Message, from connection: ConnectionToken, _ now: Now, _ effects: inout Effects
    ) {
        switch message {
        case .request(let request):
            arrive(
                request.request, for: .connection(connection, request.id), timeLeft: request.timeLeft, id: request.id,
                now, &effects)
        case .layoutRequest:
            effects.append(.answer(.layoutReply(LayoutReply(layout: layout.encoded())), to: connection))
        default: break  // A client has no business with the rest.
        }
    }

    private mutating func fired(_ timer: TimerName, _ now: Now, _ effects: inout Effects) {
        switch timer {
        case .deadlines: deadlinesDue(now, &effects)
        case .retry: retry(now, &effects)
        case .flush: flushInterval(now, &effects)
        case .stop: finishStopping(&effects)
        case .exchange: exchange(now, &effects)
        case .scrub: scrubIsDue(now, &effects)
        case .membership: tell(.timer, now, &effects)
        case .reclaim: reclaim(now, &effects)
        case .hints: deliverHints(now, &effects)
        case .background: resumeBackground(now, &effects)
        }
    }
}
