// Sets of dots joined, subtracted, intersected and compared: one pass over both, replica by replica.

extension DotSet {
    /// Adds all dots of `other`.
    public mutating func formUnion(_ other: DotSet) {
        if other.isEmpty { return }
        if isEmpty {
            self = other
            return
        }
        self = combine(other) { mine, theirs in
            guard let mine else { return theirs }
            guard let theirs else { return mine }
            return mine.union(theirs)
        }
    }

    public func union(_ other: DotSet) -> DotSet {
        var result = self
        result.formUnion(other)
        return result
    }

    /// Removes all dots of `other`.
    public mutating func subtract(_ other: DotSet) { self = subtracting(other) }

    /// The dots that `other` does not have.
    public func subtracting(_ other: DotSet) -> DotSet {
        combine(other) { mine, theirs in
            guard let mine else { return nil }
            guard let theirs else { return mine }
            return mine.subtracting(theirs)
        }
    }

    /// Keeps the dots that `other` has too.
    public mutating func formIntersection(_ other: DotSet) { self = intersection(other) }

    /// The dots that both have.
    public func intersection(_ other: DotSet) -> DotSet {
        combine(other) { mine, theirs in
            guard let mine, let theirs else { return nil }
            return mine.intersection(theirs)
        }
    }

    /// Whether `other` has all dots of this set.
    public func isSubset(of other: DotSet) -> Bool {
        if entries.count > other.entries.count { return false }
        var j = 0
        for entry in entries {
            while j < other.entries.count, other.entries[j].replica < entry.replica { j += 1 }
            guard j < other.entries.count, other.entries[j].replica == entry.replica,
                entry.counters.isSubset(of: other.entries[j].counters)
            else { return false }
        }
        return true
    }

    /// How the two sets lie to each other by inclusion: `before` is a proper subset of `other`.
    public func compare(_ other: DotSet) -> CausalOrder {
        CausalOrder(firstHasMore: !isSubset(of: other), secondHasMore: !other.isSubset(of: self))
    }

    /// Walks both sets by replica and keeps what `body` makes of each pair, unless it is empty; at least one of the two is
    /// there.
    private func combine(
        _ other: DotSet, _ body: (CounterRanges?, CounterRanges?) -> CounterRanges?
    ) -> DotSet {
        var result: [Entry] = []
        result.reserveCapacity(Swift.max(entries.count, other.entries.count))
        var i = 0
        var j = 0
        while i < entries.count || j < other.entries.count {
            let replica: ReplicaID
            var mine: CounterRanges?
            var theirs: CounterRanges?
            if j == other.entries.count || (i < entries.count && !(other.entries[j].replica < entries[i].replica)) {
                replica = entries[i].replica
                mine = entries[i].counters
                i += 1
            } else {
                replica = other.entries[j].replica
            }
            if j < other.entries.count, other.entries[j].replica == replica {
                theirs = other.entries[j].counters
                j += 1
            }
            if let counters = body(mine, theirs), !counters.isEmpty {
                result.append(Entry(replica: replica, counters: counters))
            }
        }
        return DotSet(ascending: result)
    }
}
