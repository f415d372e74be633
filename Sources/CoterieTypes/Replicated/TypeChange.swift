// What an operation finds when it comes to its minter, and what it does to the object there.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// The name of one operation of one client: whatever is retried, through whichever node, keeps it.
public struct OperationID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Drawn at random by each client, so that no two are equal.
    public let client: UInt64
    /// The client's count of its operations.
    public let number: UInt64

    public init(client: UInt64, number: UInt64) {
        self.client = client
        self.number = number
    }

    public static func < (a: Self, b: Self) -> Bool {
        a.client != b.client ? a.client < b.client : a.number < b.number
    }

    public var description: String { "\(String(client, radix: 36))/\(number)" }
}

/// Where and when an operation is performed.
public struct Occasion: Hashable, Sendable {
    /// Whose dots the operation gets.
    public var minter: ReplicaID
    /// What the client had seen, where it said so: then the operation acts on that. Nil: it acts on what the minter has.
    public var observed: VersionVector?
    /// By the minter's clock, never trusted beyond the order of concurrent writes.
    public var now: WallTime
    /// The operation's name, where the client gave it one.
    public var id: OperationID?

    public init(minter: ReplicaID, observed: VersionVector? = nil, now: WallTime, id: OperationID? = nil) {
        self.minter = minter
        self.observed = observed
        self.now = now
        self.id = id
    }

    /// Whether the operation acts on this live dot of the minter's object.
    public func acts(on dot: Dot) -> Bool { observed?.covers(dot) ?? true }
}

/// What an operation does: which live dots it drops, and what it puts under new ones.
public struct TypeChange: Hashable, Sendable {
    /// Live dots of the object, in any order.
    public var drops: [Dot]
    /// One dot is minted for each; for none of them one without a payload.
    public var payloads: [ByteBuffer]
    /// The client's context, where the operation replaces the whole object. (See `CausalEvent.joined`.)
    public var joined: VersionVector
    /// The operation was applied before, by its id: nothing is minted, what is here must be made as safe as a new write.
    public var isRepeat: Bool

    public init(drops: [Dot] = [], payloads: [ByteBuffer] = [], joined: VersionVector = VersionVector()) {
        self.drops = drops
        self.payloads = payloads
        self.joined = joined
        isRepeat = false
    }

    /// Nothing, because it was done before.
    public static var repeated: TypeChange {
        var change = TypeChange()
        change.isRepeat = true
        return change
    }
}

extension TypeChange {
    /// The event of this change, with dots from `first` on.
    ///
    /// - Parameter observed: the client's context: the object must cover it, unless the change joins it.
    /// - Returns: nil of a repeated operation.
    public func event(
        on object: CausalObject, first: Dot, observed: VersionVector?
    ) throws(TypeFault) -> CausalEvent? {
        if let observed, !joined.descends(observed), !object.context.descends(observed) { throw .behind(observed) }
        if isRepeat { return nil }
        return CausalEvent(
            run: DotRun(first, count: max(1, payloads.count)), base: object.context, dropped: drops,
            payloads: payloads, joined: joined)
    }
}
