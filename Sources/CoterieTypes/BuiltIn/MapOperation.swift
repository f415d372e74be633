// The fields of a map, what can be done to them, and what they hold.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// A field: a name and the type of what it holds. Two fields of one name and different types are two fields.
public struct Field: Canonical, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let name: ByteBuffer
    /// A name of a type that the map allows for fields, or the map's own name: then the field is a map.
    public let type: String

    public init(_ name: ByteBuffer, type: String) {
        self.name = name
        self.type = type
    }

    public init<T: ReplicatedType>(_ name: String, _ type: T.Type) {
        self.init(ByteBuffer(string: name), type: T.name)
    }

    public static func < (a: Self, b: Self) -> Bool {
        a.name != b.name ? a.name.precedes(b.name) : a.type < b.type
    }

    public func append(to out: inout ByteBuffer) {
        out.writeLengthPrefixed(name)
        out.writeLengthPrefixed(ByteBuffer(string: type))
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        name = try reader.lengthPrefixed("field's name")
        let bytes = try reader.lengthPrefixed("field's type")
        type = String(buffer: bytes)
        guard type.utf8.count == bytes.readableBytes else { throw reader.fault("the field's type is not UTF-8") }
    }

    public var description: String { "\(String(buffer: name)):\(type)" }
}

/// Changes of fields, in one event: first the removals, of what was observed, then the updates.
public struct MapOperation: Canonical, Hashable, Sendable {
    /// An operation of a field's type, as its bytes.
    public struct Update: Canonical, Hashable, Sendable {
        public let field: Field
        public let operation: ByteBuffer

        public init(_ field: Field, _ operation: ByteBuffer) {
            self.field = field
            self.operation = operation
        }

        public func append(to out: inout ByteBuffer) {
            field.append(to: &out)
            out.writeLengthPrefixed(operation)
        }

        public init(from reader: inout TypeReader) throws(TypeFault) {
            self.init(try Field(from: &reader), try reader.lengthPrefixed("field's operation"))
        }
    }

    /// Ascending, each once.
    public let removes: [Field]
    /// Ascending by field, one for each.
    public let updates: [Update]

    /// Of several updates of one field the last one is taken.
    public init(removes: [Field] = [], updates: [Update] = []) {
        self.removes = Set(removes).sorted()
        let last = Dictionary(updates.map { ($0.field, $0) }) { $1 }
        self.updates = last.values.sorted { $0.field < $1.field }
    }

    /// An update of one field.
    public static func update<T: ReplicatedType>(_ name: String, _ type: T.Type, _ operation: T.Operation) -> Self {
        Self(updates: [Update(Field(name, type), operation.canonicalBytes())])
    }

    /// The removal of one field.
    public static func remove<T: ReplicatedType>(_ name: String, _ type: T.Type) -> Self {
        Self(removes: [Field(name, type)])
    }

    public func append(to out: inout ByteBuffer) {
        removes.append(to: &out)
        updates.append(to: &out)
    }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        removes = try [Field](from: &reader)
        updates = try [Update](from: &reader)
        try reader.expectAscending(removes, "removed fields", by: <)
        try reader.expectAscending(updates, "updated fields") { $0.field < $1.field }
    }
}

/// What the fields of a map hold.
public struct MapValue: Canonical, Hashable, Sendable {
    /// A field and the value of its type, as its bytes.
    public struct Entry: Canonical, Hashable, Sendable {
        public let field: Field
        public let value: ByteBuffer

        public init(_ field: Field, _ value: ByteBuffer) {
            self.field = field
            self.value = value
        }

        public func append(to out: inout ByteBuffer) {
            field.append(to: &out)
            out.writeLengthPrefixed(value)
        }

        public init(from reader: inout TypeReader) throws(TypeFault) {
            self.init(try Field(from: &reader), try reader.lengthPrefixed("field's value"))
        }
    }

    /// Ascending by field.
    public let entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries.sorted { $0.field < $1.field } }

    /// The value of one field; nil where the map has no such field.
    public func value<T: ReplicatedType>(_ name: String, _ type: T.Type) throws(TypeFault) -> T.Value? {
        let field = Field(name, type)
        guard let entry = entries.first(where: { $0.field == field }) else { return nil }
        return try T.Value(decoding: entry.value, as: "the value of the field \(field)")
    }

    public func append(to out: inout ByteBuffer) { entries.append(to: &out) }

    public init(from reader: inout TypeReader) throws(TypeFault) {
        entries = try [Entry](from: &reader)
        try reader.expectAscending(entries, "fields") { $0.field < $1.field }
    }
}
