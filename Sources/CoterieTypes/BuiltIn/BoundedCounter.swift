// A counter that never goes below zero, even in a partition: an escrow (Balegas et al., "Extending eventually consistent
// cloud databases for enforcing numeric invariants", 2015).
//
// Each unit belongs to one replica, its right. A replica that adds gets the rights to what it added; it takes away only
// what it has a right to, and gives rights to others. Each replica's totals are one payload, written by it alone, which
// restates them at each of its operations. What a replica knows of its own totals is exact, and what it has not heard of
// others' can only add to its rights: so it never takes what it has not, and the sum of rights is the value.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// What can be done to a bounded counter. Amounts are positive.
public enum BoundedCounterOperation: Canonical, Hashable, Sendable {
    /// Adds units; the minter has the rights to them.
    case add(Int64)
    /// Takes units away; refused where the minter has fewer rights.
    case take(Int64)
    /// Gives rights to another replica; refused where the minter has fewer.
    case give(Int64, to: ReplicaID)

    public func append(to out: inout ByteBuffer) {
        switch self {
        case .add(let amount):
            out.writeInteger(1 as UInt8)
            out.writeSigned(amount)
        case .take(let amount):
            out.writeInteger(2 as UInt8)
            out.writeSigned(amount)
        case .give(let amount, let replica):
            out.writeInteger(3 as UInt8)
            out.writeSigned(amount)
            out.write(replica)
        }
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        let kind = try reader.byte("kind")
        let amount = try reader.signed("amount")
        guard amount > 0 else { throw reader.fault("an amount is positive, not \(amount)") }
        switch kind {
        case 1: self = .add(amount)
        case 2: self = .take(amount)
        case 3: self = .give(amount, to: try reader.replica())
        default: throw reader.fault("there is no operation \(kind)")
        }
    }
}

/// What a bounded counter holds.
public struct BoundedCounterValue: Canonical, Hashable, Sendable {
    /// The rights of one replica.
    public struct Rights: Canonical, Hashable, Sendable {
        public let replica: ReplicaID
        public let amount: Int64

        public init(_ replica: ReplicaID, _ amount: Int64) {
            self.replica = replica
            self.amount = amount
        }

        public func append(to out: inout ByteBuffer) {
            out.write(replica)
            out.writeSigned(amount)
        }

        public init(from reader: inout TypeReader) throws(TypeFault) {
            self.init(try reader.replica(), try reader.signed("amount"))
        }
    }

    /// Who may take how much, ascending by replica; who may take nothing is not named.
    public let rights: [Rights]

    /// How many units there are.
    public var amount: Int64 { Int64(clamping: rights.reduce(0 as Int128) { $0 + Int128($1.amount) }) }

    public init(_ rights: [Rights]) { self.rights = rights }

    public func append(to out: inout ByteBuffer) { rights.append(to: &out) }
    public init(from reader: inout TypeReader) throws(TypeFault) { rights = try [Rights](from: &reader) }
}

/// Never below zero. A key of it cannot be deleted: who has not heard of the delete would go on taking.
public enum BoundedCounter: ReplicatedType {
    public static let name = "bcounter"
    public static let allowsDelete = false

    public static func apply(
        _ operation: BoundedCounterOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        var change = TypeChange()
        var totals = Totals()
        for sibling in object.siblings where sibling.dot.replica == occasion.minter {
            totals = try Totals(sibling)
            change.drops.append(sibling.dot)
        }
        let rights = try value(of: object).rights.first { $0.replica == occasion.minter }?.amount ?? 0
        switch operation {
        case .add(let amount): try Totals.add(amount, to: &totals.added)
        case .take(let amount):
            if amount > rights { throw lack(of: amount, at: occasion.minter, in: try value(of: object)) }
            try check(amount, within: rights, of: occasion.minter)
            try Totals.add(amount, to: &totals.taken)
        case .give(let amount, let replica):
            guard replica != occasion.minter else { throw .refused("\(replica) cannot give rights to itself") }
            try check(amount, within: rights, of: occasion.minter)
            try Totals.add(amount, to: &totals.given[replica, default: 0])
        }
        change.payloads = [totals.encoded()]
        return change
    }

    public static func value(of object: CausalObject) throws(TypeFault) -> BoundedCounterValue {
        var rights: [ReplicaID: Int64] = [:]
        for sibling in object.siblings {
            let totals = try Totals(sibling)
            var given: Int64 = 0
            for (replica, amount) in totals.given {
                rights[replica, default: 0] &+= amount
                given &+= amount
            }
            rights[sibling.dot.replica, default: 0] &+= totals.added &- totals.taken &- given
        }
        return BoundedCounterValue(
            rights.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
    }

    /// What is missing is asked of those who have most: half of what they have, so that not every unit is asked for.
    private static func lack(
        of amount: Int64, at replica: ReplicaID, in value: BoundedCounterValue
    ) -> TypeFault {
        let own = value.rights.first { $0.replica == replica }?.amount ?? 0
        let (mine, all) = (max(0, own), max(0, value.amount))
        let why = "\(replica) has rights to \(mine) of \(all) units, and \(amount) were asked for"
        guard amount <= value.amount else { return .refused(why) }
        let holders = value.rights.filter { $0.replica != replica && $0.amount > 0 }
            .sorted { $0.amount != $1.amount ? $0.amount > $1.amount : $0.replica < $1.replica }
        return .demands(
            why,
            holders.map { holder in
                let gift = min(holder.amount, max(amount - own, holder.amount / 2))
                return TypeDemand(holder.replica, BoundedCounterOperation.give(gift, to: replica).canonicalBytes())
            })
    }

    private static func check(_ amount: Int64, within rights: Int64, of replica: ReplicaID) throws(TypeFault) {
        guard amount > 0 else { throw .refused("an amount is positive, not \(amount)") }
        guard amount <= rights else {
            throw .refused("\(replica) has rights to \(max(0, rights)) units, and \(amount) were asked for")
        }
    }
}

/// All that one replica did.
private struct Totals {
    var added: Int64 = 0
    var taken: Int64 = 0
    var given: [ReplicaID: Int64] = [:]

    init() {}

    init(_ sibling: Sibling) throws(TypeFault) {
        var reader = TypeReader(sibling.payload, of: "a payload of the type bcounter")
        try reader.version(newest: 1)
        added = try reader.signed("units added")
        taken = try reader.signed("units taken")
        for _ in 0 ..< (try reader.count("gifts")) {
            let replica = try reader.replica()
            given[replica] = try reader.signed("gift")
        }
        try reader.expectEnd()
    }

    func encoded() -> ByteBuffer {
        var out = ByteBuffer(integer: 1 as UInt8)
        out.writeSigned(added)
        out.writeSigned(taken)
        out.writeVarint(UInt64(given.count))
        for (replica, amount) in given.sorted(by: { $0.key < $1.key }) {
            out.write(replica)
            out.writeSigned(amount)
        }
        return out
    }

    static func add(_ amount: Int64, to total: inout Int64) throws(TypeFault) {
        guard amount > 0 else { throw .refused("an amount is positive, not \(amount)") }
        let (sum, overflows) = total.addingReportingOverflow(amount)
        // A quarter of the range: no sum of a few totals overflows.
        guard !overflows, sum <= .max / 4 else { throw .refused("a total would be \(Int128(total) + Int128(amount))") }
        total = sum
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ replica: ReplicaID) { writeReplicaID(replica) }
}

extension TypeReader {
    fileprivate mutating func replica() throws(TypeFault) -> ReplicaID {
        guard let replica = take({ $0.readReplicaID() }) else { throw fault("no replica identity") }
        return replica
    }
}
