// One machine among others that the test plays: what it is fed, and what it wanted done.

import CoterieMembership
import CoteriePrimitives
import Testing

struct Subject {
    static let me = MemberNumber(1)

    var machine: MembershipMachine
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// Of the last input, or of all inputs within the last `pass`.
    private(set) var effects: [MembershipEffect] = []
    private var timer: Instant?

    /// Members 1 (the subject) to `members`, all connected.
    init(members: Int = 5, settings: MembershipSettings = MembershipSettings(), connected: Bool = true) {
        let numbers = (1 ... UInt32(members)).map { MemberNumber($0) }
        machine = MembershipMachine(me: Self.me, members: numbers, settings: settings, seed: 42, at: now)
        if connected { for number in numbers.dropFirst() { feed(.connected(number)) } }
        feed(.start)
    }

    mutating func feed(_ input: MembershipInput) {
        effects = []
        handle(input)
    }

    private mutating func handle(_ input: MembershipInput) {
        let before = effects.count
        machine.handle(input, at: now, into: &effects)
        machine.checkInvariants()
        for case .setTimer(let at) in effects[before...] { timer = at }
    }

    mutating func receive(_ message: MembershipMessage, from member: UInt32) {
        feed(.message(message, from: MemberNumber(member)))
    }

    /// Lets time pass, with the timer punctual. `answering` says what comes back for each message at once.
    mutating func pass(_ span: TimeSpan, answering: ((MembershipMessage, MemberNumber) -> MembershipMessage?)? = nil) {
        effects = []
        let end = now + span
        var looked = 0
        while true {
            while looked < effects.count {
                if case .send(let message, let member) = effects[looked], let answer = answering?(message, member) {
                    handle(.message(answer, from: member))
                }
                looked += 1
            }
            guard let at = timer, at <= end else { break }
            now = max(now, at)
            timer = nil
            handle(.timer)
        }
        now = end
    }

    /// Lets time pass in which the process does not run, and then its timer runs out.
    mutating func hang(_ span: TimeSpan) {
        now = now + span
        timer = nil
        feed(.timer)
    }

    // MARK: what was wanted

    var sent: [(message: MembershipMessage, to: MemberNumber)] {
        effects.compactMap { effect in
            if case .send(let message, let member) = effect { return (message, member) }
            return nil
        }
    }

    var probes: [(sequence: UInt32, to: MemberNumber)] {
        sent.compactMap { message, member in
            if case .probe(let sequence, _) = message { return (sequence, member) }
            return nil
        }
    }

    var requests: [(target: MemberNumber, sequence: UInt32, patience: TimeSpan, to: MemberNumber)] {
        sent.compactMap { message, member in
            if case .probeFor(let target, let sequence, let patience, _) = message {
                return (target, sequence, patience, member)
            }
            return nil
        }
    }

    var tables: [(claims: [Claim], wantsReply: Bool, to: MemberNumber)] {
        sent.compactMap { message, member in
            if case .exchange(let table, let wantsReply) = message { return (table, wantsReply, member) }
            return nil
        }
    }

    var changes: [MemberChange] {
        effects.compactMap { effect in
            if case .changed(let change) = effect { return change }
            return nil
        }
    }

    func status(of member: UInt32) -> MemberStatus? { machine.standing(of: MemberNumber(member))?.status }

    /// Everybody answers everything.
    static func everybody(_ message: MembershipMessage, _ member: MemberNumber) -> MembershipMessage? {
        switch message {
        case .probe(let sequence, _), .probeFor(_, let sequence, _, _): .answer(sequence: sequence, news: [])
        case .exchange(_, wantsReply: true): .exchange(table: [], wantsReply: false)
        case .answer, .noAnswer, .gossip, .exchange: nil
        }
    }

    /// Everybody but one, whom the others do not reach either.
    static func everybody(but silent: UInt32) -> (MembershipMessage, MemberNumber) -> MembershipMessage? {
        { message, member in
            if member.rawValue == silent { return nil }
            if case .probeFor(let target, let sequence, _, _) = message, target.rawValue == silent {
                return .noAnswer(sequence: sequence)
            }
            return everybody(message, member)
        }
    }
}
