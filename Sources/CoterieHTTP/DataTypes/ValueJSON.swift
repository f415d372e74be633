// Values of replicated types as JSON: a counter is a number, a set a list, a map an object whose members name their types.

import CoterieCausality
import CoterieTypes
import NIOCore

extension TypeJSON {
    /// The value that a type has of an object, as JSON.
    ///
    /// - Parameter bytes: the type's own encoding of the value (`AnyReplicatedType.value`). One of a type that is not
    ///   built in is shown as `{"base64": "…"}`.
    public static func value(_ bytes: ByteBuffer, of type: String) throws(TypeFault) -> JSONValue {
        let what = "a value of the type \(type)"
        switch type {
        case ReplicatedCounter.name: return .integer(Int(try Int64(decoding: bytes, as: what)))
        case ReplicatedSet.name, GrowOnlySet.name:
            return .array(try [ByteBuffer](decoding: bytes, as: what).map { json($0) })
        case DistinctCount.name: return .integer(Int(clamping: try UInt64(decoding: bytes, as: what)))
        case ReplicatedMaximum.name, ReplicatedMinimum.name:
            return try Int64?(decoding: bytes, as: what).map { .integer(Int($0)) } ?? .null
        case ReplicatedFlag.name: return .bool(try Bool(decoding: bytes, as: what))
        case ReplicatedRegister.name: return try ByteBuffer?(decoding: bytes, as: what).map { json($0) } ?? .null
        case ReplicatedMap.name: return try map(MapValue(decoding: bytes, as: what))
        case BoundedCounter.name:
            let value = try BoundedCounterValue(decoding: bytes, as: what)
            let rights = value.rights.map { ($0.replica.description, JSONValue.integer(Int($0.amount))) }
            return .object([
                "amount": .integer(Int(value.amount)), "rights": .object(Dictionary(uniqueKeysWithValues: rights)),
            ])
        default: return json(base64: bytes)
        }
    }

    private static func map(_ value: MapValue) throws(TypeFault) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for entry in value.entries {
            // A name that is not UTF-8 can be shown so, and not be sent.
            let name = "\(String(buffer: entry.field.name))_\(entry.field.type)"
            members[name] = try self.value(entry.value, of: entry.field.type)
        }
        return .object(members)
    }
}
