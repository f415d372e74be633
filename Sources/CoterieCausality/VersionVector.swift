// For each replica the last event that was seen: the summary that an object carries as its context.
//
// It is exact, not an approximation, because within one incarnation a replica's knowledge of each key only grows: who
// has seen its event 7 has seen all its earlier events of that key (design, section 4, rule 1). Parker et al.,
// "Detection of mutual inconsistency in distributed systems" (1983).
//
// Most contexts have one to three entries. The first entry lies inline, so that a context of one entry touches no heap;
// the others are a sorted array.

import CoteriePrimitives

/// For each replica that was seen the counter of its last event, ordered by replica.
public struct VersionVector: Hashable, Sendable {
    /// The first entry; its counter is 0 in an empty vector.
    @usableFromInline private(set) var head: Dot
    /// All further entries, ascending, behind `head`.
    @usableFromInline private(set) var tail: [Dot]

    /// Nothing seen.
    @inlinable public init() {
        head = Dot(absent: ())
        tail = []
    }

    /// What one has seen who has seen these dots and all that their replicas minted before them.
    public init(_ dots: some Sequence<Dot>) {
        self.init()
        for dot in dots { observe(dot) }
    }

    /// Takes entries that are known to ascend strictly by replica.
    init(ascending first: Dot, _ rest: [Dot]) {
        head = first
        tail = rest
    }

    @inlinable public var isEmpty: Bool { head.counter == 0 }

    /// How many replicas have an entry.
    @inlinable public var count: Int { head.counter == 0 ? 0 : 1 + tail.count }

    /// The last event of the entry at `position`, in `0 ..< count`.
    @inlinable func dot(at position: Int) -> Dot { position == 0 ? head : tail[position - 1] }

    /// The last counter that was seen of `replica`; 0 where none was. O(log count).
    @inlinable public subscript(_ replica: ReplicaID) -> UInt64 {
        if head.replica == replica { return head.counter }
        return tail.isEmpty ? 0 : counterInTail(replica)
    }

    /// Whether the event was seen.
    @inlinable public func covers(_ dot: Dot) -> Bool { self[dot.replica] >= dot.counter }

    /// Marks the event as seen, and with it all that its replica minted before.
    public mutating func observe(_ dot: Dot) {
        if isEmpty {
            head = dot
        } else if dot.replica == head.replica {
            if head.counter < dot.counter { head = dot }
        } else if dot.replica < head.replica {
            tail.insert(head, at: 0)
            head = dot
        } else {
            let position = tailPosition(of: dot.replica)
            if position < tail.count, tail[position].replica == dot.replica {
                if tail[position].counter < dot.counter { tail[position] = dot }
            } else {
                tail.insert(dot, at: position)
            }
        }
    }

    @usableFromInline func counterInTail(_ replica: ReplicaID) -> UInt64 {
        let position = tailPosition(of: replica)
        return position < tail.count && tail[position].replica == replica ? tail[position].counter : 0
    }

    /// Where in the tail the first entry lies that is not below `replica`.
    private func tailPosition(of replica: ReplicaID) -> Int {
        if tail.count <= 8 { return tail.firstIndex { !($0.replica < replica) } ?? tail.count }
        var low = 0
        var high = tail.count
        while low < high {
            let middle = (low + high) / 2
            if tail[middle].replica < replica { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension VersionVector {
    /// The entries in the order of their replicas. Takes no memory of its own.
    public struct Entries: RandomAccessCollection, Sendable {
        @usableFromInline let vector: VersionVector
        @inlinable init(_ vector: VersionVector) { self.vector = vector }

        public var startIndex: Int { 0 }
        @inlinable public var endIndex: Int { vector.count }
        @inlinable public subscript(position: Int) -> (replica: ReplicaID, counter: UInt64) {
            let dot = vector.dot(at: position)
            return (dot.replica, dot.counter)
        }
    }

    @inlinable public var entries: Entries { Entries(self) }

    /// The last event of each entry, ascending.
    public var lastDots: [Dot] { isEmpty ? [] : [head] + tail }

    /// Traps, with the values, where the structure is broken: entries out of order, a counter out of range. O(count).
    public func checkInvariants() {
        precondition(!isEmpty || tail.isEmpty, "an empty vector has a tail: \(tail)")
        var previous: Dot?
        for dot in lastDots {
            precondition(dot.counter <= Dot.maximumCounter && dot.counter >= 1, "counter out of range: \(dot)")
            if let previous { precondition(previous.replica < dot.replica, "out of order: \(previous), \(dot)") }
            previous = dot
        }
    }
}

extension VersionVector: CustomStringConvertible {
    public var description: String {
        "{" + entries.map { "\($0.replica)≤\($0.counter)" }.joined(separator: ", ") + "}"
    }
}
