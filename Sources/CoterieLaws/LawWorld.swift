// The replicas of one history, and what each step does to them. The laws that are checked on the way are in
// LawWorld+Laws.swift.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

/// A law that did not hold.
struct LawFinding {
    let law: Law
    let what: String
}

struct LawWorld<T: Lawful> {
    /// An object and what it stands for.
    struct State {
        var object = CausalObject()
        var seen = EventSet()
    }

    struct Replica {
        var identity: ReplicaID
        var counter: UInt64 = 0
        var state = State()
        /// What each replica had seen when this one last took in its whole state.
        var known: [EventSet]
    }

    /// An event as it was minted: alone, and what its minter had before and after.
    struct Minted {
        let event: CausalEvent
        let number: Int
        let before: State
        let after: State
    }

    struct Performed {
        let operation: T.Operation
        let id: OperationID
        let clock: Int
    }

    var replicas: [Replica]
    var events: [PastEvent<T.Operation>] = []
    /// By the number of the step that minted it.
    var minted: [Int: Minted] = [:]
    var performed: [Int: Performed] = [:]
    var contexts = [State?](repeating: nil, count: LawHistory.slots)
    var copies = [(state: State, of: Int)?](repeating: nil, count: LawHistory.slots)
    /// The ids that were folded: beyond their window, they are not retried.
    var closed: Set<OperationID> = []
    /// The object of each set of events that some replica had seen.
    var states: [EventSet: CausalObject] = [:]
    /// What went through the codec already, in this history or an earlier one.
    var encoded: EncodedBefore<T>
    var report = LawReport()
    let tells: Bool
    var story: [String] = []

    init(_ identities: [ReplicaID], _ encoded: EncodedBefore<T> = EncodedBefore(), tells: Bool = false) {
        self.encoded = encoded
        replicas = identities.map { Replica(identity: $0, known: identities.map { _ in EventSet() }) }
        self.tells = tells
    }

    /// Plays steps until a law is broken.
    mutating func run(_ steps: [NumberedStep<T.Operation>]) -> LawFinding? {
        for step in steps {
            if events.count == EventSet.limit { return nil }
            do throws(LawFailure) {
                try play(step)
            } catch {
                return error.finding
            }
        }
        do throws(LawFailure) {
            try checkGroupings()
        } catch {
            return error.finding
        }
        return nil
    }

    private mutating func play(_ step: NumberedStep<T.Operation>) throws(LawFailure) {
        switch step.step {
        case .perform(let at, let operation, let context, let isNamed, let clock):
            guard at < replicas.count else { return }
            let id = OperationID(client: 1, number: UInt64(step.number))
            performed[step.number] = Performed(operation: operation, id: id, clock: clock)
            try perform(operation, at, step.number, context: context, id: isNamed ? id : nil, clock: clock)
        case .retry(let at, let of):
            guard let first = performed[of], !closed.contains(first.id),
                events.contains(where: { $0.id == first.id })
            else { return }
            try perform(first.operation, at, step.number, context: nil, id: first.id, clock: first.clock)
        case .delete(let at, let context): if T.allowsDelete { try delete(at, step.number, context: context) }
        case .remember(let at, let slot):
            contexts[slot] = replicas[at].state
            tell { "a client reads at \($0.name(at)): context \(slot + 1)" }
        case .merge(let from, let to):
            try take(replicas[from].state, of: from, to) { "\($0.name(to)) merges \($0.name(from))" }
        case .keep(let at, let slot):
            copies[slot] = (replicas[at].state, at)
            tell { "\($0.name(at)) sends its object: copy \(slot + 1)" }
        case .deliver(let slot, let to):
            guard let copy = copies[slot] else { return }
            try take(copy.state, of: copy.of, to) {
                "copy \(slot + 1) of \($0.name(copy.of)) arrives at \($0.name(to))"
            }
        case .event(let of, let to): if let event = minted[of] { try deliver(event, to) }
        case .fold(let at): try fold(at, step.number)
        case .restart(let at, let loses): try restart(at, loses)
        case .rest: try rest()
        }
    }

