// A counter that goes up and down. Each update is an entry of its own, under its own dot and with its operation's id, so
// that a reset takes away exactly the updates that it has seen (INV 9), and an update that was retried through another
// node counts once (INV 11). Entries that can no longer be retried are folded into one (Counter+Fold.swift).

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// What can be done to a counter.
public enum CounterOperation: Canonical, Hashable, Sendable {
    /// Adds an amount of either sign.
    case add(Int64)
    /// Takes away what was observed: concurrent additions stay.
    case reset

    public func append(to out: inout ByteBuffer) {
        switch self {
        case .add(let amount):
            out.writeInteger(1 as UInt8)
            out.writeSigned(amount)
        case .reset: out.writeInteger(2 as UInt8)
        }
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        switch try reader.byte("kind") {
        case 1: self = .add(try reader.signed("amount"))
        case 2: self = .reset
        case let other: throw reader.fault("there is no operation \(other)")
        }
    }
}

/// The sum of all additions that no reset has seen. Sums beyond 64 bits read as the end of the range.
public enum ReplicatedCounter: ReplicatedType {
    public static let name = "counter"

    /// An addition whose id is live was applied before. (One whose first application was seen by a reset since is not
    /// recognised: it counts as one made after the reset.)
    public static func apply(
        _ operation: CounterOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        switch operation {
        case .reset: return TypeChange(drops: object.liveDots.filter { occasion.acts(on: $0) })
        case .add(let amount):
            if let id = occasion.id {
                for sibling in object.siblings where try CounterEntry(sibling).id == id { return .repeated }
            }
            return TypeChange(payloads: [CounterEntry.addition(amount, occasion.id).encoded()])
        }
    }

    public static func value(of object: CausalObject) throws(TypeFault) -> Int64 {
        var counted: Set<OperationID> = []
        var sum: Int128 = 0
        for sibling in object.siblings {
            switch try CounterEntry(sibling) {
            // Siblings ascend by dot: of equal ids the least dot counts.
            case .addition(let amount, let id):
                if id.map({ counted.insert($0).inserted }) ?? true { sum += Int128(amount) }
            case .fold(let folded, let anchor):
                if object.holds(Dot(sibling.dot.replica, anchor)) { sum += Int128(folded) }
            }
        }
        return Int64(clamping: sum)
    }

    /// Drops folds whose anchor was taken away by a reset or a delete: it cannot come back, so they never count again.
    @discardableResult
    public static func settle(_ object: inout CausalObject) -> Int {
        var orphans: [Dot] = []
        for sibling in object.siblings {
            guard case .fold(_, let counter) = try? CounterEntry(sibling) else { continue }
            let anchor = Dot(sibling.dot.replica, counter)
            if object.context.covers(anchor), !object.holds(anchor) { orphans.append(sibling.dot) }
        }
        if !orphans.isEmpty { object.retain { !orphans.contains($0.dot) } }
        return 0
    }
}

/// The payload behind one live dot of a counter.
enum CounterEntry: Hashable {
    /// One operation's amount.
    case addition(Int64, OperationID?)
    /// The sum of many, which counts while the anchor is live: a dot of the same minter with this counter.
    case fold(Int64, anchor: UInt64)

    var id: OperationID? {
        if case .addition(_, let id) = self { id } else { nil }
    }

    init(_ sibling: Sibling) throws(TypeFault) {
        var reader = TypeReader(sibling.payload, of: "a payload of the type counter")
        try reader.version(newest: 1)
        let kind = try reader.byte("kind")
        let amount = try reader.signed("amount")
        switch kind {
        case 1: self = .addition(amount, nil)
        case 2:
            let client = try reader.fixed64("operation's client")
            self = .addition(amount, OperationID(client: client, number: try reader.varint("operation's number")))
        case 3:
            let anchor = try reader.varint("anchor")
            guard (1 ..< sibling.dot.counter).contains(anchor) else {
                throw reader.fault("the anchor \(anchor) is not before \(sibling.dot)")
            }
            self = .fold(amount, anchor: anchor)
        default: throw reader.fault("there is no entry \(kind)")
        }
        try reader.expectEnd()
    }

    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        out.writeInteger(1 as UInt8)
        switch self {
        case .addition(let amount, let id):
            out.writeInteger(id == nil ? 1 : 2 as UInt8)
            out.writeSigned(amount)
            if let id {
                out.writeInteger(id.client)
                out.writeVarint(id.number)
            }
        case .fold(let sum, let anchor):
            out.writeInteger(3 as UInt8)
            out.writeSigned(sum)
            out.writeVarint(anchor)
        }
        return out
    }
}
