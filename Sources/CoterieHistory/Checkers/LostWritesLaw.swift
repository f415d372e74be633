// No acknowledged write is lost: in the end each one is there, or was replaced by a write that had seen it.
//
// What the promise takes away (fsyncs that were not waited for, disks that were wiped) was not promised. A value that
// the rule `lww` discards for a concurrent later one is not lost. O(writes × log) per key.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

struct LostWritesLaw {
    private let history: KeyHistory
    private let end: Answer
    private let shown: Set<Dot>
    /// What may be missing in the end; nil for everything.
    private let mayBeReplaced: VersionVector?
    private let discards: Discards
    private var found: Findings

    static func check(_ history: KeyHistory) -> [Violation] {
        guard history.hasEnd, let end = history.answers.last else { return [] }
        var law = LostWritesLaw(history, end)
        for write in history.writes where write.record.copies(history.promise, history.rule) >= 1 { law.judge(write) }
        return law.found.violations
    }

    private init(_ history: KeyHistory, _ end: Answer) {
        self.history = history
        self.end = end
        shown = Set((end.siblings ?? []).map(\.dot))
        discards = Discards(history.writes, history.lanes)
        found = Findings(.lostWrites, history)
        let all = Dotless(history.writes, all: true).mayBeReplaced(before: .max)
        if history.promise.reclaimsMarkers {
            mayBeReplaced = all
        } else if let known = history.lanes.mayBeReplaced(under: end.context),
            let unknown = history.dotless.mayBeReplaced(before: .max)
        {
            mayBeReplaced = known.merged(with: unknown)
        } else {
            mayBeReplaced = nil
        }
    }

    private mutating func judge(_ write: WriteEvent) {
        guard let dot = write.dot else {
            judgeWithoutDot(write)
            return
        }
        let isForgotten = history.promise.reclaimsMarkers && (mayBeReplaced?.covers(dot) ?? true)
        // A value that was discarded for a later one went with the later one's delete.
        let isExcused = history.promise.reclaimsMarkers && (write.value == nil || isDiscarded(dot))
        if !end.context.covers(dot), !isForgotten, !isExcused {
            add(write, "the final context \(end.context) does not cover it")
        } else if write.value != nil, !shown.contains(dot), let mayBeReplaced, !mayBeReplaced.covers(dot),
            !isDiscarded(dot)
        {
            add(write, "its value is not in the final state, and nobody who had seen it replaced it")
        }
    }

    /// Nobody was shown its dot: it can only be told that nothing was replaced at all.
    private mutating func judgeWithoutDot(_ write: WriteEvent) {
        guard write.value != nil, let mayBeReplaced, history.rule.kind == .siblings else { return }
        if mayBeReplaced.isEmpty {
            add(write, "its value was never shown, is not in the final state, and nobody replaced it")
        }
    }

    private func isDiscarded(_ dot: Dot) -> Bool {
        guard history.rule.kind == .lww else { return false }
        return discards.mayDiscard(history.lanes.order(of: dot), before: .max)
    }

    private mutating func add(_ write: WriteEvent, _ why: String) {
        let what = write.value.map { "put of \($0)" } ?? "delete"
        let dot = write.dot.map { " at \($0)" } ?? ""
        found.add(
            [write.record.id],
            "\(write.record.id), the \(what)\(dot), was acknowledged by \(write.strength) owners and is lost: \(why)")
    }
}
