// From the JSON of an update to the type's operation. What is wrong is named with its place, and what is allowed there.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

extension TypeJSON {
    /// The type's own encoding of the operation at `place`.
    static func operation(
        _ value: JSONValue, of type: String, at place: JSONPlace
    ) throws(TypeJSONError) -> ByteBuffer {
        switch type {
        case ReplicatedCounter.name: return try counter(value, place).canonicalBytes()
        case ReplicatedSet.name: return try set(value, place).canonicalBytes()
        case GrowOnlySet.name, DistinctCount.name: return try elements(value, of: type, place).canonicalBytes()
        case ReplicatedRegister.name: return try register(value, place).canonicalBytes()
        case ReplicatedFlag.name: return try flag(value, place).canonicalBytes()
        case ReplicatedMaximum.name, ReplicatedMinimum.name:
            return try offer(value, of: type, place).canonicalBytes()
        case BoundedCounter.name: return try bounded(value, place).canonicalBytes()
        case ReplicatedMap.name: return try map(value, place).canonicalBytes()
        default:
            guard case .object(let members) = value, members.count == 1, members["base64"] != nil else {
                throw TypeJSONError(place, "\(forms(of: type)), not \(value.shown)")
            }
            return try bytes(value, at: place)
        }
    }

    // MARK: Numbers

