// Sets of byte strings. Each live dot is one addition of one element; the elements are those that have a live dot.
//
// The observed-remove set without tombstones of Bieniusa et al., "An optimized conflict-free replicated set" (2012). Of
// concurrent additions of one element *all* dots stay until something that has seen them drops them: with only one kept,
// a remove that had seen only that one would take the element away here, and leave it where the others are (INV 7).

import CoterieCausality
import NIOCore

/// Elements to add and to remove, in one event.
public struct SetOperation: Canonical, Hashable, Sendable, CustomStringConvertible {
    /// Ascending, each once.
    public let adds: [ByteBuffer]
    /// Ascending, each once. What is removed and added is there.
    public let removes: [ByteBuffer]

    public init(adds: [ByteBuffer] = [], removes: [ByteBuffer] = []) {
        self.adds = adds.ascending()
        self.removes = removes.ascending()
    }

    /// Such as "+milk -tea".
    public var description: String {
        (removes.map { "-\(String(buffer: $0))" } + adds.map { "+\(String(buffer: $0))" }).joined(separator: " ")
    }

    public static func add(_ elements: ByteBuffer...) -> Self { Self(adds: elements) }
    public static func remove(_ elements: ByteBuffer...) -> Self { Self(removes: elements) }

    public func append(to out: inout ByteBuffer) {
        adds.append(to: &out)
        removes.append(to: &out)
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        adds = try reader.ascendingElements()
        removes = try reader.ascendingElements()
    }
}

/// Elements can be added and removed; an addition that a remove has not seen survives it.
public enum ReplicatedSet: ReplicatedType {
    public static let name = "set"

    public static func apply(
        _ operation: SetOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        let payloads = operation.adds.map(payload)
        // Payloads of one version are equal where their elements are: nothing is decoded.
        let named = Set(payloads + operation.removes.map(payload))
        let dropped = object.siblings.filter { named.contains($0.payload) && occasion.acts(on: $0.dot) }
        return TypeChange(drops: dropped.map(\.dot), payloads: payloads)
    }

    /// The elements, ascending by their bytes.
    public static func value(of object: CausalObject) throws(TypeFault) -> [ByteBuffer] {
        var elements: [ByteBuffer] = []
        elements.reserveCapacity(object.siblings.count)
        for sibling in object.siblings { elements.append(try element(of: sibling)) }
        return elements.ascending()
    }

    static func payload(_ element: ByteBuffer) -> ByteBuffer {
        var payload = ByteBuffer()
        payload.writeInteger(1 as UInt8)
        payload.writeImmutableBuffer(element)
        return payload
    }

    static func element(of sibling: Sibling) throws(TypeFault) -> ByteBuffer {
        var reader = TypeReader(sibling.payload, of: "a payload of the type set")
        try reader.version(newest: 1)
        return reader.rest()
    }
}

/// Elements can only be added; the whole set can be deleted.
public enum GrowOnlySet: ReplicatedType {
    public static let name = "gset"

    /// Adds elements.
    public static func apply(
        _ elements: ElementList, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        try ReplicatedSet.apply(SetOperation(adds: elements.elements), to: object, occasion)
    }

    /// The elements, ascending by their bytes.
    public static func value(of object: CausalObject) throws(TypeFault) -> [ByteBuffer] {
        try ReplicatedSet.value(of: object)
    }
}

/// Elements to add.
public struct ElementList: Canonical, Hashable, Sendable {
    /// Ascending, each once.
    public let elements: [ByteBuffer]

    public init(_ elements: [ByteBuffer]) { self.elements = elements.ascending() }
    public init(_ elements: ByteBuffer...) { self.init(elements) }

    public func append(to out: inout ByteBuffer) { elements.append(to: &out) }
    public init(from reader: inout TypeReader) throws(TypeFault) { elements = try reader.ascendingElements() }
}

extension [ByteBuffer] {
    /// Sorted by bytes, each once.
    func ascending() -> [ByteBuffer] {
        if count < 2 { return self }
        let sorted = sorted { $0.precedes($1) }
        var result: [ByteBuffer] = []
        result.reserveCapacity(count)
        for element in sorted where result.last != element { result.append(element) }
        return result
    }
}

extension TypeReader {
    fileprivate mutating func ascendingElements() throws(TypeFault) -> [ByteBuffer] {
        let elements = try [ByteBuffer](from: &self)
        try expectAscending(elements, "elements") { $0.precedes($1) }
        return elements
    }
}
