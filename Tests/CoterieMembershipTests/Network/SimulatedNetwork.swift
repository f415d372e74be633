// Many members in virtual time: messages with delays and losses, splits, processes that crash or hang. A seed decides a
// run; every effect is mixed into its digest.

import CoterieMembership
import CoteriePrimitives
import NIOCore
import Testing

/// A cluster of machines. Members are numbered from 1, nodes from 0.
final class SimulatedNetwork {
    struct Plan {
        var nodes: Int
        var seed: UInt64 = 1
        var settings = MembershipSettings()
        /// Per message, uniform.
        var delay = TimeSpan.microseconds(500) ... TimeSpan.milliseconds(5)
        /// In thousandths of all messages.
        var loss = 0
        /// Who starts with a connection to whom.
        var startsConnected = true
    }

    /// What a member began to see of another.
    struct Sight {
        let at: Instant
        let observer: Int
        let change: MemberChange
    }

    private enum Happening {
        case message(MembershipMessage, from: Int)
        case input(MembershipInput)
        case timer(serial: Int)
        case resume
        case work
    }

    private struct Process {
        var isCrashed = false
        var isPaused = false
        /// What came while it hung.
        var waiting: [MembershipInput] = []
        var timerSerial = 0
        var timerIsOverdue = false
        var side = 0
        /// How long one input takes; nil: no time.
        var effort: TimeSpan?
        var isBusy = false
    }

    let plan: Plan
    private(set) var machines: [MembershipMachine]
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private(set) var sights: [Sight] = []
    private(set) var digest: UInt64 = 0
    private(set) var messagesSent: [Int]
    private(set) var bytesSent = 0
    private(set) var tablesSent = 0
    private(set) var longestGossip = 0
    /// Lets a test change messages on their way, or lose them: the message, from, to.
    var alter: ((MembershipMessage, Int, Int) -> MembershipMessage?)?

    private var processes: [Process]
    private var queue = HappeningQueue<(node: Int, what: Happening)>()
    private var generator: SeededGenerator
    private var effects: [MembershipEffect] = []
    private var handled = 0
    private var scratch = ByteBuffer()

    init(_ plan: Plan) {
        self.plan = plan
        generator = SeededGenerator(seed: plan.seed)
        let members = (0 ..< plan.nodes).map(Self.member)
        let start = now
        let seeds = members.map { UInt64($0.rawValue) &* 0x9e37_79b9 ^ plan.seed << 32 }
        machines = zip(members, seeds).map {
            var machine = MembershipMachine(me: $0, members: members, settings: plan.settings, seed: $1, at: start)
            var none: [MembershipEffect] = []
            if plan.startsConnected {
                for other in members { machine.handle(.connected(other), at: start, into: &none) }
            }
            return machine
        }
        processes = Array(repeating: Process(), count: plan.nodes)
        messagesSent = Array(repeating: 0, count: plan.nodes)
        for node in 0 ..< plan.nodes { feed(.start, to: node) }
    }

    static func member(_ node: Int) -> MemberNumber { MemberNumber(UInt32(node + 1)) }
    static func node(_ member: MemberNumber) -> Int { Int(member.rawValue) - 1 }

    // MARK: faults

    /// The process is gone. A machine that vanishes with its network (`silently`) breaks no connection.
    func crash(_ node: Int, silently: Bool = true) {
        processes[node].isCrashed = true
        guard !silently else { return }
        for other in 0 ..< plan.nodes where other != node {
            queue.push((other, .input(.disconnected(Self.member(node)))), at: now + delay())
        }
    }

    /// A new process of the same member, which knows nothing; others connect to it.
    func restart(_ node: Int) {
        let members = machines[node].standings.map(\.member)
        machines[node] = MembershipMachine(
            me: Self.member(node), members: members, settings: plan.settings, seed: generator.next(), at: now)
        processes[node] = Process(timerSerial: processes[node].timerSerial + 1)
        for other in 0 ..< plan.nodes where other != node && !processes[other].isCrashed {
            feed(.connected(Self.member(other)), to: node)
            queue.push((other, .input(.connected(Self.member(node)))), at: now + delay())
        }
        feed(.start, to: node)
    }

