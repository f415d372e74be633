// The oracle: a world of replicas that hold, beside the object under test, the explicit set of events that they have
// seen. Each event knows the events that its client had seen; an event is live where no seen event has seen it. No
// vectors, no dots, no rules: causality by its definition, to compare the compact form with.
//
// Messages are lost, repeated, reordered and delayed without bound. Replicas restart with all they had, or roll back to
// what they last made durable, and take a new incarnation either way; or, as a mutant, do not.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// A set of events by their numbers, up to 128.
typealias Events = UInt128

struct CausalHistory {
    /// What a replica does about its identity when it starts again.
    enum IdentityRule {
        /// A new incarnation at every start (design, section 4, rule 1).
        case newIncarnation
        /// The mutant: the old identity goes on, above the greatest counter of its own that it still knows of.
        case reuse
    }

    struct Event {
        let dot: Dot
        let isDelete: Bool
        /// What the client had seen of the key: the event replaces it.
        let replaces: Events
    }

    /// A state of the key and the events behind it.
    struct State {
        var object = CausalObject()
        var seen: Events = 0
    }

    struct Replica {
        var identity: ReplicaID
        /// Of the last dot it minted in this life.
        var counter: UInt64 = 0
        var state = State()
        var durable = State()
        var durableCounter: UInt64 = 0
    }

    let rule: IdentityRule
    private(set) var random: SeededGenerator
    private(set) var replicas: [Replica]
    private(set) var events: [Event] = []
    /// On their way, each to any replica, each as often as it is drawn.
    private(set) var messages: [State] = []
    /// What clients have read and may send back at any time.
    private(set) var contexts: [State] = [State()]
    private var lives: UInt64 = 0
    private(set) var log: [String] = []

    init(seed: UInt64, rule: IdentityRule, replicas count: Int) {
        self.rule = rule
        random = SeededGenerator(seed: seed)
        replicas = []
        for member in 0 ..< count { replicas.append(Replica(identity: newIdentity(member))) }
    }

    private mutating func newIdentity(_ member: Int) -> ReplicaID {
        lives += 1
        return replica(UInt32(member), life: lives)
    }

    /// Does one random thing; gives the replica that it changed.
    mutating func step() -> Int? {
        let index = random.below(replicas.count)
        switch random.below(20) {
        case 0 ..< 6: return write(at: index)
        case 6 ..< 10:
            messages.append(replicas[index].state)
            return nil
        case 10 ..< 15: return deliver(to: index)
        case 15:
            contexts.append(replicas[index].state)
            return nil
        case 16, 17:
            replicas[index].durable = replicas[index].state
            replicas[index].durableCounter = replicas[index].counter
            return nil
        default: return restart(index)
        }
    }

    private mutating func write(at index: Int) -> Int? {
        guard events.count < 128 else { return nil }
        let client = random.chance(1, in: 2) ? replicas[index].state : random.pick(contexts) ?? State()
        var replica = replicas[index]
        replica.counter += UInt64(1 + random.below(3))
        if rule == .reuse {
            replica.counter = max(
                replica.counter, replica.state.object.context[replica.identity] + 1,
                client.object.context[replica.identity] + 1)
        }
        let dot = Dot(replica.identity, replica.counter)
        let isDelete = random.chance(1, in: 4)
        let bit = Events(1) << Events(events.count)
        events.append(Event(dot: dot, isDelete: isDelete, replaces: client.seen))
        // A payload names its event: with the mutant, two events may share a dot.
        let payload = isDelete ? nil : ByteBuffer(integer: UInt64(events.count - 1))
        replica.state.object.write(dot: dot, payload: payload, observed: client.object.context)
        replica.state.seen |= client.seen | bit
        replicas[index] = replica
        log.append("\(isDelete ? "delete" : "write") \(dot) at \(index) having seen \(client.object.context)")
        return index
    }

    private mutating func deliver(to index: Int) -> Int? {
        guard !messages.isEmpty else { return nil }
        let choice = random.below(messages.count)
        replicas[index].state.object.merge(messages[choice].object)
        replicas[index].state.seen |= messages[choice].seen
        log.append("deliver \(messages[choice].object) to \(index)")
        if random.chance(1, in: 2) { messages.remove(at: choice) }
        return index
    }

    private mutating func restart(_ index: Int) -> Int? {
        let loses = random.chance(1, in: 2)
        if loses {
            replicas[index].state = replicas[index].durable
            replicas[index].counter = replicas[index].durableCounter
        }
        if rule == .newIncarnation {
            replicas[index].identity = newIdentity(index)
            replicas[index].counter = 0
        }
        log.append("restart \(index)\(loses ? ", losing what was not durable" : "")")
        return index
    }

    /// Lets every replica hear of all that any replica still holds.
    mutating func heal() {
        for _ in 0 ..< 2 {
            for from in replicas.indices {
                for to in replicas.indices {
                    replicas[to].state.object.merge(replicas[from].state.object)
                    replicas[to].state.seen |= replicas[from].state.seen
                }
            }
        }
    }

    /// The events of `seen` that wrote a value which no event of `seen` replaces.
    func live(_ seen: Events) -> [Int] {
        var replaced: Events = 0
        for (number, event) in events.enumerated() where seen >> Events(number) & 1 == 1 { replaced |= event.replaces }
        return events.indices.filter { number in
            (seen & ~replaced) >> Events(number) & 1 == 1 && !events[number].isDelete
        }
    }

    /// What is wrong at a replica, by the definition; nil where nothing is.
    func fault(at index: Int) -> String? {
        let state = replicas[index].state
        let object = state.object
        let expected = live(state.seen).map { Sibling(dot: events[$0].dot, payload: ByteBuffer(integer: UInt64($0))) }
        if object.siblings != expected.sorted(by: { $0.dot < $1.dot }) {
            return "replica \(index) holds \(object), live are \(expected.map(\.dot))"
        }
        var context = VersionVector()
        for (number, event) in events.enumerated() {
            let seen = state.seen >> Events(number) & 1 == 1
            if seen { context.observe(event.dot) }
            if seen != object.context.covers(event.dot) {
                return "replica \(index) has \(seen ? "" : "not ")seen \(event.dot), its context is \(object.context)"
            }
        }
        return context == object.context ? nil : "replica \(index): context \(object.context), seen \(context)"
    }
}
