// What a bucket type's one setting `type` makes of concurrent siblings after a merge.

import CoterieCausality
import CoterieRing
import CoterieTypes

/// The rule of one type.
enum TypeRule: Equatable, Sendable {
    /// All siblings stay.
    case siblings
    /// The sibling that was written last by its hybrid clock stays, ties broken by dot; the context goes on covering
    /// the others, so that they never come back. A causally later write has replaced what it saw before any clock is
    /// looked at, and its time is after theirs.
    case lastWriterWins

    init(_ kind: TypeKind) {
        switch kind {
        case .siblings: self = .siblings
        case .lww: self = .lastWriterWins
        }
    }

    /// Applies the rule; returns how many siblings it discarded. O(siblings).
    @discardableResult
    func settle(_ object: inout CausalObject) -> Int {
        switch self {
        case .siblings: return 0
        case .lastWriterWins:
            guard object.siblings.count > 1 else { return 0 }
            let last = object.siblings.max { a, b in
                let (x, y) = (Self.time(a), Self.time(b))
                return x != y ? x < y : a.dot < b.dot
            }
            return object.retain { $0.dot == last?.dot }.count
        }
    }

    /// The latest time among the siblings, which a new write must come after.
    static func latest(of object: CausalObject) -> HybridTime? {
        object.siblings.map(time).max()
    }

    private static func time(_ sibling: Sibling) -> HybridTime {
        Content.written(in: sibling.payload) ?? HybridTime(rawValue: 0)
    }
}
