// One write event and who minted it: the atoms of all causality.
//
// A dot is minted at most once, ever (INV 1). That rests on the identity: a replica takes a new incarnation at every
// start and whenever it lost state, so that no life of it can mint what an earlier life minted (design, section 4,
// rule 1; the lesson of riak_kv#679). Dots: Almeida, Baquero, Gonçalves, Preguiça and Fonte, "Scalable and accurate
// causality tracking for eventually consistent stores" (2014).

import CoteriePrimitives

/// One life of one member's replicas. It orders by member, then by incarnation.
public struct ReplicaID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let member: MemberNumber
    public let incarnation: Incarnation

    @inlinable public init(member: MemberNumber, incarnation: Incarnation) {
        self.member = member
        self.incarnation = incarnation
    }

    @inlinable public static func == (a: Self, b: Self) -> Bool {
        a.incarnation.nonce == b.incarnation.nonce && a.member.rawValue == b.member.rawValue
            && a.incarnation.sub == b.incarnation.sub
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool {
        if a.member.rawValue != b.member.rawValue { return a.member.rawValue < b.member.rawValue }
        return a.incarnation < b.incarnation
    }

    public var description: String { "\(member):\(incarnation)" }
}

/// One event, a write or a delete, in one partition. It orders by replica, then by counter.
public struct Dot: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The greatest counter there is: a million events a second reach it in 292,000 years. Decoders refuse more, so
    /// that arithmetic on counters never overflows.
    public static let maximumCounter = UInt64(Int64.max)

    public let replica: ReplicaID
    /// `1 ... maximumCounter`. Shared by all keys of the partition: one key's dots have gaps.
    public let counter: UInt64

    /// `counter` must lie in `1 ... maximumCounter`.
    @inlinable public init(_ replica: ReplicaID, _ counter: UInt64) {
        precondition(
            counter >= 1 && counter <= Dot.maximumCounter,
            "a dot's counter lies in 1 ... \(Dot.maximumCounter), not \(counter)")
        self.replica = replica
        self.counter = counter
    }

    /// The place of an entry that is not there: counter 0, which no dot has.
    @inlinable init(absent: ()) {
        replica = ReplicaID(member: MemberNumber(0), incarnation: Incarnation(nonce: 0))
        counter = 0
    }

    @inlinable public static func == (a: Self, b: Self) -> Bool { a.counter == b.counter && a.replica == b.replica }

    @inlinable public static func < (a: Self, b: Self) -> Bool {
        a.replica == b.replica ? a.counter < b.counter : a.replica < b.replica
    }

    public var description: String { "\(replica)#\(counter)" }
}

/// How two points of causal history lie to each other.
public enum CausalOrder: Hashable, Sendable {
    /// The first knows less: all it has seen, the second has seen too.
    case before
    /// The first knows more.
    case after
    case same
    /// Each has seen something that the other has not.
    case concurrent

    /// From what each of the two has that the other lacks.
    @inlinable public init(firstHasMore: Bool, secondHasMore: Bool) {
        self =
            switch (firstHasMore, secondHasMore) {
            case (false, false): .same
            case (true, false): .after
            case (false, true): .before
            case (true, true): .concurrent
            }
    }
}
