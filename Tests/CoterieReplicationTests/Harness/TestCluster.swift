// A few node machines, joined by a network that a seed orders: each step delivers one message, completes one piece of
// disk work or lets time pass to the next timer. Every message goes through the production codec.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

/// Two members' connection.
struct Pair: Hashable {
    let low: MemberNumber
    let high: MemberNumber

    init(_ a: MemberNumber, _ b: MemberNumber) {
        low = min(a, b)
        high = max(a, b)
    }
}

final class TestNode {
    let member: MemberNumber
    var machine: NodeMachine
    let engine: ToyEngine
    var isUp = true
    var hasStopped = false
    var timers: [TimerName: Instant] = [:]
    var notes: [Note] = []
    var disk: [DiskWork] = []
    /// Its disk finishes nothing.
    var diskHangs = false
    var life: UInt64 = 1

    init(_ member: MemberNumber, _ machine: NodeMachine, _ engine: ToyEngine) {
        self.member = member
        self.machine = machine
        self.engine = engine
    }
}

final class TestCluster {
    let layout: Layout
    let settings: ReplicationSettings
    let limits: Limits
    let registry: TypeRegistry
    private(set) var nodes: [MemberNumber: TestNode] = [:]
    private(set) var replies: [UInt64: ClientReply] = [:]
    private(set) var connectionReplies: [RequestID: [ClientReply]] = [:]
    private var links: [Pair: Bool] = [:]
    /// Messages on their way, in order of each direction.
    private var wires: [Pair: [[Message]]] = [:]
    private var generator: SeededGenerator
    private(set) var clock: Int64 = 1_000_000_000
    private var tokens: UInt64 = 0
    /// Lets a test look at, change or swallow what is sent.
    var onSend: ((Message, MemberNumber, MemberNumber) -> Bool)?

    init(
        nodes count: Int = 3, replicas: Int = 3, seed: UInt64 = 1, settings: ReplicationSettings = .init(),
        limits: Limits = .init(), types: [BucketType]? = nil, registry: TypeRegistry = .builtIn,
        onSend: ((Message, MemberNumber, MemberNumber) -> Bool)? = nil
    ) throws {
        self.onSend = onSend
        let members = (1 ... count).map { i in
            Member(
                number: MemberNumber(UInt32(i)), name: "n\(i)", peer: Endpoint(host: "127.0.0.1", port: 7100 + i),
                http: Endpoint(host: "127.0.0.1", port: 8100 + i))
        }
        layout = try Layout(
            first: ClusterDefinition(
                name: "test", partitions: 16, replicas: replicas, members: members,
                bucketTypes: types))
        self.settings = settings
        self.limits = limits
        self.registry = registry
        generator = SeededGenerator(seed: seed)
        for member in members {
            let engine = ToyEngine()
            nodes[member.number] = TestNode(member.number, birth(member.number, life: 1, engine), engine)
        }
        for number in numbers { feed(.start, to: number) }
        for a in numbers { for b in numbers where a < b { connect(a, b) } }
        settle()
    }

    private func birth(_ member: MemberNumber, life: UInt64, _ engine: ToyEngine) -> NodeMachine {
        let knowledge = Knowledge()
        for record in engine.log { knowledge.replay(record) }
        return NodeMachine(
            .init(
                member: member, nonce: UInt64(member.rawValue) << 32 | life, layout: layout, settings: settings,
                limits: limits, types: registry, knowledge: knowledge),
            engine: engine)
    }

    var numbers: [MemberNumber] { nodes.keys.sorted() }
    var now: Now {
        Now(
            monotonic: Instant(nanoseconds: clock),
            wall: WallTime(milliseconds: 1_700_000_000_000 + clock / 1_000_000))
    }

    subscript(_ number: Int) -> TestNode { nodes[MemberNumber(UInt32(number))]! }

    // MARK: Faults

    func connect(_ a: MemberNumber, _ b: MemberNumber) {
        guard links[Pair(a, b)] != true, nodes[a]!.isUp, nodes[b]!.isUp else { return }
        links[Pair(a, b)] = true
        wires[Pair(a, b)] = [[], []]
        feed(.memberConnected(b, nonce: UInt64(b.rawValue) << 32 | nodes[b]!.life), to: a)
        feed(.memberConnected(a, nonce: UInt64(a.rawValue) << 32 | nodes[a]!.life), to: b)
    }

    /// The connection breaks; what is on its way is lost.
    func disconnect(_ a: MemberNumber, _ b: MemberNumber) {
        guard links[Pair(a, b)] == true else { return }
        links[Pair(a, b)] = false
        wires[Pair(a, b)] = [[], []]
        if nodes[a]!.isUp { feed(.memberDisconnected(b), to: a) }
        if nodes[b]!.isUp { feed(.memberDisconnected(a), to: b) }
    }

    func kill(_ number: Int) {
        let member = MemberNumber(UInt32(number))
        let node = nodes[member]!
        guard node.isUp else { return }
        node.isUp = false
        node.timers = [:]
        node.disk = []
        for other in numbers where other != member { disconnect(member, other) }
    }

    /// A new life over what the engine holds; connected to all that are up.
    func restart(_ number: Int, wiped: Bool = false, from backup: ToyEngine? = nil) {
        let member = MemberNumber(UInt32(number))
        let old = nodes[member]!
        kill(number)
        let engine = backup ?? (wiped ? ToyEngine() : old.engine)
        engine.restart()
        let node = TestNode(member, birth(member, life: old.life + 1, engine), engine)
        node.life = old.life + 1
        nodes[member] = node
        feed(.start, to: member)
        for other in numbers where other != member { connect(member, other) }
    }