    /// The process hangs; what is sent to it waits, and its timers run late.
    func pause(_ node: Int, for span: TimeSpan) {
        processes[node].isPaused = true
        queue.push((node, .resume), at: now + span)
    }

    /// The process gets so little of its processor that each input takes it so long; nil: it is well again.
    func slow(_ node: Int, effort: TimeSpan?) {
        processes[node].effort = effort
        if effort == nil { resume(node) }
    }

    /// Messages between the first nodes and the others are lost from now on; connections seem to stand.
    func split(first count: Int) {
        for node in 0 ..< plan.nodes { processes[node].side = node < count ? 0 : 1 }
    }

    func heal() { for node in 0 ..< plan.nodes { processes[node].side = 0 } }

    /// Breaks, or makes, all connections between the first nodes and the others, as both ends see at once.
    func connections(between first: Int, areUp: Bool) {
        for a in 0 ..< first {
            for b in first ..< plan.nodes {
                feed(areUp ? .connected(Self.member(b)) : .disconnected(Self.member(b)), to: a)
                feed(areUp ? .connected(Self.member(a)) : .disconnected(Self.member(a)), to: b)
            }
        }
    }

    // MARK: time

    func run(for span: TimeSpan) { run(until: now + span) }

    func run(until end: Instant) {
        while let at = queue.earliest, at <= end { step() }
        now = end
    }

    /// Runs until `condition` holds, and gives the time that took; nil if it does not hold in time.
    func run(atMost span: TimeSpan, until condition: (SimulatedNetwork) -> Bool) -> TimeSpan? {
        let start = now
        let end = now + span
        while !condition(self) {
            guard let at = queue.earliest, at <= end else { return nil }
            // A condition looks at all nodes: now and then is enough.
            let slice = at + .milliseconds(plan.nodes > 100 ? 100 : 10)
            while let at = queue.earliest, at <= slice { step() }
        }
        return now - start
    }

    private func step() {
        guard let (at, next) = queue.pop() else { return }
        now = max(now, at)
        guard !processes[next.node].isCrashed else { return }
        switch next.what {
        case .message(let message, let from):
            deliver(.message(message, from: Self.member(from)), to: next.node)
        case .input(let input): deliver(input, to: next.node)
        case .timer(let serial):
            guard serial == processes[next.node].timerSerial else { return }
            if processes[next.node].isPaused {
                processes[next.node].timerIsOverdue = true
            } else if processes[next.node].effort != nil {
                processes[next.node].timerIsOverdue = true
                work(next.node, begins: true)
            } else {
                feed(.timer, to: next.node)
            }
        case .resume: resume(next.node)
        case .work: work(next.node, begins: false)
        }
    }

    private func deliver(_ input: MembershipInput, to node: Int) {
        if processes[node].isPaused {
            processes[node].waiting.append(input)
        } else if processes[node].effort != nil {
            processes[node].waiting.append(input)
            work(node, begins: true)
        } else {
            feed(input, to: node)
        }
    }

    /// A slow process takes up one thing: its timer, if that is overdue, or what has waited longest.
    private func work(_ node: Int, begins: Bool) {
        guard let effort = processes[node].effort, !(begins && processes[node].isBusy) else { return }
        if !begins {
            if processes[node].timerIsOverdue {
                processes[node].timerIsOverdue = false
                feed(.timer, to: node)
            } else if !processes[node].waiting.isEmpty {
                feed(processes[node].waiting.removeFirst(), to: node)
            }
        }
        processes[node].isBusy = processes[node].timerIsOverdue || !processes[node].waiting.isEmpty
        if processes[node].isBusy { queue.push((node, .work), at: now + effort) }
    }

    /// It goes on: with its timer or with what it was sent, as it happens.
    private func resume(_ node: Int) {
        processes[node].isPaused = false
        let waiting = processes[node].waiting
        processes[node].waiting = []
        let isOverdue = processes[node].timerIsOverdue
        processes[node].timerIsOverdue = false
        let timerFirst = generator.chance(1, in: 2)
        if isOverdue, timerFirst { feed(.timer, to: node) }
        let serial = processes[node].timerSerial
        for input in waiting { feed(input, to: node) }
        if isOverdue, !timerFirst, serial == processes[node].timerSerial { feed(.timer, to: node) }
    }

