// A flag in which enabling wins over a concurrent disabling.

import CoterieCausality
import NIOCore

/// On where an enabling is live: one that no disabling has seen.
public enum ReplicatedFlag: ReplicatedType {
    public static let name = "flag"

    /// True enables, false disables.
    public static func apply(
        _ isOn: Bool, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        TypeChange(
            drops: object.liveDots.filter { occasion.acts(on: $0) },
            payloads: isOn ? [ByteBuffer(integer: 1 as UInt8)] : [])
    }

    public static func value(of object: CausalObject) throws(TypeFault) -> Bool { !object.siblings.isEmpty }
}
