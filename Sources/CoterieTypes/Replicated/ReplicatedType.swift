// Concurrent writes that resolve themselves: what a type has to say for that, and nothing more.
//
// Every type has the same representation, the object that every key has: live dots with payloads, and a context. Every
// type has the same merge, that of objects. So the replication, the hints, the repair and the deletes of all types are
// those of plain siblings; a type only says what an operation does where it is minted, and what the live payloads mean.
// The value is therefore a function of the set of events that a replica has seen: not of their order, not of their paths.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// A type whose concurrent operations merge.
///
/// An operation is performed once, at the replica that mints its dots. It drops live dots and adds payloads, each under
/// a dot of its own; everything else follows. Three rules make a lawful type:
///
/// 1. *Drop only what the operation replaces.* A dot that is dropped is gone everywhere, for ever; one that is not
///    dropped stays until some event drops it. "Observed" is what `Occasion.acts(on:)` says.
/// 2. *The value is a function of the live payloads*, and of nothing else but the context.
/// 3. *`settle` may drop only what can never matter again*, whatever arrives later. That another live dot outshines it is
///    not enough: a delete that has seen only the other one would then take both with it here, and only the one there.
///    Most types need no `settle`; `ResolverLaws.check(MyType.self)` (module CoterieLaws) finds a wrong one.
///
/// ```swift
/// /// Votes of people for one of some choices: a person's last vote counts, of concurrent ones that for the lesser choice.
/// enum Ballot: ReplicatedType {
///     struct Vote: Hashable, Sendable, Canonical {
///         var person: UInt64
///         var choice: UInt64
///
///         init(_ person: UInt64, _ choice: UInt64) { (self.person, self.choice) = (person, choice) }
///
///         func append(to out: inout ByteBuffer) {
///             person.append(to: &out)
///             choice.append(to: &out)
///         }
///
///         init(from reader: inout TypeReader) throws(TypeFault) {
///             self.init(try UInt64(from: &reader), try UInt64(from: &reader))
///         }
///     }
///
///     static let name = "ballot"
///
///     static func apply(_ vote: Vote, to object: CausalObject, _ occasion: Occasion) throws(TypeFault) -> TypeChange {
///         var change = TypeChange(payloads: [vote.canonicalBytes()])
///         for sibling in object.siblings where occasion.acts(on: sibling.dot) {
///             if try Vote(of: sibling).person == vote.person { change.drops.append(sibling.dot) }
///         }
///         return change
///     }
///
///     /// Each person's vote, ascending by person.
///     static func value(of object: CausalObject) throws(TypeFault) -> [Vote] {
///         var choices: [UInt64: UInt64] = [:]
///         for sibling in object.siblings {
///             let vote = try Vote(of: sibling)
///             choices[vote.person] = min(choices[vote.person] ?? .max, vote.choice)
///         }
///         return choices.map { Vote($0, $1) }.sorted { $0.person < $1.person }
///     }
/// }
///
/// extension Ballot.Vote {
///     init(of sibling: Sibling) throws(TypeFault) {
///         try self.init(decoding: sibling.payload, as: "a payload of the type ballot")
///     }
/// }
/// ```
public protocol ReplicatedType: Sendable {
    /// What a client asks for.
    associatedtype Operation: Canonical & Hashable & Sendable
    /// What a client gets.
    associatedtype Value: Canonical & Hashable & Sendable

    /// The type's name in settings and on the wire: lower case letters, digits, `-` and `_`, at most 32.
    static var name: String { get }

    /// What an operation does to the object at its minter, before its dots are minted.
    static func apply(
        _ operation: Operation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange

    /// What the object means. Payloads of other builds or of hostile peers throw; nothing traps.
    static func value(of object: CausalObject) throws(TypeFault) -> Value

    /// Drops live dots that can never matter again, after every merge and every event; says how many values it discarded.
    @discardableResult
    static func settle(_ object: inout CausalObject) -> Int

    /// A change that makes the object smaller and means the same, minted by `minter` on its own account; nil where there
    /// is nothing to gain. Only types whose state grows with their operations have one.
    ///
    /// - Parameter isSettled: may be true of a dot only where everything holds that <doc:Types> asks of the caller:
    ///   every owner has handled it, the minter has handled all that each of them had by then, no context and no retry
    ///   from before that is still under way.
    static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange?

    /// Whether a key of this type may be deleted as a whole.
    static var allowsDelete: Bool { get }

    /// Whether the operation may be performed again under its id by another replica, where nobody knows what became of
    /// it: it is recognised, counts once, or changes nothing the second time. Not, where the second time could undo what
    /// others did in between: an assignment would come back over its successor. False unless said otherwise.
    static func mayRepeat(_ operation: Operation) -> Bool

    /// Whether only an owner of the key may perform it. A fallback knows a part of the key, or nothing, so that what takes
    /// away would take nothing away. False unless said otherwise.
    static func needsOwner(_ operation: Operation) -> Bool
}

extension ReplicatedType {
    public static func settle(_ object: inout CausalObject) -> Int { 0 }

    public static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? { nil }

    public static var allowsDelete: Bool { true }

    /// Merges what another replica holds; says how many values the type discarded.
    @discardableResult
    public static func merge(_ other: CausalObject, into object: inout CausalObject) -> Int {
        object.merge(other)
        return settle(&object)
    }

    /// Applies an event that arrived by itself, if what it builds on is here.
    @discardableResult
    public static func apply(_ event: CausalEvent, to object: inout CausalObject) -> EventArrival {
        let arrival = object.apply(event)
        if arrival == .applied { settle(&object) }
        return arrival
    }

    /// The event of an operation, with dots from `first` on; nil of one that was applied before.
    public static func event(
        of operation: Operation, on object: CausalObject, first: Dot, _ occasion: Occasion
    ) throws(TypeFault) -> CausalEvent? {
        try apply(operation, to: object, occasion).event(on: object, first: first, observed: occasion.observed)
    }
}
