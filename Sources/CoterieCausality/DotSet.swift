// An exact set of dots, as ranges for each replica: what one clock has and another lacks, which events a delta carries.
//
// Its size is bounded by gaps, not by events. All operations on two sets are linear in their ranges.

import CoteriePrimitives

/// An exact set of events. Iterating gives its dots, ascending.
public struct DotSet: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        let replica: ReplicaID
        var counters: CounterRanges
    }

    /// Ascending strictly by replica; none is empty.
    private(set) var entries: [Entry]

    public init() { entries = [] }

    public init(_ dots: some Sequence<Dot>) {
        self.init()
        for dot in dots { insert(dot) }
    }

    /// Takes entries that ascend strictly by replica, none of them empty.
    init(ascending entries: [Entry]) { self.entries = entries }

    public var isEmpty: Bool { entries.isEmpty }

    /// How many dots are in the set; stays at the greatest Int where there are more.
    public var count: Int {
        var sum: UInt64 = 0
        for entry in entries { sum = Swift.min(sum + entry.counters.count, UInt64(Int.max)) }
        return Int(sum)
    }

    /// How many ranges the set takes: the measure of its size in memory and on the wire.
    public var rangeCount: Int {
        entries.reduce(0) { $0 + $1.counters.above.count + ($1.counters.base > 0 ? 1 : 0) }
    }

    /// The replicas that have a dot in the set, ascending.
    public var replicas: [ReplicaID] { entries.map(\.replica) }

    /// O(log replicas + log ranges).
    public func contains(_ dot: Dot) -> Bool {
        guard let position = find(dot.replica) else { return false }
        return entries[position].counters.contains(dot.counter)
    }

    /// Adds a dot; false where it was there. O(1) where it continues its replica's base.
    @discardableResult
    public mutating func insert(_ dot: Dot) -> Bool {
        let (position, found) = place(of: dot.replica)
        if found { return entries[position].counters.insert(dot.counter) }
        var counters = CounterRanges()
        _ = counters.insert(dot.counter)
        entries.insert(Entry(replica: dot.replica, counters: counters), at: position)
        return true
    }

    /// Adds the events of `replica` in `counters`, which must lie in `1 ... Dot.maximumCounter`.
    public mutating func insert(_ counters: ClosedRange<UInt64>, of replica: ReplicaID) {
        precondition(
            counters.lowerBound >= 1 && counters.upperBound <= Dot.maximumCounter,
            "counters lie in 1 ... \(Dot.maximumCounter), not \(counters)")
        let (position, found) = place(of: replica)
        if found {
            entries[position].counters.insert(counters)
        } else {
            let entry = Entry(replica: replica, counters: CounterRanges(ascending: [counters]))
            entries.insert(entry, at: position)
        }
    }

    /// The ranges of one replica's counters, ascending; adjacent ones are joined.
    public func ranges(of replica: ReplicaID) -> [ClosedRange<UInt64>] { counters(of: replica).spans }

    func counters(of replica: ReplicaID) -> CounterRanges {
        guard let position = find(replica) else { return CounterRanges() }
        return entries[position].counters
    }

    private func find(_ replica: ReplicaID) -> Int? {
        let (position, found) = place(of: replica)
        return found ? position : nil
    }

    /// Where the replica's entry is, or would be.
    private func place(of replica: ReplicaID) -> (position: Int, found: Bool) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].replica < replica { low = middle + 1 } else { high = middle }
        }
        return (low, low < entries.count && entries[low].replica == replica)
    }

    /// Traps, with the values, where the structure is broken.
    public func checkInvariants() {
        var previous: ReplicaID?
        for entry in entries {
            precondition(!entry.counters.isEmpty, "\(entry.replica) has an entry and no event")
            entry.counters.checkInvariants()
            if let previous { precondition(previous < entry.replica, "out of order: \(previous), \(entry.replica)") }
            previous = entry.replica
        }
    }
}

extension DotSet: Sequence {
    /// The dots, ascending. A set may name far more dots than anybody can visit: walk its ranges where that matters.
    public func makeIterator() -> Iterator { Iterator(spans: allRanges) }

    /// All ranges, ascending by replica, then by counter.
    public var allRanges: [(replica: ReplicaID, counters: ClosedRange<UInt64>)] {
        entries.flatMap { entry in entry.counters.spans.map { (entry.replica, $0) } }
    }

    /// Walks a set's dots.
    public struct Iterator: IteratorProtocol {
        private let spans: [(replica: ReplicaID, counters: ClosedRange<UInt64>)]
        private var position = 0
        private var from: UInt64 = 0

        init(spans: [(replica: ReplicaID, counters: ClosedRange<UInt64>)]) { self.spans = spans }

        public mutating func next() -> Dot? {
            guard position < spans.count else { return nil }
            let (replica, counters) = spans[position]
            let counter = Swift.max(from, counters.lowerBound)
            if counter == counters.upperBound {
                position += 1
                from = 0
            } else {
                from = counter + 1
            }
            return Dot(replica, counter)
        }
    }

    public var underestimatedCount: Int { rangeCount }
}

extension DotSet: CustomStringConvertible {
    public var description: String {
        let parts = allRanges.map { replica, counters in
            "\(replica)#\(counters.lowerBound)"
                + (counters.count == 1 ? "" : "…\(counters.upperBound)")
        }
        return "{" + parts.joined(separator: ", ") + "}"
    }
}
