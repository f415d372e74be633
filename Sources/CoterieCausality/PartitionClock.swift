// Which events a replica of one partition has handled: for each identity the contiguous base, and the ranges above it.
//
// A clock finds what is missing and proves that something is everywhere; it never by itself makes a value disappear
// (design, section 4). The idea is that of the bitmapped version vector of Gonçalves, Almeida, Baquero and Fonte,
// "DottedDB: anti-entropy without Merkle trees, deletes without tombstones" (2017), with ranges in place of bitmaps,
// and without its rule that absence under a clock means deleted.

import CoteriePrimitives

/// The events that one replica has handled. Its size grows with restarts and lost tails, not with writes.
public struct PartitionClock: Hashable, Sendable {
    /// The handled events, as an exact set.
    public private(set) var dots: DotSet

    /// Nothing handled.
    public init() { dots = DotSet() }

    /// A clock that has handled exactly these events.
    public init(_ dots: DotSet) { self.dots = dots }

    public var isEmpty: Bool { dots.isEmpty }

    /// How many ranges the clock takes: the measure of its size in memory and on the wire.
    public var rangeCount: Int { dots.rangeCount }

    /// The identities of which an event was handled, ascending.
    public var replicas: [ReplicaID] { dots.replicas }

    /// Whether the event was handled. O(log replicas + log ranges).
    public func contains(_ dot: Dot) -> Bool { dots.contains(dot) }

    /// Marks an event as handled; false where it was already. O(log replicas) where it continues its replica's base.
    @discardableResult
    public mutating func add(_ dot: Dot) -> Bool { dots.insert(dot) }

    /// Marks the events of `replica` in `counters` as handled; they must lie in `1 ... Dot.maximumCounter`.
    public mutating func add(_ counters: ClosedRange<UInt64>, of replica: ReplicaID) {
        dots.insert(counters, of: replica)
    }

    /// All events of `replica` from 1 to here were handled; 0 where the first was not.
    public func base(of replica: ReplicaID) -> UInt64 { dots.counters(of: replica).base }

    /// What of `replica` was handled above the base, ascending.
    public func ranges(of replica: ReplicaID) -> [ClosedRange<UInt64>] { dots.counters(of: replica).above }

    /// The last event of `replica` that was handled; 0 where none was. A replica mints above this.
    public func last(of replica: ReplicaID) -> UInt64 { dots.counters(of: replica).last }

    /// Whether the last event of each of the vector's entries was handled: what "a context lies under the clock" and a
    /// client's floor mean. True of the empty vector. (The events in between belong to other keys or were overwritten.)
    public func hasLastDots(of vector: VersionVector) -> Bool {
        for position in 0 ..< vector.count where !contains(vector.dot(at: position)) { return false }
        return true
    }

    /// Joins another clock. Only a complete snapshot allows this (design, section 4, rules 6 and 16): a clock that is
    /// merged without the objects behind it vouches for what is not there.
    public mutating func merge(_ other: PartitionClock) { dots.formUnion(other.dots) }

    public func merged(with other: PartitionClock) -> PartitionClock { PartitionClock(dots.union(other.dots)) }

    /// The events that `other` has handled and this replica has not: what anti-entropy asks for.
    public func missing(from other: PartitionClock) -> DotSet { other.dots.subtracting(dots) }

    /// What both have handled: with all owners' clocks, what is everywhere.
    public func intersection(_ other: PartitionClock) -> PartitionClock {
        PartitionClock(dots.intersection(other.dots))
    }

    /// Of one replica what all of these have handled, ascending. O(clocks × log replicas + ranges), where intersecting whole
    /// clocks costs all that others have written.
    public static func ranges(of replica: ReplicaID, inAll clocks: [PartitionClock]) -> [ClosedRange<UInt64>] {
        guard let first = clocks.first else { return [] }
        var common = first.dots.counters(of: replica)
        for clock in clocks.dropFirst() {
            if common.isEmpty { return [] }
            common = common.intersection(clock.dots.counters(of: replica))
        }
        return common.spans
    }

    /// Takes events back, as a quarantined replica does with what its objects do not prove.
    public mutating func subtract(_ unproven: DotSet) { dots.subtract(unproven) }

    /// Whether `other` has handled all that this replica has.
    public func isSubset(of other: PartitionClock) -> Bool { dots.isSubset(of: other.dots) }

    /// How this clock lies to `other`: `before` has handled less. O(ranges of both).
    public func compare(_ other: PartitionClock) -> CausalOrder { dots.compare(other.dots) }

    /// Traps, with the values, where the structure is broken.
    public func checkInvariants() { dots.checkInvariants() }
}

extension PartitionClock: CustomStringConvertible {
    public var description: String { dots.description }
}
