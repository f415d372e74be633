// What a session may rely on: floors are met; with `Promise.sessions == .always`, a session sees its own acknowledged
// writes and never less than it has read (read-your-writes, monotonic reads).
//
// Source: Terry, Demers, Petersen, Spreitzer, Theimer and Welch, "Session Guarantees for Weakly Consistent Replicated
// Data" (1994); design, section 4, rule 14. O(answers × entries) per key.

import CoterieCausality
import CoteriePrimitives
import CoterieWire

enum SessionLaw {
    static func check(_ history: KeyHistory) -> [Violation] {
        guard history.promise.sessions != .nothing else { return [] }
        var found = Findings(.sessions, history)
        checkFloors(history, &found)
        if history.promise.sessions == .always { checkSessions(history, &found) }
        return found.violations
    }

    private static func checkFloors(_ history: KeyHistory, _ found: inout Findings) {
        let deletes =
            history.promise.reclaimsMarkers ? Dotless(history.writes.filter { $0.value == nil }, all: true) : nil
        for answer in history.answers where answer.strength > 0 {
            guard let record = answer.record, let floor = record.floor else { continue }
            guard let missing = lacking(of: floor, in: answer, forgotten: deletes, history) else { continue }
            found.add(
                answer.ids,
                "\(answer.name) asked for \(floor) as a floor and was answered \(answer.context): \(missing) is missing"
            )
        }
    }

    /// The first entry that neither the answer covers nor a delete may have made forgotten.
    private static func lacking(
        of floor: VersionVector, in answer: Answer, forgotten deletes: Dotless?, _ history: KeyHistory
    ) -> Dot? {
        if answer.context.descends(floor) { return nil }
        guard let deletes else { return floor.lastDots.first { !answer.context.covers($0) } }
        guard let forgotten = deletes.mayBeReplaced(before: answer.returned) else { return nil }
        // An entry may end below what its client has not seen, at an event that is another key's: what counts is whether a
        // value up to there is missing.
        return floor.lastDots.first { entry in
            !answer.context.covers(entry) && !forgotten.covers(entry)
                && !history.writes.contains { $0.value == nil && ($0.dot == nil || $0.dot == entry) }
                && history.writes.contains { write in
                    guard write.value != nil, let dot = write.dot, dot.replica == entry.replica else { return false }
                    return dot.counter <= entry.counter && !answer.context.covers(dot) && !forgotten.covers(dot)
                }
        }
    }

    private static func checkSessions(_ history: KeyHistory, _ found: inout Findings) {
        guard !history.promise.reclaimsMarkers else { return }
        var seen: [ProcessNumber: VersionVector] = [:]
        let answers = history.answers.filter { $0.record != nil }
        var next = answers.startIndex
        for answer in answers.sorted(by: { $0.called < $1.called }) {
            while next < answers.endIndex, answers[next].returned < answer.called {
                if let process = answers[next].record?.process {
                    seen[process, default: VersionVector()].merge(told(answers[next]))
                }
                next += 1
            }
            guard answer.strength > 0, let process = answer.record?.process, let before = seen[process],
                !answer.context.descends(before)
            else { continue }
            let last = answers[..<next].last {
                $0.record?.process == process && !answer.context.descends(told($0))
            }
            found.add(
                answer.ids + (last?.ids ?? []),
                "\(process) had seen \(before) and was answered \(answer.context) by \(answer.name)")
        }
    }

    /// What a session knows by an answer: its context, and of a write the write itself.
    private static func told(_ answer: Answer) -> VersionVector {
        answer.record?.receipt?.floor(answer.context) ?? answer.context
    }
}
