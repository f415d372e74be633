// Replicated types as JSON, in the words of Riak's data types: the body of an update becomes the type's operation
// (OperationJSON.swift), a value what a read shows (ValueJSON.swift).
//
//     counter    5   -3   "increment"   {"decrement": 2}   ours: "reset"
//     set        {"add": "a", "add_all": ["b", "c"], "remove": "d", "remove_all": ["e"]}
//     gset, hll  {"add": "a", "add_all": ["b", "c"]}
//     register   "x"   {"assign": "x"}
//     flag       "enable"   "disable"
//     max, min   7   {"offer": 7}
//     bcounter   {"add": 5}   {"take": 3}   {"give": {"amount": 2, "to": "m1:3f9k"}}
//     map        {"update": {"name_register": "x", "s_set": {"add": "a"}, "m_map": {"update": …}}, "remove": ["f_flag"]}
//
// Every object may have a "context" beside it. A text is UTF-8; other bytes stand as {"base64": "…"}, in both directions.
// A type that a program has added itself is the bytes that it defines: {"base64": "…"}.

import CoterieTypes
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the body of an update asks for.
public struct TypeUpdate: Hashable, Sendable {
    /// The type's own encoding of the operation.
    public let operation: ByteBuffer
    /// The printable causal context, where the body has one.
    public let context: String?

    public init(operation: ByteBuffer, context: String? = nil) {
        self.operation = operation
        self.context = context
    }
}

/// What is wrong with an update's JSON, where in it, and what is allowed.
public struct TypeJSONError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ place: JSONPlace, _ text: String) { description = "\(place): \(text)" }
}

/// A place in a JSON value, as errors name it: `update.s_set.add_all[2]`.
struct JSONPlace: Hashable, Sendable, CustomStringConvertible {
    private let path: String

    private init(path: String) { self.path = path }

    static let body = JSONPlace(path: "")

    func member(_ name: String) -> JSONPlace {
        JSONPlace(path: path.isEmpty ? printable(name) : "\(path).\(printable(name))")
    }

    func element(_ index: Int) -> JSONPlace { JSONPlace(path: "\(path)[\(index)]") }

    var description: String { path.isEmpty ? "the update" : path }
}

/// The JSON of replicated types.
public enum TypeJSON {
    /// Reads the body of an update of a key of the type with this name.
    public static func update(_ json: ByteBuffer, of type: String) throws(TypeJSONError) -> TypeUpdate {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json.readableBytesView)) else {
            throw TypeJSONError(.body, "is not JSON; \(forms(of: type))")
        }
        guard case .object(var members) = value, let context = members.removeValue(forKey: "context") else {
            return TypeUpdate(operation: try operation(value, of: type, at: .body))
        }
        guard case .string(let text) = context else {
            throw TypeJSONError(
                JSONPlace.body.member("context"), "is the text that a read gave, not \(context.shown)")
        }
        return TypeUpdate(operation: try operation(.object(members), of: type, at: .body), context: text)
    }

    /// What an update of this type may be, for errors and for `--help`.
    public static func forms(of type: String) -> String {
        switch type {
        case "counter":
            #"a counter takes a whole number, "increment", "decrement", "reset", {"increment": 5} or {"decrement": 2}"#
        case "set": #"a set takes an object of "add", "remove" (an element), "add_all", "remove_all" (lists of them)"#
        case "gset", "hll": #"a \#(type) takes an object of "add" (an element) and "add_all" (a list of them)"#
        case "register": #"a register takes a text, or {"assign": "text"}"#
        case "flag": #"a flag takes "enable" or "disable""#
        case "max", "min": #"a \#(type) takes a whole number, or {"offer": 7}"#
        case "bcounter":
            #"a bcounter takes {"add": 5}, {"take": 3} or {"give": {"amount": 2, "to": "m1:3f9k"}}"#
        case "map":
            #"a map takes an object of "update" (an object of fields, such as {"n_counter": 5}) and "remove" "#
                + "(a list of fields); fields end in \(fieldTypes.map { "_\($0)" }.joined(separator: ", "))"
        default: #"a \#(type) takes {"base64": "…"}, the bytes of its operation"#
        }
    }

    /// The types that fields of a map have, ascending.
    static let fieldTypes = (ReplicatedFields.types.map(\.name) + [ReplicatedMap.name]).sorted()
}

extension TypeJSON {
    /// The bytes of a JSON string, or of `{"base64": "…"}`.
    static func bytes(_ value: JSONValue, at place: JSONPlace) throws(TypeJSONError) -> ByteBuffer {
        switch value {
        case .string(let text): return ByteBuffer(string: text)
        case .object(let members) where members.count == 1:
            guard case .string(let text) = members["base64"] else { break }
            guard let data = Data(base64Encoded: text) else {
                throw TypeJSONError(place.member("base64"), "is not base64: \"\(printable(text))\"")
            }
            return ByteBuffer(bytes: data)
        default: break
        }
        throw TypeJSONError(place, #"is a text, or {"base64": "…"} for other bytes, not \#(value.shown)"#)
    }

    /// Text where the bytes are text, else `{"base64": "…"}`.
    public static func json(_ bytes: ByteBuffer) -> JSONValue {
        if let text = String(validating: bytes.readableBytesView, as: UTF8.self) { return .string(text) }
        return json(base64: bytes)
    }

    static func json(base64 bytes: ByteBuffer) -> JSONValue {
        .object(["base64": .string(Data(bytes.readableBytesView).base64EncodedString())])
    }
}