    private func delay() -> TimeSpan {
        let spread = plan.delay.upperBound - plan.delay.lowerBound
        return plan.delay.lowerBound + TimeSpan(nanoseconds: Int64(generator.below(Int(spread.nanoseconds) + 1)))
    }

    // MARK: effects

    func feed(_ input: MembershipInput, to node: Int) {
        effects.removeAll(keepingCapacity: true)
        machines[node].handle(input, at: now, into: &effects)
        handled += 1
        if plan.nodes <= 10 || (plan.nodes <= 100 && handled.isMultiple(of: 100)) { machines[node].checkInvariants() }
        for effect in effects { perform(effect, of: node) }
    }

    private func perform(_ effect: MembershipEffect, of node: Int) {
        switch effect {
        case .send(let message, let member):
            send(message, from: node, to: Self.node(member))
        case .setTimer(let instant):
            #expect(instant >= now)
            processes[node].timerSerial += 1
            mix(UInt64(bitPattern: instant.nanoseconds))
            queue.push((node, .timer(serial: processes[node].timerSerial)), at: instant)
        case .changed(let change):
            mix(UInt64(change.member.rawValue) << 8 | UInt64(change.to.rawValue))
            sights.append(Sight(at: now, observer: node, change: change))
        }
    }

    private func send(_ message: MembershipMessage, from: Int, to: Int) {
        messagesSent[from] += 1
        mix(UInt64(from) << 48 | UInt64(to) << 32 | measure(message))
        if processes[from].side != processes[to].side { return }
        if plan.loss > 0, generator.chance(plan.loss, in: 1_000) { return }
        guard let message = alter.map({ $0(message, from, to) }) ?? message else { return }
        queue.push((to, .message(message, from: from)), at: now + delay())
    }

    /// Encodes a message for its size; gives its checksum. (Tables of a thousand take a debug build too long.)
    private func measure(_ message: MembershipMessage) -> UInt64 {
        if case .exchange(let table, _) = message, table.count > 100 {
            tablesSent += 1
            return UInt64(table.count)
        }
        scratch.clear()
        message.encode(into: &scratch)
        bytesSent += scratch.readableBytes
        if case .exchange = message {} else { longestGossip = max(longestGossip, scratch.readableBytes) }
        return UInt64(scratch.crc32())
    }

    private func mix(_ word: UInt64) {
        var z = (digest ^ word) &* 0xbf58_476d_1ce4_e5b9
        z ^= z >> 31
        z = z &* 0x94d0_49bb_1331_11eb
        digest = z ^ (z >> 29)
    }

    // MARK: what is seen

    /// Nodes that run.
    var live: [Int] { (0 ..< plan.nodes).filter { !processes[$0].isCrashed } }

    func status(of subject: Int, seenBy observer: Int) -> MemberStatus {
        machines[observer].standing(of: Self.member(subject))?.status ?? .dead
    }

    /// Whether every running node sees this one so.
    func all(see subject: Int, as status: MemberStatus) -> Bool {
        live.allSatisfy { $0 == subject || self.status(of: subject, seenBy: $0) == status }
    }

    /// Whether every running node sees every running one alive, and the others dead.
    var isSettled: Bool {
        (0 ..< plan.nodes).allSatisfy { all(see: $0, as: processes[$0].isCrashed ? .dead : .alive) }
    }

    /// Whether all running nodes hold the same status and refutation number of everybody.
    var agrees: Bool {
        let tables = live.map { node in machines[node].standings.map { [UInt64($0.status.rawValue), $0.refutation] } }
        return tables.dropFirst().allSatisfy { $0 == tables[0] }
    }

    /// Checks all nodes, or of very many a part.
    func checkInvariants() {
        for node in live where plan.nodes <= 100 || node.isMultiple(of: 50) { machines[node].checkInvariants() }
    }
}
