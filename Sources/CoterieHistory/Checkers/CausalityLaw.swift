// Every answer is explained by causality.
//
// A client can derive what an answer may look like: each value has one dot, each write names by its context what it
// replaces, each answer names by its context what it has seen. Then, whatever replicas answered and however few:
// - a value shown was written, to this key, by an operation that had begun and was not refused;
// - the context covers each dot that it shows, and no dot of a write that had not begun;
// - nothing is shown beside a write that is seen and replaces it: siblings are mutually concurrent;
// - nothing is missing that is seen and was replaced by nobody (but for what the rule `lww` discards);
// - contexts are closed: whoever has seen a write has seen what it had seen.
//
// Source: Almeida, Baquero, Gonçalves, Preguiça and Fonte, "Scalable and accurate causality tracking for eventually
// consistent stores" (2014); design, sections 4 and 9. O(answers × (replicas × log writes + siblings)) per key.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

struct CausalityLaw {
    let history: KeyHistory
    let writers: Writers
    /// What all writes before a moment may have replaced: where contexts may begin anew, dots do not tell.
    private let byTime: Dotless
    private let discards: Discards
    private var found: Findings

    static func check(_ history: KeyHistory, _ writers: Writers) -> [Violation] {
        var law = CausalityLaw(history, writers)
        for answer in history.answers {
            law.judge(answer)
            if law.found.isFull { break }
        }
        return law.found.violations
    }

    private init(_ history: KeyHistory, _ writers: Writers) {
        self.history = history
        self.writers = writers
        byTime = history.promise.reclaimsMarkers ? Dotless(history.writes, all: true) : Dotless()
        discards = Discards(history.writes, history.lanes)
        found = Findings(.causality, history)
    }

    private mutating func judge(_ answer: Answer) {
        judgeContext(answer)
        guard let siblings = answer.siblings else { return }
        let replaced = history.lanes.replaced(under: answer.context)
        for sibling in siblings {
            judgeValue(sibling, answer)
            if !answer.context.covers(sibling.dot) {
                found.add(answer.ids, "\(answer.name) shows \(name(sibling)), which its own context does not cover")
            }
            if replaced.covers(sibling.dot) {
                let by = history.lanes.replacer(of: sibling.dot, under: answer.context, history.writes)
                let record = by.map { history.writes[$0].record }
                found.add(
                    answer.ids + (record.map { [$0.id] } ?? []),
                    "\(answer.name) shows \(name(sibling)) although its context covers "
                        + "\(record.map { "\($0.id)" } ?? "a write"), which replaced it")
            }
        }
        judgeMissing(siblings, answer)
    }

    /// The value was written by somebody who could have.
    private mutating func judgeValue(_ sibling: SeenValue, _ answer: Answer) {
        guard let value = sibling.value else { return }
        guard let writer = writers[value] else {
            found.add(answer.ids, "\(answer.name) shows \(name(sibling)), which nobody has written")
            return
        }
        if writer.value.key != history.key {
            found.add(
                answer.ids + [writer.value.id],
                "\(answer.name) shows \(name(sibling)), which \(writer.value.id) wrote to \(writer.value.key)")
        } else if writer.value.outcome == .notApplied {
            found.add(
                answer.ids + [writer.value.id],
                "\(answer.name) shows \(name(sibling)) of \(writer.value.id), which was answered as not applied")
        } else if writer.value.called.order >= answer.returned {
            found.add(
                answer.ids + [writer.value.id],
                "\(answer.name) shows \(name(sibling)) of \(writer.value.id), which had not begun")
        }
    }

    /// The context names nothing of the future, and is closed.
    private mutating func judgeContext(_ answer: Answer) {
        var future: Int?
        var closed = VersionVector()
        let lanes = history.lanes.lanes
        history.lanes.reached(by: answer.context) { lane, end in
            closed.merge(lanes[lane].replaced[end - 1])
            if future == nil, lanes[lane].latestCall[end - 1] >= answer.returned {
                future = lanes[lane].writes[..<end].first { history.writes[$0].record.called.order >= answer.returned }
            }
        }
        if let future {
            let record = history.writes[future].record
            found.add(
                answer.ids + [record.id], "the context of \(answer.name) covers \(record.id), which had not begun")
        }
        guard !history.promise.reclaimsMarkers else { return }
        if !answer.context.descends(closed) {
            found.add(
                answer.ids,
                "the context of \(answer.name), \(answer.context), covers writes whose own contexts it lacks: \(closed)"
            )
        }
        if let record = answer.record, record.action.isWrite, let sent = record.context, !answer.context.descends(sent)
        {
            found.add(
                answer.ids,
                "the context that \(answer.name) was answered, \(answer.context), lacks what it sent: \(sent)"
            )
        }
    }

    /// Nothing is missing that is seen and was not replaced.
    private mutating func judgeMissing(_ siblings: [SeenValue], _ answer: Answer) {
        guard let replaced = whatMayBeReplaced(answer) else { return }
        let shown = siblings.map { history.lanes.order(of: $0.dot) }.max()
        let lanes = history.lanes.lanes
        var missing: Int?
        history.lanes.reached(by: answer.context) { lane, _ in
            guard missing == nil else { return }
            let replica = lanes[lane].replica
            let first = Lane.end(of: replaced[replica], in: lanes[lane].putCounters)
            let end = Lane.end(of: answer.context[replica], in: lanes[lane].putCounters)
            guard first < end else { return }
            if history.rule.kind == .lww, let shown, !(shown < lanes[lane].latestTime[end - 1]) { return }
            missing = lanes[lane].putWrites[first ..< end].first { isMissing($0, siblings, answer, shown) }
        }
        guard let missing else { return }
        let write = history.writes[missing]
        found.add(
            answer.ids + [write.record.id],
            "the context of \(answer.name) covers \(write.record.id), its value is not shown, and nobody replaced it")
    }

    private func isMissing(_ index: Int, _ siblings: [SeenValue], _ answer: Answer, _ shown: LastWriterOrder?) -> Bool {
        guard let dot = history.writes[index].dot, !siblings.contains(where: { $0.dot == dot }) else { return false }
        guard history.rule.kind == .lww else { return true }
        let order = history.lanes.order(of: dot)
        if let shown, order < shown { return false }
        if shown != nil, history.lanes.times[dot] == nil { return false }
        return !discards.mayDiscard(order, before: answer.returned)
    }

    /// What the absence of may be explained by a write; nil where that is everything.
    private func whatMayBeReplaced(_ answer: Answer) -> VersionVector? {
        if history.promise.reclaimsMarkers { return byTime.mayBeReplaced(before: answer.returned) }
        guard var known = history.lanes.mayBeReplaced(under: answer.context),
            let unknown = history.dotless.mayBeReplaced(before: answer.returned)
        else { return nil }
        known.merge(unknown)
        return known
    }

    private func name(_ sibling: SeenValue) -> String {
        "\(sibling.value.map(\.description) ?? "a value")@\(sibling.dot)"
    }
}