    private mutating func restart(_ at: Int, _ loses: Bool) throws(LawFailure) {
        report.restarts += 1
        let identity = replicas[at].identity
        replicas[at].identity = ReplicaID(member: identity.member, incarnation: identity.incarnation.next)
        replicas[at].counter = 0
        if loses { replicas[at].state = State() }
        tell(at) { "\($0.name(at)) restarts" + (loses ? " without what it had" : "") }
        guard loses else { return }
        for from in replicas.indices where from != at {
            try take(replicas[from].state, of: from, at) { "\($0.name(at)) is refilled by \($0.name(from))" }
        }
    }

    private mutating func rest() throws(LawFailure) {
        contexts = contexts.map { _ in nil }
        for _ in 0 ..< 2 {
            for from in replicas.indices {
                for to in replicas.indices where to != from && replicas[to].known[from] != replicas[from].state.seen {
                    try take(replicas[from].state, of: from, to, nil)
                }
            }
        }
        tell { world in
            let values = world.replicas.indices.map {
                world.name($0) + " " + world.show(world.replicas[$0].state.object)
            }
            return "all hear of all  →  " + values.joined(separator: ", ")
        }
    }

    private mutating func perform(
        _ operation: T.Operation, _ at: Int, _ step: Int, context slot: Int?, id: OperationID?, clock: Int
    ) throws(LawFailure) {
        if encoded.operations.insert(operation).inserted { try checkCodec(operation) }
        let context = slot.flatMap { contexts[$0] }
        let occasion = Occasion(
            minter: replicas[at].identity, observed: context?.object.context,
            now: WallTime(milliseconds: Int64(clock)), id: id)
        var event = try event(of: operation, at, occasion)
        if event == .behind, let context {
            report.behind += 1
            try take(context, of: nil, at) { "\($0.name(at)) takes in what the client had seen" }
            event = try self.event(of: operation, at, occasion)
        }
        switch event {
        case .behind: throw LawFailure(.operation, "\(operation) finds \(name(at)) behind what it has seen")
        case .refused: report.refusals += 1
        case .repeated: report.repeats += 1
        case .event(let event):
            try mint(event, .operation(operation), at, step, context, id: id, occasion.now) {
                "\($0.name(at)) performs \($0.show(operation))" + (id.map { " as \($0)" } ?? "")
                    + (context == nil ? "" : " on context \((slot ?? 0) + 1)")
            }
        }
    }

    private enum Outcome: Equatable {
        case event(CausalEvent)
        case repeated, refused, behind
    }

    private func event(of operation: T.Operation, _ at: Int, _ occasion: Occasion) throws(LawFailure) -> Outcome {
        let replica = replicas[at]
        do throws(TypeFault) {
            let event = try T.event(
                of: operation, on: replica.state.object, first: Dot(replica.identity, replica.counter + 1), occasion)
            return event.map { .event($0) } ?? .repeated
        } catch {
            switch error {
            case .behind: return .behind
            case .refused, .demands: return .refused
            case .malformed, .unknownType: throw LawFailure(.operation, "\(show(operation)): \(error)")
            }
        }
    }

    private mutating func delete(_ at: Int, _ step: Int, context slot: Int?) throws(LawFailure) {
        let context = slot.flatMap { contexts[$0] }
        let replica = replicas[at]
        let observed = context?.object.context ?? replica.state.object.context
        let event = CausalEvent(
            run: DotRun(Dot(replica.identity, replica.counter + 1)), base: replica.state.object.context,
            dropped: replica.state.object.liveDots.filter { observed.covers($0) }, payloads: [], joined: observed)
        try mint(event, .delete, at, step, context, id: nil, WallTime(milliseconds: 0)) {
            "\($0.name(at)) deletes the key" + (context == nil ? "" : " on context \((slot ?? 0) + 1)")
        }
    }

    private mutating func fold(_ at: Int, _ step: Int) throws(LawFailure) {
        let replica = replicas[at]
        let change: TypeChange?
        do throws(TypeFault) {
            change = try T.fold(replica.state.object, by: replica.identity) { isSettled($0, at) }
        } catch {
            throw LawFailure(.operation, "the fold: \(error)")
        }
        guard let change else { return }
        let event: CausalEvent?
        do throws(TypeFault) {
            event = try change.event(
                on: replica.state.object, first: Dot(replica.identity, replica.counter + 1), observed: nil)
        } catch {
            throw LawFailure(.operation, "the fold: \(error)")
        }
        guard let event else { throw LawFailure(.fold, "a fold is never a repeat") }
        for folded in events where event.dropped.contains(folded.dot) { if let id = folded.id { closed.insert(id) } }
        let before = try value(of: replica.state.object)
        report.folds += 1
        try mint(event, .fold, at, step, nil, id: nil, WallTime(milliseconds: 0)) { "\($0.name(at)) folds" }
        let after = try value(of: replicas[at].state.object)
        if before != after {
            throw LawFailure(.fold, "the value was \(show(before)), after the fold it is \(show(after))")
        }
    }

