// What a type brings so that its laws can be checked: operations to try, and, best, a specification to be held to.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes

/// A replicated type that can be checked.
public protocol Lawful: ReplicatedType {
    /// An operation, from a domain so small that operations often meet. `replicas` are those of the history.
    static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> Operation

    /// The value after these events, by a rule that knows nothing of dots, objects and merges: only of which event had
    /// observed which. Nil: the type has no specification, and is held to the other laws alone.
    static func expected(after past: Past<Operation>) throws -> Value?

    /// What is wrong with a value that some replica has, whatever it has seen; nil where nothing is.
    static func fault(in value: Value) -> String?
}

extension Lawful {
    public static func expected(after past: Past<Operation>) throws -> Value? { nil }
    public static func fault(in value: Value) -> String? { nil }
}

/// A set of the events of one history, by their numbers.
public struct EventSet: Hashable, Sendable {
    /// How many events a history may have; half of the numbers that a set has room for.
    public static let limit = 64

    private var bits: UInt128 = 0

    public init() {}

    public func contains(_ number: Int) -> Bool { bits >> UInt128(number) & 1 == 1 }
    public mutating func insert(_ number: Int) { bits |= 1 << UInt128(number) }
    public mutating func formUnion(_ other: EventSet) { bits |= other.bits }

    /// With the numbers 2n and 2n + 1 for each number n.
    var doubled: EventSet {
        var (rest, result) = (bits, EventSet())
        while rest != 0 {
            result.bits |= 3 << UInt128(2 * rest.trailingZeroBitCount)
            rest &= rest - 1
        }
        return result
    }

    public func union(_ other: EventSet) -> EventSet {
        var result = self
        result.formUnion(other)
        return result
    }
}

/// One event of a history.
public struct PastEvent<Operation: Sendable>: Sendable {
    public enum Deed: Sendable {
        case operation(Operation)
        /// Of the whole key.
        case delete
        /// The type's own fold: it changes no value.
        case fold
    }

    /// Counts from 0, in the order of minting.
    public let number: Int
    public let deed: Deed
    public let minter: ReplicaID
    /// The first of its dots: what ties are broken by.
    public let dot: Dot
    /// The operation's name: events of equal names are one operation, applied more than once.
    public let id: OperationID?
    public let now: WallTime
    /// What its minter had seen.
    public let seen: EventSet
    /// What it acted on: its client's context, where it had one, else what its minter had seen.
    public let observed: EventSet
    /// Whether the client had a context.
    public let hasContext: Bool

    public init(
        number: Int, deed: Deed, minter: ReplicaID, dot: Dot, id: OperationID?, now: WallTime, seen: EventSet,
        observed: EventSet, hasContext: Bool
    ) {
        self.number = number
        self.deed = deed
        self.minter = minter
        self.dot = dot
        self.id = id
        self.now = now
        self.seen = seen
        self.observed = observed
        self.hasContext = hasContext
    }
}

/// The events that a replica has seen, in the order of minting.
public struct Past<Operation: Sendable>: Sendable {
    public let events: [PastEvent<Operation>]
    /// All events of the history. An event may be seen without what its minter had seen.
    private let all: [PastEvent<Operation>]

    public init(_ events: [PastEvent<Operation>], of all: [PastEvent<Operation>]) {
        self.events = events
        self.all = all
    }

    /// The operations among the events.
    public var operations: [(event: PastEvent<Operation>, operation: Operation)] {
        events.compactMap { event in
            if case .operation(let operation) = event.deed { (event, operation) } else { nil }
        }
    }

    /// Whether a delete of the key had observed the event.
    public func isDeleted(_ event: PastEvent<Operation>) -> Bool {
        for other in events {
            if case .delete = other.deed, other.observed.contains(event.number) { return true }
        }
        return false
    }

    /// What an event's minter had seen.
    public func before(_ event: PastEvent<Operation>) -> Past {
        Past(all.filter { event.seen.contains($0.number) }, of: all)
    }

    /// The past of one who has seen everything.
    public var whole: Past { Past(all, of: all) }

    /// The same for events of another form.
    func map<Other>(
        _ other: ([PastEvent<Operation>]) throws -> [PastEvent<Other>]
    ) rethrows -> Past<Other> { Past<Other>(try other(events), of: try other(all)) }
}
