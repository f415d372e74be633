// A register: one value of plain bytes, as a field of a map has it.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// The value that was assigned last: by causality, among concurrent ones by hybrid time, ties broken by dot.
///
/// An assignment replaces all that its minter holds. What lost stays live, unseen, until the next assignment, for the
/// reason that `LastWriterWins` tells.
public enum ReplicatedRegister: ReplicatedType {
    public static let name = "register"

    public static func apply(
        _ value: ByteBuffer, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        let latest = object.siblings.compactMap { time(of: $0.payload) }.max()
        var payload = ByteBuffer()
        payload.writeInteger(1 as UInt8)
        payload.writeInteger(HybridTime.next(at: occasion.now, after: latest).rawValue)
        payload.writeImmutableBuffer(value)
        return TypeChange(drops: object.liveDots, payloads: [payload])
    }

    /// Nil where nothing is live.
    public static func value(of object: CausalObject) throws(TypeFault) -> ByteBuffer? {
        guard let latest = LastWriterWins.latest(in: object, time: time) else { return nil }
        var reader = TypeReader(latest.payload, of: "a payload of the type register")
        try reader.version(newest: 1)
        _ = try reader.fixed64("time")
        return reader.rest()
    }

    static func time(of payload: ByteBuffer) -> HybridTime? {
        payload.getInteger(at: payload.readerIndex + 1, as: UInt64.self).map { HybridTime(rawValue: $0) }
    }
}