    private static func counter(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> CounterOperation {
        switch value {
        case .integer(let amount): return .add(Int64(amount))
        case .string("increment"): return .add(1)
        case .string("decrement"): return .add(-1)
        case .string("reset"): return .reset
        case .object(let members):
            switch members.keys.sorted() {
            case ["increment"]: return .add(try number(members["increment"], place.member("increment")))
            case ["decrement"]:
                let place = place.member("decrement")
                let amount = try number(members["decrement"], place)
                guard amount != .min else { throw TypeJSONError(place, "\(amount) has no opposite in 64 bits") }
                return .add(-amount)
            default: break
            }
        default: break
        }
        throw wrong(value, "counter", place)
    }

    private static func offer(
        _ value: JSONValue, of type: String, _ place: JSONPlace
    ) throws(TypeJSONError) -> Int64 {
        switch value {
        case .integer(let number): return Int64(number)
        case .object(let members) where members.keys.sorted() == ["offer"]:
            return try number(members["offer"], place.member("offer"))
        default: throw wrong(value, type, place)
        }
    }

    private static func bounded(
        _ value: JSONValue, _ place: JSONPlace
    ) throws(TypeJSONError) -> BoundedCounterOperation {
        guard case .object(let members) = value, members.count == 1 else { throw wrong(value, "bcounter", place) }
        func amount(_ value: JSONValue?, _ place: JSONPlace) throws(TypeJSONError) -> Int64 {
            let amount = try number(value, place)
            guard amount > 0 else { throw TypeJSONError(place, "is a positive number, not \(amount)") }
            return amount
        }
        if let value = members["add"] { return .add(try amount(value, place.member("add"))) }
        if let value = members["take"] { return .take(try amount(value, place.member("take"))) }
        guard let gift = members["give"] else { throw wrong(value, "bcounter", place) }
        let place = place.member("give")
        guard case .object(let parts) = gift, parts.keys.sorted() == ["amount", "to"] else {
            throw TypeJSONError(place, #"is an object of "amount" and "to", not \#(gift.shown)"#)
        }
        guard case .string(let text) = parts["to"], let replica = ReplicaID(text: text) else {
            throw TypeJSONError(
                place.member("to"),
                "is a replica as a read names it, such as m1:3f9k, not \(parts["to"]?.shown ?? "null")")
        }
        return .give(try amount(parts["amount"], place.member("amount")), to: replica)
    }

    private static func number(_ value: JSONValue?, _ place: JSONPlace) throws(TypeJSONError) -> Int64 {
        guard case .integer(let number) = value else {
            throw TypeJSONError(place, "is a whole number of 64 bits, not \((value ?? .null).shown)")
        }
        return Int64(number)
    }

    // MARK: Elements

    private static func set(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> SetOperation {
        var (adds, removes): ([ByteBuffer], [ByteBuffer]) = ([], [])
        try collect(value, of: "set", place, &adds, &removes)
        return SetOperation(adds: adds, removes: removes)
    }

    private static func elements(
        _ value: JSONValue, of type: String, _ place: JSONPlace
    ) throws(TypeJSONError) -> ElementList {
        var (adds, removes): ([ByteBuffer], [ByteBuffer]) = ([], [])
        try collect(value, of: type, place, &adds, &removes)
        return ElementList(adds)
    }

    /// Takes the members of a set's operation; those of an "update" within it too, which Riak takes as an object or as a
    /// list of them.
    private static func collect(
        _ value: JSONValue, of type: String, _ place: JSONPlace, _ adds: inout [ByteBuffer],
        _ removes: inout [ByteBuffer]
    ) throws(TypeJSONError) {
        guard case .object(let members) = value, !members.isEmpty else { throw wrong(value, type, place) }
        let isSet = type == ReplicatedSet.name
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let place = place.member(name)
            switch name {
            case "add": adds.append(try bytes(value, at: place))
            case "add_all": adds += try list(value, place)
            case "remove" where isSet: removes.append(try bytes(value, at: place))
            case "remove_all" where isSet: removes += try list(value, place)
            case "update" where isSet:
                guard case .array(let parts) = value else {
                    try collect(value, of: type, place, &adds, &removes)
                    continue
                }
                for (index, part) in parts.enumerated() {
                    try collect(part, of: type, place.element(index), &adds, &removes)
                }
            default: throw TypeJSONError(place, "is no operation; \(forms(of: type))")
            }
        }
    }

    private static func list(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> [ByteBuffer] {
        guard case .array(let values) = value else {
            throw TypeJSONError(place, "is a list of elements, not \(value.shown)")
        }
        var elements: [ByteBuffer] = []
        elements.reserveCapacity(values.count)
        for (index, value) in values.enumerated() { elements.append(try bytes(value, at: place.element(index))) }
        return elements
    }

    // MARK: Single values

    private static func register(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> ByteBuffer {
        guard case .object(let members) = value, members.keys.sorted() == ["assign"], let text = members["assign"]
        else { return try bytes(value, at: place) }
        return try bytes(text, at: place.member("assign"))
    }

    private static func flag(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> Bool {
        switch value {
        case .string("enable"): return true
        case .string("disable"): return false
        default: throw wrong(value, "flag", place)
        }
    }

    private static func wrong(_ value: JSONValue, _ type: String, _ place: JSONPlace) -> TypeJSONError {
        TypeJSONError(place, "\(forms(of: type)), not \(value.shown)")
    }
}

// MARK: - Maps

extension TypeJSON {
    private static func map(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> MapOperation {
        guard case .object(let members) = value, !members.isEmpty else { throw wrong(value, "map", place) }
        var removes: [Field] = []
        var updates: [MapOperation.Update] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let place = place.member(name)
            switch name {
            case "remove": removes += try fields(value, place)
            case "update":
                guard case .object(let parts) = value else {
                    throw TypeJSONError(
                        place, #"is an object of fields, such as {"n_counter": 5}, not \#(value.shown)"#)
                }
                for (name, value) in parts.sorted(by: { $0.key < $1.key }) {
                    let place = place.member(name)
                    let field = try field(name, place)
                    updates.append(.init(field, try operation(value, of: field.type, at: place)))
                }
            case "add":
                throw TypeJSONError(
                    place, "has no meaning: a field is there as soon as anything is in it; use \"update\"")
            default: throw TypeJSONError(place, "is no operation; \(forms(of: "map"))")
            }
        }
        return MapOperation(removes: removes, updates: updates)
    }

    /// One field, or a list of them.
    private static func fields(_ value: JSONValue, _ place: JSONPlace) throws(TypeJSONError) -> [Field] {
        switch value {
        case .string(let name): return [try field(name, place)]
        case .array(let values):
            var fields: [Field] = []
            for (index, value) in values.enumerated() {
                guard case .string(let name) = value else {
                    throw TypeJSONError(place.element(index), "is a field, such as \"n_counter\", not \(value.shown)")
                }
                fields.append(try field(name, place.element(index)))
            }
            return fields
        default: throw TypeJSONError(place, "is a list of fields, such as [\"n_counter\"], not \(value.shown)")
        }
    }

    /// A name, an underscore, a type.
    static func field(_ text: String, _ place: JSONPlace) throws(TypeJSONError) -> Field {
        guard let mark = text.lastIndex(of: "_"), fieldTypes.contains(String(text[text.index(after: mark)...])) else {
            throw TypeJSONError(
                place,
                "\"\(printable(text))\" is no field: it ends in "
                    + "\(fieldTypes.map { "_\($0)" }.joined(separator: ", ")), by which its type is known")
        }
        return Field(ByteBuffer(substring: text[..<mark]), type: String(text[text.index(after: mark)...]))
    }
}

extension ReplicaID {
    /// The opposite of `description`: `m1:3f9k`, `m1:3f9k.2`.
    init?(text: String) {
        let halves = text.split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].first == "m", let member = UInt32(halves[0].dropFirst()) else { return nil }
        let parts = halves[1].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let nonce = UInt64(parts[0], radix: 36),
            let sub = parts.count == 2 ? UInt32(parts[1]) : 0
        else { return nil }
        self.init(member: MemberNumber(member), incarnation: Incarnation(nonce: nonce, sub: sub))
        guard description == text else { return nil }
    }
}
