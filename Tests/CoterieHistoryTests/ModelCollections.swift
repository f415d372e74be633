// Sets, counters and registers as models: one copy behind a door that delays, refuses, loses answers and, where a
// switch says so, lies.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing

struct ModelCollection {
    let mutant: Mutant?
    let kind: String
    var random: SeededGenerator
    var history = History(rules: [:])
    private var time: Int64 = 0
    private var elements: [UInt64] = []
    private var count: Int64 = 0
    private var value: ValueID?
    private var before: ValueID?
    private var oldElements: [UInt64] = []
    private var late: [ValueID?] = []
    /// Called, and not answered: what they will do and whether they have.
    private var open: [(record: RecordID, action: Action, isDone: Bool)] = []
    private var next: UInt64 = 1

    init(kind: String, seed: UInt64, mutant: Mutant?) {
        self.kind = kind
        self.mutant = mutant
        random = SeededGenerator(seed: seed)
    }

    var key: ObjectKey { ObjectKey(type: kind, bucket: "b", key: "k") }

    var promise: Promise {
        var promise = Promise()
        promise.linearizable = ["register"]
        return promise
    }

    var final: FinalState {
        var final = FinalState()
        final.set(key, Reply(elements: kind == "set" ? elements : nil, count: kind == "counter" ? count : nil))
        return final
    }

    mutating func run(steps: Int) {
        for _ in 0 ..< steps {
            time += 1
            switch random.below(5) {
            case 0, 1: if open.count < 4 { begin() }
            case 2: act()
            default: finish()
            }
        }
        for index in open.indices { apply(index) }
    }

    private mutating func begin() {
        let action = draw()
        let record = history.call(
            action, key: key, by: ProcessNumber(UInt32(open.count)), asked: Asked(quorum: .quorum), at: now)
        if action.isWrite, random.chance(1, in: 8) {
            history.complete(record, .notApplied, at: now)
            if mutant == .setKeepsRefused || mutant == .counterAppliesRefused { perform(action) }
            return
        }
        open.append((record, action, false))
    }

    private mutating func draw() -> Action {
        if random.chance(2, in: 5) { return .get }
        next += 1
        switch kind {
        case "set": return .add(next)
        case "counter": return .increment(Int64(random.below(9)) - 3)
        default: return random.chance(1, in: 6) ? .delete : .put(ValueID(next))
        }
    }

    /// One of the open operations takes effect.
    private mutating func act() {
        if let index = open.indices.filter({ !open[$0].isDone && open[$0].action.isWrite }).first { apply(index) }
        if !late.isEmpty, random.chance(1, in: 3) { value = late.removeFirst() }
    }

    private mutating func apply(_ index: Int) {
        guard !open[index].isDone else { return }
        open[index].isDone = true
        switch mutant {
        case .setLosesElement, .counterLosesIncrement, .registerLosesWrite:
            if random.chance(1, in: 6) { return }
        case .counterCountsRetryTwice:
            if random.chance(1, in: 6) { perform(open[index].action) }
        case .registerActsLate:
            if random.chance(1, in: 4), case .put(let value) = open[index].action {
                late.append(value)
                return
            }
        default: break
        }
        perform(open[index].action)
    }

    private mutating func perform(_ action: Action) {
        switch action {
        case .add(let element):
            oldElements = elements
            elements.append(element)
        case .increment(let amount): count += amount
        case .put(let new):
            before = value
            value = new
        case .delete:
            before = value
            value = nil
        case .remove(let element): elements.removeAll { $0 == element }
        case .get, .update: break
        }
    }

    private mutating func finish() {
        guard !open.isEmpty else { return }
        let index = random.below(open.count)
        if open[index].action.isWrite, random.chance(1, in: 10) {
            history.complete(open[index].record, .unknown, at: now)
            if random.chance(1, in: 2) { apply(index) }
            open.remove(at: index)
            return
        }
        apply(index)
        history.complete(open[index].record, .ok, reply: reply(to: open[index].action), at: now)
        open.remove(at: index)
    }

    private mutating func reply(to action: Action) -> Reply? {
        guard action == .get else { return nil }
        switch kind {
        case "set":
            var shown = elements
            if mutant == .setReadsStale, random.chance(1, in: 4) { shown = oldElements }
            if mutant == .setCountsTwice, random.chance(1, in: 6), let first = shown.first { shown.append(first) }
            return Reply(elements: shown)
        case "counter": return Reply(count: count)
        default:
            let shown = mutant == .registerReadsStale && random.chance(1, in: 4) ? before : value
            return Reply(siblings: shown.map { [SeenValue(dot: dot, value: $0)] } ?? [])
        }
    }

    private var dot: Dot {
        Dot(ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 1)), 1)
    }

    private var now: Instant { Instant(nanoseconds: time) }
}
