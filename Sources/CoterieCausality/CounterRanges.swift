// Which events of one replica are in a set: a contiguous base and ranges above it.
//
// Events arrive nearly in order, so the base takes almost all of them and the ranges are few: what is on its way, and one
// gap for each tail that was lost with a crash.

/// A set of counters of one replica, `1 ... Dot.maximumCounter`.
///
/// It holds at all times: the ranges ascend, and at least one counter is missing between two of them and between the base
/// and the first. So equal sets have equal structures.
struct CounterRanges: Hashable, Sendable {
    /// All counters from 1 to here are in the set; 0 where 1 is not.
    private(set) var base: UInt64
    /// What is in the set above the base.
    private(set) var above: [ClosedRange<UInt64>]

    init() {
        base = 0
        above = []
    }

    /// Takes ranges that ascend by their lower bounds; they may touch and overlap.
    init(ascending spans: [ClosedRange<UInt64>]) {
        self.init()
        for span in spans { append(span) }
    }

    /// Takes a structure that is known to be canonical.
    init(canonical base: UInt64, _ above: [ClosedRange<UInt64>]) {
        self.base = base
        self.above = above
    }

    var isEmpty: Bool { base == 0 && above.isEmpty }

    /// The greatest counter in the set; 0 of the empty one.
    var last: UInt64 { above.last?.upperBound ?? base }

    /// How many counters are in the set.
    var count: UInt64 { above.reduce(base) { $0 + ($1.upperBound - $1.lowerBound + 1) } }

    /// All ranges, the base as the first.
    var spans: [ClosedRange<UInt64>] { base == 0 ? above : [1 ... base] + above }

    func contains(_ counter: UInt64) -> Bool {
        if counter <= base { return true }
        let position = position(reaching: counter)
        return position < above.count && above[position].contains(counter)
    }

    /// Adds one counter; false where it was there.
    mutating func insert(_ counter: UInt64) -> Bool {
        if counter == base + 1, above.isEmpty {
            base = counter
            return true
        }
        if contains(counter) { return false }
        insert(counter ... counter)
        return true
    }

    /// Adds all counters of a range. O(log ranges), and the ranges behind it move.
    mutating func insert(_ range: ClosedRange<UInt64>) {
        if range.lowerBound <= base + 1 {
            var reach = max(base, range.upperBound)
            var absorbed = 0
            while absorbed < above.count, above[absorbed].lowerBound <= reach + 1 {
                reach = max(reach, above[absorbed].upperBound)
                absorbed += 1
            }
            base = reach
            if absorbed > 0 { above.removeSubrange(0 ..< absorbed) }
            return
        }
        let first = position(reaching: range.lowerBound - 1)
        var end = first
        var merged = range
        while end < above.count, above[end].lowerBound <= range.upperBound + 1 {
            merged = min(merged.lowerBound, above[end].lowerBound) ... max(merged.upperBound, above[end].upperBound)
            end += 1
        }
        above.replaceSubrange(first ..< end, with: CollectionOfOne(merged))
    }

    /// Adds a range whose lower bound is not below that of any range that is here.
    private mutating func append(_ range: ClosedRange<UInt64>) {
        if above.isEmpty, range.lowerBound <= base + 1 {
            base = max(base, range.upperBound)
        } else if let last = above.last, range.lowerBound <= last.upperBound + 1 {
            above[above.count - 1] = last.lowerBound ... max(last.upperBound, range.upperBound)
        } else {
            above.append(range)
        }
    }

    /// The first range above the base whose upper bound is not below `counter`.
    private func position(reaching counter: UInt64) -> Int {
        var low = 0
        var high = above.count
        while low < high {
            let middle = (low + high) / 2
            if above[middle].upperBound < counter { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension CounterRanges {
    /// What either has. O(ranges of both).
    func union(_ other: CounterRanges) -> CounterRanges {
        if other.above.isEmpty, other.base <= base { return self }
        if above.isEmpty, base <= other.base { return other }
        if other.above.isEmpty {
            var result = self
            result.insert(1 ... other.base)
            return result
        }
        let mine = spans
        let theirs = other.spans
        var result = CounterRanges()
        var i = 0
        var j = 0
        while i < mine.count || j < theirs.count {
            if j == theirs.count || (i < mine.count && mine[i].lowerBound <= theirs[j].lowerBound) {
                result.append(mine[i])
                i += 1
            } else {
                result.append(theirs[j])
                j += 1
            }
        }
        return result
    }

    /// What this has and `other` lacks. O(ranges of both).
    func subtracting(_ other: CounterRanges) -> CounterRanges {
        if last <= other.base || isEmpty { return CounterRanges() }
        if other.isEmpty { return self }
        let holes = other.spans
        var result = CounterRanges()
        var j = 0
        for span in spans {
            var from = span.lowerBound
            while j < holes.count, holes[j].upperBound < from { j += 1 }
            var k = j
            while k < holes.count, holes[k].lowerBound <= span.upperBound {
                if from < holes[k].lowerBound { result.append(from ... holes[k].lowerBound - 1) }
                from = holes[k].upperBound + 1
                if from > span.upperBound { break }
                k += 1
            }
            if from <= span.upperBound { result.append(from ... span.upperBound) }
            j = k
        }
        return result
    }

    /// What both have. O(ranges of both).
    func intersection(_ other: CounterRanges) -> CounterRanges {
        if last <= other.base { return self }
        if other.last <= base { return other }
        let mine = spans
        let theirs = other.spans
        var result = CounterRanges()
        var i = 0
        var j = 0
        while i < mine.count, j < theirs.count {
            let from = max(mine[i].lowerBound, theirs[j].lowerBound)
            let to = min(mine[i].upperBound, theirs[j].upperBound)
            if from <= to { result.append(from ... to) }
            if mine[i].upperBound < theirs[j].upperBound { i += 1 } else { j += 1 }
        }
        return result
    }

    /// Whether `other` has all that this has. O(ranges of both).
    func isSubset(of other: CounterRanges) -> Bool {
        if last <= other.base { return true }
        if base > other.base { return false }
        var j = 0
        for range in above where range.upperBound > other.base {
            // One that begins within the other's base goes on over its gap, and no range of the other holds its start.
            while j < other.above.count, other.above[j].upperBound < range.lowerBound { j += 1 }
            guard j < other.above.count, other.above[j].lowerBound <= range.lowerBound,
                range.upperBound <= other.above[j].upperBound
            else { return false }
        }
        return true
    }

    func checkInvariants() {
        precondition(last <= Dot.maximumCounter, "counter out of range: \(last)")
        var reach = base
        for range in above {
            precondition(range.lowerBound > reach + 1, "the range \(range) touches what ends at \(reach)")
            reach = range.upperBound
        }
    }
}
