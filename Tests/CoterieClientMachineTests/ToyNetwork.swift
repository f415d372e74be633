// A toy world around the machine: nodes that apply writes, remember the ids of the requests that they have carried
// while they live, restart and forget, stall, refuse; connections that lose, repeat and delay messages. It knows which
// write was applied how often, which is what the machine's answers are held against.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

@testable import CoterieClientMachine

struct ToyNetwork {
    struct ToyNode {
        var life: UInt64 = 1
        var isRunning = true
        /// Still connected, and silent.
        var isStalled = false
        var links: Set<LinkID> = []
        /// The answers of this life, by request.
        var remembered: [UInt64: ClientResult] = [:]
        var layout: Layout
    }

    struct Event {
        var at: Int64
        var order: Int
        var kind: Kind
        enum Kind {
            case input(ClientInput)
            case arrives(Message, LinkID, node: Int, life: UInt64)
            case timer(ClientTimer, generation: Int)
            case connected(LinkID, node: Int)
        }
    }

    var random: SeededGenerator
    var machine: ClientMachine
    var time: Int64 = 0
    var nodes: [ToyNode] = []
    var nodeOfLink: [LinkID: Int] = [:]
    var events: [Event] = []
    var order = 0
    var inputs = 0
    var timers: [ClientTimer: Int] = [:]
    var timerGeneration = 0
    /// How often each request was applied, over all nodes and lives.
    var applied: [UInt64: Int] = [:]
    /// What the machine said of each call.
    var outcomes: [CallID: [Completion]] = [:]
    var sequenceOfCall: [CallID: UInt64] = [:]
    var isWrite: [CallID: Bool] = [:]
    /// Updates with an operation's id: they may be applied several times.
    var isRepeatable: Set<CallID> = []
    /// Of 1000 messages, how many are lost with their connection; of 1000 answers, how many come twice.
    let loss: Int
    let repeats: Int
    let slowest: Int

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        loss = [0, 2, 10, 50].randomElement(using: &random) ?? 0
        repeats = [0, 20, 200].randomElement(using: &random) ?? 0
        slowest = [5, 50, 700].randomElement(using: &random) ?? 5
        var settings = ClientSettings()
        settings.connectionsPerNode = 1 + random.below(3)
        settings.maxInFlightPerConnection = 1 + random.below(20)
        settings.maxPending = 20 + random.below(60)
        settings.defaultTimeout = .milliseconds(Int64(100 + random.below(3_000)))
        settings.hedgeAfter = random.chance(1, in: 3) ? nil : .milliseconds(Int64(10 + random.below(200)))
        settings.retryCapacity = random.below(200)
        settings.maxAttempts = 1 + random.below(5)
        settings.routing = random.chance(1, in: 5) ? .seeds : .owners
        settings.reachPatience = .milliseconds(Int64(random.below(2_000)))
        let layout = Rig.layout(members: 5)
        nodes = Array(repeating: ToyNode(layout: layout), count: 5)
        let seeds = (1 ... 1 + random.below(5)).map(Rig.endpoint)
        machine = ClientMachine(settings: settings, seeds: seeds, origin: 77)
        feed(.start)
    }

    var now: Now { Now(monotonic: Instant(nanoseconds: time * 1_000), wall: WallTime(milliseconds: time / 1_000)) }

    mutating func later(_ microseconds: Int, _ kind: Event.Kind) {
        order += 1
        let event = Event(at: time + Int64(microseconds), order: order, kind: kind)
        // Latest first: the next event is the last.
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            if events[middle].at > event.at { low = middle + 1 } else { high = middle }
        }
        events.insert(event, at: low)
    }

    mutating func delay() -> Int { 50 + random.below(slowest * 1_000) }

    mutating func call(_ id: CallID, write: Bool) {
        var request = ClientRequest(
            key: Rig.key("k\(random.below(40))"),
            operation: write ? .put(.init(.init(string: "v")), context: nil, condition: nil) : .get)
        if write, random.chance(1, in: 3) {
            let addition = CounterOperation.add(1).canonicalBytes()
            request.operation = .update(addition, context: nil, id: OperationID(client: 77, number: id.rawValue))
            isRepeatable.insert(id)
        }
        if random.chance(1, in: 4) { request.options.timeout = .milliseconds(Int64(20 + random.below(1_500))) }
        isWrite[id] = write
        sequenceOfCall[id] = Call.sequence(of: machine.nextRequestID)
        outcomes[id] = []
        feed(.call(id, request))
    }

    mutating func feed(_ input: ClientInput) {
        var effects: [ClientEffect] = []
        machine.handle(input, at: now, into: &effects)
        inputs += 1
        if inputs % 16 == 0 { machine.checkInvariants() }
        for effect in effects { perform(effect) }
    }

    private mutating func perform(_ effect: ClientEffect) {
        switch effect {
        case .connect(let link, let endpoint, _):
            let node = endpoint.port - 1
            if nodes[node].isRunning, !random.chance(1, in: 20) {
                later(delay(), .connected(link, node: node))
            } else {
                later(delay(), .input(.linkDown(link, .notConnected("refused"))))
            }
        case .disconnect(let link): cut(link, tell: false)
        case .send(let link, let message):
            guard let node = nodeOfLink[link] else { return }
            if case .request(let request) = message, random.chance(1, in: 100) {
                return later(0, .input(.notSent(link, request.id)))
            }
            if random.chance(loss, in: 1_000) { return cut(link, tell: true) }
            later(delay(), .arrives(message, link, node: node, life: nodes[node].life))
        case .complete(let id, let completion): outcomes[id, default: []].append(completion)
        case .setTimer(let timer, let at):
            timerGeneration += 1
            timers[timer] = timerGeneration
            later(Int(max(0, (at.nanoseconds + 999) / 1_000 - time)), .timer(timer, generation: timerGeneration))
        case .cancelTimer(let timer): timers[timer] = nil
        case .learnt, .closed, .trace: break
        }
    }

    /// A connection ends. What was on its way to the node may still arrive there; nothing comes back.
    mutating func cut(_ link: LinkID, tell: Bool) {
        guard let node = nodeOfLink.removeValue(forKey: link) else { return }
        nodes[node].links.remove(link)
        if tell { later(delay(), .input(.linkDown(link, .lost("cut")))) }
    }

    /// Takes the next event; false where there is none.
    mutating func step() -> Bool {
        guard let event = events.popLast() else { return false }
        time = max(time, event.at)
        switch event.kind {
        case .input(let input): feed(input)
        case .timer(let timer, let generation):
            guard timers[timer] == generation else { break }
            timers[timer] = nil
            feed(.timer(timer))
        case .connected(let link, let node): connected(link, node)
        case .arrives(let message, let link, let node, let life):
            // A connection is to one life: what was on its way to an earlier one is gone.
            guard nodes[node].isRunning, nodes[node].life == life else { break }
            if nodes[node].isStalled { later(20_000, event.kind) } else { arrives(message, link, node) }
        }
        return true
    }

    private mutating func connected(_ link: LinkID, _ node: Int) {
        guard nodes[node].isRunning, !nodes[node].isStalled else {
            return later(delay(), .input(.linkDown(link, .notConnected("refused"))))
        }
        nodeOfLink[link] = node
        nodes[node].links.insert(link)
        let hello = Hello(
            clusterName: Rig.cluster,
            speaker: .member(number: MemberNumber(UInt32(node + 1)), name: "n", nonce: nodes[node].life),
            epoch: nodes[node].layout.epoch, layoutDigest: 1)
        feed(.linkUp(link, hello))
    }

    /// A message reaches its node: also when the connection it came by is gone, if it is the same life.
    private mutating func arrives(_ message: Message, _ link: LinkID, _ node: Int) {
        switch message {
        case .layoutRequest:
            answer(.layoutReply(LayoutReply(layout: nodes[node].layout.encoded())), over: link)
        case .request(let request):
            let reply = ClientReply(
                result: result(of: request, at: node),
                receipt: Receipt(coordinator: MemberNumber(UInt32(node + 1)), epoch: nodes[node].layout.epoch))
            answer(.response(Response(id: request.id, reply: reply)), over: link)
        default: break
        }
    }

    private mutating func result(of request: Request, at node: Int) -> ClientResult {
        let sequence = request.id.sequence
        // Refused at the door, before anybody looks whether it is known: says nothing about an earlier attempt.
        if random.chance(1, in: 20) {
            return .failed(Failure(random.chance(1, in: 2) ? .overloaded : .shuttingDown, "busy"))
        }
        if let known = nodes[node].remembered[sequence] { return known }
        guard request.request.operation.isWrite else {
            return random.chance(1, in: 20)
                ? .failed(Failure(.notInSync, "no")) : .object(CausalObject())
        }
        // Refusals are not remembered: a repeat is judged anew.
        if random.chance(1, in: 15) {
            let codes: [ErrorCode] = [
                .overloaded, .shuttingDown, .preconditionFailed, .insufficientReplicas, .wrongEpoch,
            ]
            return .failed(Failure(codes.randomElement(using: &random) ?? .overloaded, "no"))
        }
        applied[Call.sequence(of: request.id), default: 0] += 1
        let result: ClientResult =
            random.chance(1, in: 10)
            ? .failed(Failure(.timeout, "w not met", outcome: .unknown))
            : .stored(context: VersionVector(), object: nil)
        nodes[node].remembered[sequence] = result
        return result
    }

    private mutating func answer(_ message: Message, over link: LinkID) {
        guard nodeOfLink[link] != nil else { return }
        if random.chance(loss, in: 1_000) { return cut(link, tell: true) }
        later(delay(), .input(.received(link, message)))
        if random.chance(repeats, in: 1_000) { later(delay(), .input(.received(link, message))) }
    }

    /// Something happens to a node.
    mutating func disturb() {
        let node = random.below(nodes.count)
        switch random.below(7) {
        case 0, 1, 6:
            // Some come back at once.
            nodes[node].isRunning = random.chance(1, in: 2)
            nodes[node].isStalled = false
            nodes[node].remembered = [:]
            for link in nodes[node].links.sorted() { cut(link, tell: true) }
            nodes[node].life += 1
        case 2, 3: nodes[node].isRunning = true
        case 4: nodes[node].isStalled = random.chance(1, in: 2) && nodes[node].isRunning
        default:
            let layout = Rig.layout(epoch: nodes[node].layout.epoch.rawValue + 1, members: 3 + random.below(3))
            for i in nodes.indices where random.chance(2, in: 3) && nodes[i].layout.epoch < layout.epoch {
                nodes[i].layout = layout
            }
        }
    }

    mutating func heal() {
        for node in nodes.indices {
            nodes[node].isRunning = true
            nodes[node].isStalled = false
        }
    }
}
