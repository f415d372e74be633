// Strict quorums are regular: a read that begins after a write was acknowledged, and shares an owner with it, sees it
// or what replaced it.
//
// Source: Lamport, "On Interprocess Communication" (1986), regular registers; Gifford (1979), weighted voting. How many
// owners an answer stands on is in `Strength`. O((writes + reads) × log) per key.

import CoterieCausality
import CoteriePrimitives

enum RegularityLaw {
    static func check(_ history: KeyHistory) -> [Violation] {
        var found = Findings(.regularity, history)
        QuorumSweep.run(history) { answer, owed in
            guard answer.record != nil, !found.isFull, !answer.context.descends(owed.seen) else { return }
            let missed = history.acknowledged(before: answer) { write in
                write.dot.map { owed.seen.covers($0) && !answer.context.covers($0) } ?? false
            }
            found.add(
                answer.ids + (missed.map { [$0.record.id] } ?? []),
                "\(answer.name) stands on \(answer.strength) of \(history.rule.n) owners and has not seen "
                    + (missed.map {
                        "\($0.record.id) (\($0.dot.map(\.description) ?? "")), acknowledged by \($0.strength) of them "
                            + "before it began"
                    } ?? "\(owed.seen), acknowledged before it began"))
        }
        return found.violations
    }
}
