// Who is alive, as a state machine: SWIM with suspicion (Das, Gupta, Motivala 2002) and Lifeguard (Dadgar, Phillips,
// Currey 2018), with memberlist's periodic full exchange.
//
// In each period one other member is probed, in an order that is shuffled anew after each pass. One that does not answer
// is probed through three others; one that then has not answered is *suspect*, which is told to everybody, to itself
// above all. It refutes by raising its refutation number. If it does not, it is *dead* after a time that shrinks with
// each member that confirms the suspicion. News rides on probes and answers, and on small messages of its own while there
// is any. So a period costs each member a probe and an answer, whatever the number of members.
//
// Members are the layout's: nothing is added or removed here. What is dead comes back by refuting.
//
// Connections are streams here, where SWIM has datagrams. A connection that breaks, and a request that times out, are
// reasons to probe at once; they never decide. The machine reads no clock and draws from its own generator: a seed and a
// list of inputs decide all effects.

import CoteriePrimitives

/// The membership as one node sees it. A value; feed it inputs, perform its effects.
public struct MembershipMachine: Sendable {
    public let me: MemberNumber
    public let settings: MembershipSettings
    public internal(set) var counters = MembershipCounters()

    var table: MemberTable
    /// Of the members that are suspect, in order of their numbers.
    var suspicions: [Suspicion] = []
    var news = GossipQueue()
    var health: LocalHealth
    var order: ProbeOrder
    var generator: SeededGenerator
    /// In the order of their beginning.
    var probes: [Probe] = []
    var relays: [Relay] = []
    var lastSequence: UInt32

    var schedule = Schedule()
    /// When the timer was set for.
    var timer: Instant?
    /// Whether the whole table is to be exchanged with somebody as soon as possible, and with whom best.
    var wantsExchange = true
    var exchangePartner: MemberNumber?
    var phase = Phase.new

    /// Can transition to: `running`, `stopped`.
    enum Phase: Hashable, Sendable {
        case new
        /// Can transition to: `stopped`.
        case running
        case stopped
    }

    /// When what is periodic is due next; nil: not at all.
    struct Schedule: Hashable, Sendable {
        var probe: Instant?
        var gossip: Instant?
        var exchange: Instant?
        var deadProbe: Instant?
    }

    /// - Parameters:
    ///   - members: the layout's, in any order; `me` may be left out.
    ///   - seed: decides the order of probes and the choice of partners; give each node another one.
    ///   - now: since when all are taken to be alive, until the start tells it better.
    public init(
        me: MemberNumber, members: [MemberNumber], settings: MembershipSettings = MembershipSettings(), seed: UInt64,
        at now: Instant
    ) {
        if let problem = settings.problem { preconditionFailure(problem) }
        self.me = me
        self.settings = settings
        generator = SeededGenerator(seed: seed)
        health = LocalHealth(most: settings.maxHealthMultiplier)
        let all = Self.ordered(members, with: me)
        table = MemberTable(all, at: now)
        order = ProbeOrder(all.filter { $0 != me }, using: &generator)
        // An answer to an earlier life's probe must not fit one of this life.
        lastSequence = UInt32(truncatingIfNeeded: generator.next())
    }

    /// Each number once, in order.
    static func ordered(_ members: [MemberNumber], with me: MemberNumber) -> [MemberNumber] {
        var ordered: [MemberNumber] = []
        ordered.reserveCapacity(members.count + 1)
        for member in (members + [me]).sorted() where member != ordered.last { ordered.append(member) }
        return ordered
    }

    /// Handles one event, and appends what is to be done about it, in order.
    public mutating func handle(_ input: MembershipInput, at now: Instant, into effects: inout [MembershipEffect]) {
        guard phase != .stopped else { return }
        if phase == .running { noticeAbsence(now) }
        switch input {
        case .start: start(now)
        case .timer:
            timer = nil
            if phase == .running { runDue(now, &effects) }
        case .message(let message, let sender): receive(message, from: sender, now, &effects)
        case .unsent(let message, let member): unsent(message, to: member, now, &effects)
        case .connected(let member): connected(member, now, &effects)
        case .disconnected(let member): disconnected(member, now, &effects)
        case .requestTimedOut(let member): doubt(member, now, &effects)
        case .answered(let member, let at): answered(member, at: min(at, now), now, &effects)
        case .membersChanged(let members): adopt(members, now)
        case .stop: stop(&effects)
        }
        if phase == .running { setTimer(now, &effects) }
    }

    private mutating func receive(
        _ message: MembershipMessage, from sender: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]
    ) {
        guard sender != me else { return }
        if case .exchange(let claims, let wantsReply) = message {
            return receiveTable(claims, wantsReply: wantsReply, from: sender, now, &effects)
        }
        for claim in message.claims { learn(claim, from: sender, .gossip, now, &effects) }
        switch message {
        case .probe(let sequence, _):
            effects.append(.send(.answer(sequence: sequence, news: takeNews(for: sender)), to: sender))
        case .answer(let sequence, _): receiveAnswer(sequence, from: sender, now, &effects)
        case .probeFor(let target, let sequence, let patience, _):
            relay(target, sequence, patience, for: sender, now, &effects)
        case .noAnswer(let sequence): receiveNoAnswer(sequence, from: sender, now, &effects)
        case .gossip, .exchange: break
        }
    }
}

// What is seen from outside.
extension MembershipMachine {
    /// All members of the layout, this one included, in order of their numbers.
    public var standings: [Standing] { table.members }

    /// How a member is seen; nil where the layout does not have it. Itself a member always sees alive. O(log members).
    public func standing(of member: MemberNumber) -> Standing? { table.index(of: member).map { table[$0] } }

    /// Who accuses a suspect member, and when it becomes dead if nothing is refuted; nil where it is not suspect.
    public func suspicion(of member: MemberNumber) -> (accusers: [MemberNumber], deadline: Instant)? {
        suspicions.first { $0.member == member }.map { ($0.accusers, $0.deadline) }
    }

    /// This member's own refutation number.
    public var refutation: UInt64 { standing(of: me)?.refutation ?? 0 }

    /// By what probes' intervals and timeouts are multiplied now, because this member itself seems slow; 1 is healthy.
    public var healthMultiplier: Int { health.multiplier }

    /// How many claims wait to be sent.
    public var pendingNews: Int { news.count }
}
