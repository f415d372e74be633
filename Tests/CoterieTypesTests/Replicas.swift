// Replicas of one key, for stories told by hand: each mints its own dots, and they take in what others have.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

extension ByteBuffer: @retroactive ExpressibleByUnicodeScalarLiteral {}
extension ByteBuffer: @retroactive ExpressibleByExtendedGraphemeClusterLiteral {}
extension ByteBuffer: @retroactive ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(string: text) }
}

/// One replica's object of a key of the type.
struct Keeper<T: ReplicatedType> {
    let identity: ReplicaID
    private(set) var object = CausalObject()
    private var counter: UInt64 = 0

    init(_ member: UInt32, _ type: T.Type) {
        identity = ReplicaID(member: MemberNumber(member), incarnation: Incarnation(nonce: 1))
    }

    /// Performs an operation; nil where it was applied before.
    @discardableResult
    mutating func perform(
        _ operation: T.Operation, seen: VersionVector? = nil, at clock: Int64 = 0, as number: UInt64? = nil
    ) throws(TypeFault) -> CausalEvent? {
        let occasion = Occasion(
            minter: identity, observed: seen, now: WallTime(milliseconds: clock),
            id: number.map { OperationID(client: 1, number: $0) })
        let event = try T.event(of: operation, on: object, first: Dot(identity, counter + 1), occasion)
        if let event { take(event) }
        return event
    }

    /// Deletes the key, on what a client saw or on all that is here.
    mutating func delete(seen: VersionVector? = nil) {
        let seen = seen ?? object.context
        take(
            CausalEvent(
                run: DotRun(Dot(identity, counter + 1)), base: object.context,
                dropped: object.liveDots.filter { seen.covers($0) }, payloads: [], joined: seen))
    }

    /// Folds its own entries, all of which everybody has.
    mutating func fold() throws(TypeFault) -> Bool {
        guard let change = try T.fold(object, by: identity, where: { _ in true }),
            let event = try change.event(on: object, first: Dot(identity, counter + 1), observed: nil)
        else { return false }
        take(event)
        return true
    }

    mutating func merge(_ other: Keeper) { T.merge(other.object, into: &object) }

    mutating func receive(_ event: CausalEvent) -> EventArrival { T.apply(event, to: &object) }

    var value: T.Value { get throws(TypeFault) { try T.value(of: object) } }

    private mutating func take(_ event: CausalEvent) {
        T.apply(event, to: &object)
        counter = max(counter, event.run.last.counter)
    }
}
