// Version vectors as a lattice: how two compare, and the least one above both.

extension VersionVector {
    /// Joins what `other` has seen: each entry becomes the maximum. O(count + other.count).
    public mutating func merge(_ other: VersionVector) {
        if other.isEmpty { return }
        if isEmpty {
            self = other
        } else if other.count <= 4 {
            for position in 0 ..< other.count { observe(other.dot(at: position)) }
        } else if !descends(other) {
            self = other.descends(self) ? other : joined(other)
        }
    }

    /// What both together have seen.
    public func merged(with other: VersionVector) -> VersionVector {
        var result = self
        result.merge(other)
        return result
    }

    /// How this history lies to `other`. O(count + other.count).
    public func compare(_ other: VersionVector) -> CausalOrder {
        var more = false
        var less = false
        var i = 0
        var j = 0
        while i < count, j < other.count, !(more && less) {
            let a = dot(at: i)
            let b = other.dot(at: j)
            if a.replica == b.replica {
                if a.counter > b.counter { more = true } else if a.counter < b.counter { less = true }
                i += 1
                j += 1
            } else if a.replica < b.replica {
                more = true
                i += 1
            } else {
                less = true
                j += 1
            }
        }
        return CausalOrder(firstHasMore: more || i < count, secondHasMore: less || j < other.count)
    }

    /// Whether all that `other` has seen was seen here too: the same or after.
    public func descends(_ other: VersionVector) -> Bool {
        if other.count > count { return false }
        if other.isEmpty { return true }
        if other.count == 1 { return covers(other.dot(at: 0)) }
        switch compare(other) {
        case .same, .after: return true
        case .before, .concurrent: return false
        }
    }

    /// The merge of two long vectors, in one pass.
    private func joined(_ other: VersionVector) -> VersionVector {
        var merged: [Dot] = []
        merged.reserveCapacity(count + other.count)
        var i = 0
        var j = 0
        while i < count || j < other.count {
            if j == other.count {
                merged.append(dot(at: i))
                i += 1
                continue
            }
            let b = other.dot(at: j)
            guard i < count, !(b.replica < dot(at: i).replica) else {
                merged.append(b)
                j += 1
                continue
            }
            let a = dot(at: i)
            i += 1
            if a.replica == b.replica {
                merged.append(Swift.max(a, b))
                j += 1
            } else {
                merged.append(a)
            }
        }
        let first = merged.removeFirst()
        return VersionVector(ascending: first, merged)
    }
}
