// Types by name: the built-in ones, and those that a program which embeds a node adds.

import CoterieCausality
import NIOCore

/// A replicated type without its static types: operations and values are their bytes.
public struct AnyReplicatedType: Sendable {
    public let name: String
    public let allowsDelete: Bool
    private let inspecting: @Sendable (ByteBuffer) throws(TypeFault) -> OperationTraits
    private let applying: @Sendable (ByteBuffer, CausalObject, Occasion) throws(TypeFault) -> TypeChange
    private let reading: @Sendable (CausalObject) throws(TypeFault) -> ByteBuffer
    private let settling: @Sendable (inout CausalObject) -> Int
    private let folding: @Sendable (CausalObject, ReplicaID, (Dot) -> Bool) throws(TypeFault) -> TypeChange?

    public init<T: ReplicatedType>(_ type: T.Type) {
        name = type.name
        allowsDelete = type.allowsDelete
        let what = "an operation of the type \(type.name)"
        inspecting = { (bytes) throws(TypeFault) in T.traits(of: try T.Operation(decoding: bytes, as: what)) }
        applying = { (bytes, object, occasion) throws(TypeFault) in
            try T.apply(T.Operation(decoding: bytes, as: what), to: object, occasion)
        }
        reading = { (object) throws(TypeFault) in try T.value(of: object).canonicalBytes() }
        settling = { T.settle(&$0) }
        folding = { (object, minter, isSettled) throws(TypeFault) in
            try T.fold(object, by: minter, where: isSettled)
        }
    }

    /// How an encoded operation may travel; throws where the bytes are no operation of the type.
    public func traits(of operation: ByteBuffer) throws(TypeFault) -> OperationTraits { try inspecting(operation) }

    /// What an encoded operation does to the object at its minter.
    public func apply(
        _ operation: ByteBuffer, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange { try applying(operation, object, occasion) }

    /// The event of an encoded operation, with dots from `first` on; nil of one that was applied before.
    public func event(
        of operation: ByteBuffer, on object: CausalObject, first: Dot, _ occasion: Occasion
    ) throws(TypeFault) -> CausalEvent? {
        try apply(operation, to: object, occasion).event(on: object, first: first, observed: occasion.observed)
    }

    /// The encoded value.
    public func value(of object: CausalObject) throws(TypeFault) -> ByteBuffer { try reading(object) }

    /// See `ReplicatedType.settle`.
    @discardableResult
    public func settle(_ object: inout CausalObject) -> Int { settling(&object) }

    /// See `ReplicatedType.fold`.
    public func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? { try folding(object, minter, isSettled) }
}

/// Types by name.
public struct TypeRegistry: Sendable {
    private var types: [String: AnyReplicatedType] = [:]

    public init() {}

    /// A registry of these; traps where two have one name.
    public init(_ types: [AnyReplicatedType]) {
        for type in types {
            precondition(self.types.updateValue(type, forKey: type.name) == nil, "two types named \(type.name)")
        }
    }

    /// All types that come with Coterie.
    public static let builtIn = TypeRegistry(
        ReplicatedFields.types
            + [
                AnyReplicatedType(ReplicatedSiblings.self), AnyReplicatedType(LastWriterWins.self),
                AnyReplicatedType(ReplicatedMap.self), AnyReplicatedType(BoundedCounter.self),
            ])

    /// The names, ascending.
    public var names: [String] { types.keys.sorted() }

    /// Adds a type. Its name must be free, and made of 1 to 32 lower case letters, digits, `-` and `_`.
    public mutating func register<T: ReplicatedType>(_ type: T.Type) throws(TypeFault) {
        let isWellFormed = type.name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "0") ... UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isWellFormed, (1 ... 32).contains(type.name.utf8.count) else {
            throw .refused(
                "\"\(type.name)\" is no name of a type: 1 to 32 lower case letters, digits, \"-\" and \"_\" are")
        }
        guard types[type.name] == nil else { throw .refused("there is a type \"\(type.name)\" already") }
        types[type.name] = AnyReplicatedType(type)
    }

    /// The type of this name.
    public subscript(_ name: String) -> AnyReplicatedType {
        get throws(TypeFault) {
            guard let type = types[name] else { throw .unknownType(name, known: names) }
            return type
        }
    }
}