    // MARK: Clients

    /// Asks through a node's door; the reply is in `replies` under the token.
    func ask(_ number: Int, _ request: ClientRequest) -> UInt64 {
        tokens += 1
        feed(.client(ReplyToken(rawValue: tokens), request), to: MemberNumber(UInt32(number)))
        return tokens
    }

    /// Asks and runs until the answer is there.
    func call(_ number: Int, _ request: ClientRequest) -> ClientReply {
        let token = ask(number, request)
        for _ in 0 ..< 100_000 {
            if let reply = replies[token] { return reply }
            if !step() { break }
        }
        Issue.record("\(request) was never answered")
        return ClientReply(
            result: .failed(Failure(.internalError, "never answered")),
            receipt: Receipt(coordinator: MemberNumber(0), epoch: Epoch(0)))
    }

    func reply(_ token: UInt64) -> ClientReply? { replies[token] }

    // MARK: Running

    /// Runs until nothing is on its way (timers stay).
    func settle() {
        for _ in 0 ..< 200_000 where !stepWithoutTime() { return }
    }

    /// Lets that much time pass, with all that happens in it.
    func pass(_ span: TimeSpan) {
        let end = clock + span.nanoseconds
        settle()
        while let next = nextTimer(), next.at.nanoseconds <= end {
            fire(next)
            settle()
        }
        clock = max(clock, end)
    }

    /// One event, in an order that the seed draws; false where nothing is left to happen.
    @discardableResult
    func step() -> Bool {
        if stepWithoutTime() { return true }
        guard let next = nextTimer() else { return false }
        fire(next)
        return true
    }

    /// The node comes to its timer only so long after it was due, and to nothing else meanwhile.
    func late(_ name: TimerName, by span: TimeSpan, at number: Int) {
        let member = MemberNumber(UInt32(number))
        guard let due = nodes[member]!.timers[name] else {
            Issue.record("\(member) has no timer \(name)")
            return
        }
        fire((member, name, due + span))
    }

    private func nextTimer() -> (member: MemberNumber, name: TimerName, at: Instant)? {
        var least: (MemberNumber, TimerName, Instant)?
        for number in numbers where nodes[number]!.isUp {
            for name in TimerName.allCases {
                guard let at = nodes[number]!.timers[name] else { continue }
                if least.map({ at < $0.2 }) ?? true { least = (number, name, at) }
            }
        }
        return least
    }

    private func fire(_ timer: (member: MemberNumber, name: TimerName, at: Instant)) {
        clock = max(clock, timer.at.nanoseconds)
        nodes[timer.member]!.timers[timer.name] = nil
        feed(.timer(timer.name), to: timer.member)
    }

    private func stepWithoutTime() -> Bool {
        var choices: [() -> Void] = []
        for pair in wires.keys.sorted(by: { ($0.low, $0.high) < ($1.low, $1.high) }) {
            for direction in [0, 1] where !wires[pair]![direction].isEmpty {
                choices.append { [self] in
                    let message = wires[pair]![direction].removeFirst()
                    let (from, to) = direction == 0 ? (pair.low, pair.high) : (pair.high, pair.low)
                    feed(.peer(message, from: from), to: to)
                }
            }
        }
        for number in numbers where nodes[number]!.isUp && !nodes[number]!.diskHangs && !nodes[number]!.disk.isEmpty {
            choices.append { [self] in
                let work = nodes[number]!.disk.removeFirst()
                feed(.disk(DiskCompletion(id: work.id, outcome: .done([]))), to: number)
            }
        }
        guard let choice = generator.pick(choices) else { return false }
        clock += 1_000
        choice()
        return true
    }

    func feed(_ input: Input, to member: MemberNumber) {
        let node = nodes[member]!
        guard node.isUp else { return }
        var effects = Effects()
        node.machine.handle(input, at: now, into: &effects)
        node.machine.handle(.tickEnded, at: now, into: &effects)
        perform(effects, of: node)
    }

    private func perform(_ effects: Effects, of node: TestNode) {
        for effect in effects.list {
            switch effect {
            case .send(let message, let target): send(message, from: node.member, to: target)
            case .answer(.response(let response), _): connectionReplies[response.id, default: []].append(response.reply)
            case .answer: break
            case .reply(let token, let reply):
                #expect(replies[token.rawValue] == nil, "a request is answered once")
                replies[token.rawValue] = reply
            case .disk(let work): node.disk.append(work)
            case .setTimer(let name, let at): node.timers[name] = at
            case .cancelTimer(let name): node.timers[name] = nil
            case .note(let note): node.notes.append(note)
            case .stopped: node.hasStopped = true
            case .adopt: break
            }
        }
    }

    private func send(_ message: Message, from: MemberNumber, to: MemberNumber) {
        if let onSend, !onSend(message, from, to) { return }
        let pair = Pair(from, to)
        guard links[pair] == true else {
            feed(.unsent(message, to: to), to: from)
            return
        }
        wires[pair]![from < to ? 0 : 1].append(coded(message))
    }

    /// Through the production codec and back.
    private func coded(_ message: Message) -> Message {
        var bytes = ByteBuffer()
        message.encode(into: &bytes)
        var decoder = FrameDecoder(maxFrameBytes: 1 << 26)
        decoder.append(bytes)
        do {
            let frame = try #require(try decoder.next())
            return try Message.decode(kind: frame.kind, body: frame.body)
        } catch {
            Issue.record("\(message) does not survive the wire: \(error)")
            return message
        }
    }
}
