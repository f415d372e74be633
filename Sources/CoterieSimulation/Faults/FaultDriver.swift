// Draws a run's faults: which kind, whom, when, for how long. What is drawn depends on the seed and the plan alone, not
// on how the cluster fares, so that a run without the tenth fault meets the same eleventh; whether a fault may happen
// in the state that the world is in is looked at only when it is its turn.

import CoteriePrimitives
import CoterieRing

/// The source of a run's faults, and those that are going on.
struct FaultDriver {
    let plan: FaultPlan
    private var generator: SeededGenerator
    /// How many were drawn.
    private(set) var drawn = 0
    /// Going on, by number.
    private(set) var active: [Int: Fault] = [:]
    private var begun = 0

    init(_ plan: FaultPlan, _ generator: SeededGenerator) {
        self.plan = plan
        self.generator = generator
    }

    /// Puts the next fault into the queue, if there are any in this run.
    mutating func schedule(into queue: inout EventQueue, at now: Int64) {
        guard !plan.kinds.isEmpty, drawn < plan.atMost else { return }
        let mean = max(1_000, plan.interval.nanoseconds)
        queue.push(.fault, 0, at: now + 1 + Int64(generator.below(Int(2 * mean))))
    }

    /// The next fault, with its number; nil where it is left out.
    mutating func draw(members: [MemberNumber], clients: Int) -> Fault? {
        let number = drawn
        drawn += 1
        // A generator for each, so that what one draws does not move the others.
        var own = generator.split()
        guard let kind = own.pick(plan.kinds) else { return nil }
        let fault = Draft(plan: plan, members: members, clients: clients).fault(kind, &own)
        return number < plan.atMost && !plan.without.contains(number) ? fault : nil
    }

    /// Notes a fault that goes on; gives its number.
    mutating func begin(_ fault: Fault) -> Int {
        begun += 1
        active[begun] = fault
        return begun
    }

    mutating func end(_ number: Int) -> Fault? { active.removeValue(forKey: number) }

    /// The numbers of all that go on, in order.
    var activeNumbers: [Int] { active.keys.sorted() }
}

/// What a fault is drawn from.
private struct Draft {
    let plan: FaultPlan
    let members: [MemberNumber]
    let clients: Int

    func fault(_ kind: FaultKind, _ draws: inout SeededGenerator) -> Fault? {
        guard let member = draws.pick(members) else { return nil }
        let during = span(&draws)
        switch kind {
        case .kill: return .kill(member, downFor: during)
        case .powerLoss: return .powerLoss(member, downFor: during)
        case .blackout: return .blackout(downFor: during)
        case .stop: return .stop(member, downFor: during)
        case .pause: return .pause(member, during: during)
        case .wipe: return .wipe(weak ?? member, downFor: during)
        case .partition: return partition(during, &draws)
        case .asymmetricCut:
            let (from, to) = (process(&draws), process(&draws))
            return from == to ? nil : .cut(from: [from], to: [to], breaks: draws.chance(1, in: 4), during: during)
        case .brokenConnection:
            let (from, to) = (process(&draws), process(&draws))
            return from == to ? nil : .breakConnection(from, to)
        case .slowLink:
            return .slowLink(
                from: process(&draws), to: process(&draws), factor: Int64(2 << draws.below(10)),
                bytesPerSecond: draws.chance(1, in: 2) ? Int64(1_000 << draws.below(10)) : 0, during: during)
        case .datagrams:
            let (from, to) = (process(&draws), process(&draws))
            let plan = DatagramPlan(lost: draws.below(200), repeated: draws.below(200), overtaken: draws.below(300))
            return from == to ? nil : .datagrams(from, to, plan, during: during)
        case .clockJump, .clockDrift: return clock(kind, &draws)
        case .slowDisk: return .slowDisk(member, factor: Int64(2 << draws.below(10)), during: during)
        case .fullDisk: return .fullDisk(member, room: draws.below(2_000), during: during)
        case .failingFsyncs:
            return .failingFsyncs(
                plan.losesPower ? weak ?? member : member, permille: 1 + draws.below(500), during: during)
        case .failingAppends:
            return .failingAppends(member, permille: 1 + draws.below(300), during: during)
        case .failingReads: return weak.map { .failingReads($0, permille: 1 + draws.below(200), during: during) }
        case .rot: return weak.map { .rot($0, file: draws.below(1_000)) }
        case .clientRestart: return clients > 0 ? .clientRestart(draws.below(clients)) : nil
        }
    }

    private var weak: MemberNumber? {
        if case .only(let member) = plan.losses { member } else { nil }
    }

    private func span(_ draws: inout SeededGenerator) -> TimeSpan {
        // Short ones are as likely as long ones, on a logarithmic scale.
        let longest = max(1_000_000, Int(plan.longest.nanoseconds))
        let scale = 1 << draws.below(10)
        return TimeSpan(nanoseconds: Int64(draws.below(longest / scale) + 1_000))
    }

    private func process(_ draws: inout SeededGenerator) -> ProcessName {
        let place = draws.below(members.count + clients)
        return place < members.count ? .member(members[place]) : .client(place - members.count)
    }

    private func partition(_ during: TimeSpan, _ draws: inout SeededGenerator) -> Fault? {
        var one: [ProcessName] = []
        var other: [ProcessName] = []
        for name in members.map(ProcessName.member) + (0 ..< clients).map(ProcessName.client) {
            switch draws.below(8) {
            case 0 ..< 3: one.append(name)
            // A few reach both sides: the partition is partial.
            case 3 ..< 7: other.append(name)
            default: break
            }
        }
        guard !one.isEmpty, !other.isEmpty else { return nil }
        return .partition(one, other, breaks: draws.chance(1, in: 3), during: during)
    }

    private func clock(_ kind: FaultKind, _ draws: inout SeededGenerator) -> Fault {
        let name = process(&draws)
        if kind == .clockDrift { return .clockDrift(name, Int64(draws.below(200_000)) - 100_000) }
        let hours = Int64(draws.below(7_200_000)) - 3_600_000
        return .clockJump(name, .milliseconds(hours))
    }
}