    /// Whether all that the contract of `fold` asks holds of a dot: everybody has its event, this replica has all that
    /// they had by then, and no client's context lacks it.
    private func isSettled(_ dot: Dot, _ at: Int) -> Bool {
        guard let number = minted.values.first(where: { $0.event.run.dots.contains(dot) })?.number else { return false }
        let isEverywhere = replicas.indices.allSatisfy { $0 == at || replicas[at].known[$0].contains(number) }
        return isEverywhere && contexts.allSatisfy { $0?.seen.contains(number) ?? true }
    }

    private mutating func mint(
        _ event: CausalEvent, _ deed: PastEvent<T.Operation>.Deed, _ at: Int, _ step: Int, _ context: State?,
        id: OperationID?, _ now: WallTime, _ line: (Self) -> String
    ) throws(LawFailure) {
        let before = replicas[at].state
        for dot in event.dropped where !before.object.holds(dot) {
            throw LawFailure(.operation, "\(line(self)) drops \(name(dot)), which is not live")
        }
        guard T.apply(event, to: &replicas[at].state.object) == .applied else {
            throw LawFailure(.operation, "\(line(self)) cannot be applied where it was minted")
        }
        let number = events.count
        events.append(
            PastEvent(
                number: number, deed: deed, minter: replicas[at].identity, dot: event.run.first, id: id, now: now,
                seen: before.seen, observed: context?.seen ?? before.seen, hasContext: context != nil))
        replicas[at].counter = event.run.last.counter
        replicas[at].state.seen.insert(number)
        if !event.joined.isEmpty, let context { replicas[at].state.seen.formUnion(context.seen) }
        minted[step] = Minted(event: event, number: number, before: before, after: replicas[at].state)
        report.events += 1
        tell(at) { "\(line($0)): " + event.run.dots.map($0.name).joined(separator: ", ") }
        try checkState(at)
    }

    /// `at` takes in a whole state, of replica `of` if it is known whose.
    private mutating func take(_ state: State, of: Int?, _ at: Int, _ line: ((Self) -> String)?) throws(LawFailure) {
        try checkMerge(replicas[at].state.object, state.object)
        T.merge(state.object, into: &replicas[at].state.object)
        replicas[at].state.seen.formUnion(state.seen)
        if let of { replicas[at].known[of].formUnion(state.seen) }
        report.merges += 1
        if let line { tell(at, line) }
        try checkState(at)
    }

    private mutating func deliver(_ minted: Minted, _ to: Int) throws(LawFailure) {
        let before = replicas[to].state.object
        var object = before
        switch T.apply(minted.event, to: &object) {
        case .lacksBase:
            report.lackingBase += 1
            if object != before { throw LawFailure(.delta, "an event without its base changed \(name(to))") }
        case .known: if object != before { throw LawFailure(.delta, "a known event changed \(name(to))") }
        case .applied:
            report.deltas += 1
            tell {
                "the event \(minted.event.run.dots.map($0.name).joined(separator: ", ")) arrives alone at \($0.name(to))"
            }
            try checkDelta(minted, before, object)
            replicas[to].state.object = object
            replicas[to].state.seen.insert(minted.number)
            if !minted.event.joined.isEmpty {
                for event in events where minted.event.joined.covers(event.dot) {
                    replicas[to].state.seen.insert(event.number)
                }
            }
            try checkState(to)
        }
    }
}

/// The operations and values whose codec was checked.
struct EncodedBefore<T: Lawful> {
    var operations: Set<T.Operation> = []
    var values: Set<T.Value> = []
}

/// A breach on its way out of a step.
struct LawFailure: Error {
    let finding: LawFinding
    init(_ law: Law, _ what: String) { finding = LawFinding(law: law, what: what) }
}
