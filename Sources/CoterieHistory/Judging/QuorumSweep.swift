// One pass over a key's acknowledgements and reads in the order of time: for each read, what every acknowledgement
// before it makes it see, by the intersection of quorums.
//
// A write that stands on s owners and a later read that stands on r have an owner in common if s + r > n; that owner's
// object covers the write, so the answer does. What is known is kept per strength s as the join of the dots and the
// join of what they replaced: a read is checked against n vectors, not against all writes.

import CoterieCausality
import CoteriePrimitives

/// What a read must have seen.
struct Obligation {
    /// The dots of acknowledged writes.
    var seen = VersionVector()
    /// What these writes have replaced.
    var replaced = VersionVector()
}

struct QuorumSweep {
    private enum Event {
        case acknowledged(write: Int)
        /// A write that lets the store choose what it replaces.
        case chooses(write: Int)
        /// A delete, after which contexts may begin anew.
        case deletes(write: Int)
        case reads(answer: Int)
    }

    private let history: KeyHistory
    private var floors: [Obligation]
    /// What the store had to find for such a write, at its call.
    private var found: [Int: VersionVector] = [:]
    /// With reclaiming: what deletes may have made forgotten; nil for everything.
    private var forgotten: VersionVector? = VersionVector()
    /// With reclaiming: the deletes in the order of their calls, each with what it may have replaced; nil for everything.
    private let deletes: [(called: Int, deleted: VersionVector?)]

    /// Calls `body` with each read and the end of the run, in the order of their calls. O((writes + reads) × log).
    static func run(_ history: KeyHistory, _ body: (Answer, Obligation) -> Void) {
        var sweep = QuorumSweep(history)
        for event in sweep.events() { sweep.step(event, body) }
    }

    private init(_ history: KeyHistory) {
        self.history = history
        floors = Array(repeating: Obligation(), count: history.rule.n + 1)
        var deletes: [(called: Int, deleted: VersionVector?)] = []
        if history.promise.reclaimsMarkers {
            for write in history.writes where write.value == nil {
                deletes.append((write.record.called.order, write.mayReplace))
            }
        }
        self.deletes = deletes
    }

    private func events() -> [Event] {
        var events: [(order: Int, event: Event)] = []
        events.reserveCapacity(history.records.count * 2)
        for (index, write) in history.writes.enumerated() {
            let called = write.record.called.order
            if write.replaces == nil { events.append((called, .chooses(write: index))) }
            if write.value == nil, history.promise.reclaimsMarkers { events.append((called, .deletes(write: index))) }
            if write.strength > 0 { events.append((write.record.returnOrder, .acknowledged(write: index))) }
        }
        for (index, answer) in history.answers.enumerated() where answer.strength > 0 {
            events.append((answer.called, .reads(answer: index)))
        }
        events.sort { $0.order < $1.order }
        return events.map(\.event)
    }

    private mutating func step(_ event: Event, _ body: (Answer, Obligation) -> Void) {
        switch event {
        case .acknowledged(let index): acknowledge(index)
        case .chooses(let index):
            found[index] = obligation(ofStrength: history.rule.n / 2 + 1).seen
        case .deletes(let index): forget(history.writes[index].mayReplace)
        case .reads(let index):
            let answer = history.answers[index]
            body(answer, withoutForgotten(obligation(ofStrength: answer.strength), by: answer))
        }
    }

    private mutating func acknowledge(_ index: Int) {
        let write = history.writes[index]
        if let replaced = write.replaces ?? found[index] { floors[write.strength].replaced.merge(replaced) }
        // A marker that was reclaimed takes its own dot along.
        if history.promise.reclaimsMarkers, write.value == nil { return }
        guard let dot = write.dot, let forgotten, !forgotten.covers(dot) else { return }
        floors[write.strength].seen.observe(dot)
    }

    private mutating func forget(_ deleted: VersionVector?) {
        guard let deleted, forgotten != nil else {
            forgotten = nil
            for strength in floors.indices { floors[strength].seen = VersionVector() }
            return
        }
        forgotten?.merge(deleted)
        for strength in floors.indices where !floors[strength].seen.isEmpty {
            floors[strength].seen = VersionVector(floors[strength].seen.lastDots.filter { !deleted.covers($0) })
        }
    }

    /// What a delete that ran beside the read may have made forgotten before the read was answered.
    private func withoutForgotten(_ obligation: Obligation, by answer: Answer) -> Obligation {
        var result = obligation
        for index in deletes.indices where deletes[index].called > answer.called {
            guard deletes[index].called < answer.returned else { break }
            guard let deleted = deletes[index].deleted else {
                result.seen = VersionVector()
                break
            }
            result.seen = VersionVector(result.seen.lastDots.filter { !deleted.covers($0) })
        }
        return result
    }

    private func obligation(ofStrength strength: Int) -> Obligation {
        var result = Obligation()
        for other in floors.indices where other + strength > history.rule.n {
            result.seen.merge(floors[other].seen)
            result.replaced.merge(floors[other].replaced)
        }
        return result
    }
}

extension KeyHistory {
    /// The first acknowledged write before `answer` that shares an owner with it and fulfils `condition`. O(writes):
    /// for the text of a violation.
    func acknowledged(before answer: Answer, where condition: (WriteEvent) -> Bool) -> WriteEvent? {
        writes.first {
            $0.strength + answer.strength > rule.n && $0.record.returnOrder < answer.called && condition($0)
        }
    }
}
