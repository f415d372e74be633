// Siblings are bounded: no key has more than is promised, and a key of the type `lww` has one value at most.
//
// O(answers) per key.

import CoteriePrimitives
import CoterieRing

enum SiblingsLaw {
    static func check(_ history: KeyHistory) -> [Violation] {
        var found = Findings(.siblings, history)
        let most = history.rule.kind == .lww ? 1 : history.promise.maximumSiblings
        for answer in history.answers {
            guard let count = answer.siblings?.count, count > most else { continue }
            found.add(answer.ids, "\(answer.name) shows \(count) siblings; at most \(most) are allowed")
        }
        return found.violations
    }
}
