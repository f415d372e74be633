// The merge of two replicas' states of one key, and how two states lie to each other.
//
// Merge keeps the live dots that both have, and those that only one has and the other's context does not cover; contexts
// join by maximum. It is commutative, associative and idempotent: a join of the lattice that `compare` orders.

import NIOCore

extension CausalObject {
    /// Joins what another replica holds of the same key. O(siblings + entries of both); where one state dominates,
    /// nothing is copied but references.
    public mutating func merge(_ other: CausalObject) {
        switch context.compare(other.context) {
        case .same:
            if !hasSameDots(as: other) { keepUnlessDropped(by: other) }
        case .after:
            // What only the other has live is covered here: it was overwritten.
            keepUnlessDropped(by: other)
        case .before:
            var result = other
            result.keepUnlessDropped(by: self)
            self = result
        case .concurrent:
            var theirs = other
            theirs.keepUnlessDropped(by: self)
            keepUnlessDropped(by: other)
            siblings = Self.union(siblings, theirs.siblings)
            context.merge(other.context)
        }
    }

    /// Both states joined.
    public func merged(with other: CausalObject) -> CausalObject {
        var result = self
        result.merge(other)
        return result
    }

    /// How this state lies to `other`, siblings included: `before` means that a merge with `other` gives `other`.
    /// Equal contexts do not make equal states: a rule may have dropped a sibling at one of them.
    public func compare(with other: CausalObject) -> CausalOrder {
        switch context.compare(other.context) {
        case .concurrent: return .concurrent
        case .before: return hasDropped(from: other) ? .concurrent : .before
        case .after: return other.hasDropped(from: self) ? .concurrent : .after
        case .same:
            return CausalOrder(firstHasMore: hasDropped(from: other), secondHasMore: other.hasDropped(from: self))
        }
    }

    /// Whether a sibling of `other` was seen here and is no longer live here.
    private func hasDropped(from other: CausalObject) -> Bool {
        other.siblings.contains { context.covers($0.dot) && !holds($0.dot) }
    }

    private func hasSameDots(as other: CausalObject) -> Bool {
        siblings.count == other.siblings.count && zip(siblings, other.siblings).allSatisfy { $0.dot == $1.dot }
    }

    /// Drops the siblings that `other` has seen and holds no longer.
    private mutating func keepUnlessDropped(by other: CausalObject) {
        if other.hasDropped(from: self) {
            siblings.removeAll { other.context.covers($0.dot) && !other.holds($0.dot) }
        }
    }

    /// Both ascending lists as one; a dot that both have is there once.
    private static func union(_ a: [Sibling], _ b: [Sibling]) -> [Sibling] {
        if a.isEmpty { return b }
        if b.isEmpty { return a }
        var result: [Sibling] = []
        result.reserveCapacity(a.count + b.count)
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            if j == b.count || (i < a.count && a[i].dot < b[j].dot) {
                result.append(a[i])
                i += 1
            } else {
                if i < a.count, a[i].dot == b[j].dot { i += 1 }
                result.append(b[j])
                j += 1
            }
        }
        return result
    }
}
