// Making a counter small: many old additions become one entry.
//
// A fold must not undo a reset or a delete that its minter has not heard of. Such an event drops the additions that it
// saw, and knows nothing of the fold; a fold that stood for itself would bring their sum back. So a fold has an *anchor*:
// the newest of the additions that everybody has, which stays as it is. The fold counts only while its anchor is live.
// Any event that takes away what is everywhere either came to the minter before the fold, and then what it took is not in
// the sum, or has seen the anchor too, and then it takes the fold along.
//
// Nobody else folds these dots, so nothing is summed twice. Of additions with one operation id the minter of the least
// dot folds it, and drops the others, once all of them are everywhere.

import CoterieCausality
import NIOCore

extension ReplicatedCounter {
    public static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? {
        var copies: [OperationID: [Dot]] = [:]
        for sibling in object.siblings {
            if let id = try CounterEntry(sibling).id { copies[id, default: []].append(sibling.dot) }
        }
        var sum: Int128 = 0
        var folds: [Dot] = []
        var additions: [(dot: Dot, amount: Int64, copies: [Dot])] = []
        for sibling in object.siblings where sibling.dot.replica == minter {
            switch try CounterEntry(sibling) {
            case .fold(let folded, _):
                sum += Int128(folded)
                folds.append(sibling.dot)
            case .addition(let amount, let id):
                let copies = id.flatMap { copies[$0] } ?? [sibling.dot]
                if copies[0] == sibling.dot, copies.allSatisfy(isSettled) {
                    additions.append((sibling.dot, amount, copies))
                }
            }
        }
        guard let anchor = additions.popLast(), !additions.isEmpty, additions.count + folds.count >= 2 else {
            return nil
        }
        for addition in additions { sum += Int128(addition.amount) }
        guard let folded = Int64(exactly: sum) else { return nil }
        return TypeChange(
            drops: folds + additions.flatMap(\.copies),
            payloads: [CounterEntry.fold(folded, anchor: anchor.dot.counter).encoded()])
    }
}
