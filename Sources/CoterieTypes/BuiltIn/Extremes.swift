// The greatest and the least of all numbers that were offered.
//
// An offer drops what its minter holds and restates the best of it under its own dot, so that the state stays one number
// for each owner. Whoever restates has seen: where a remove of the key or field is concurrent with an offer, what the
// offer's minter had seen by then survives with it.

import CoterieCausality
import NIOCore

/// The greatest number that was offered.
public enum ReplicatedMaximum: ReplicatedType {
    public static let name = "max"

    public static func apply(
        _ number: Int64, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        TypeChange(
            drops: object.liveDots, payloads: [Extreme.payload(try Extreme.best(of: object, and: number, by: >))])
    }

    /// Nil where nothing was offered.
    public static func value(of object: CausalObject) throws(TypeFault) -> Int64? {
        try Extreme.best(of: object, and: nil, by: >)
    }
}

/// The least number that was offered.
public enum ReplicatedMinimum: ReplicatedType {
    public static let name = "min"

    public static func apply(
        _ number: Int64, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        TypeChange(
            drops: object.liveDots, payloads: [Extreme.payload(try Extreme.best(of: object, and: number, by: <))])
    }

    /// Nil where nothing was offered.
    public static func value(of object: CausalObject) throws(TypeFault) -> Int64? {
        try Extreme.best(of: object, and: nil, by: <)
    }
}

private enum Extreme {
    static func payload(_ number: Int64?) -> ByteBuffer {
        var payload = ByteBuffer(integer: 1 as UInt8)
        if let number { payload.writeSigned(number) }
        return payload
    }

    /// The best of the live numbers and one more.
    static func best(
        of object: CausalObject, and more: Int64?, by isBetter: (Int64, Int64) -> Bool
    ) throws(TypeFault) -> Int64? {
        var best = more
        for sibling in object.siblings {
            var reader = TypeReader(sibling.payload, of: "a payload of an extreme")
            try reader.version(newest: 1)
            let number = try reader.signed("number")
            try reader.expectEnd()
            if let known = best, !isBetter(number, known) { continue }
            best = number
        }
        return best
    }
}
