// Nothing comes back: a value whose overwrite or delete was acknowledged is never shown by a read that begins later and
// shares an owner with it, nor in the end.
//
// The classical failure of leaderless stores: a delete is forgotten at one replica while an old copy lives at another
// (Cassandra's gc_grace; riak_test kv679_tombstone; INV 3, 13). O((writes + reads) × log) per key.

import CoterieCausality
import CoteriePrimitives

enum ResurrectionLaw {
    static func check(_ history: KeyHistory) -> [Violation] {
        var found = Findings(.resurrection, history)
        QuorumSweep.run(history) { answer, owed in
            for sibling in answer.siblings ?? [] where owed.replaced.covers(sibling.dot) && !found.isFull {
                let replacer = history.acknowledged(before: answer) { $0.replaces?.covers(sibling.dot) ?? false }
                let writer = sibling.value.flatMap { history.writers[$0] }.map { history.writes[$0].record.id }
                let value = "\(sibling.value.map(\.description) ?? "a value")@\(sibling.dot)"
                found.add(
                    answer.ids + (replacer.map { [$0.record.id] } ?? []) + (writer.map { [$0] } ?? []),
                    "\(answer.name) shows \(value), which \(replacer.map { "\($0.record.id)" } ?? "a delete") replaced "
                        + "and was acknowledged before it began")
            }
        }
        return found.violations
    }
}
