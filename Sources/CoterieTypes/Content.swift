// One value as a client stored it, with what goes with it: the payload behind a live dot of the types `siblings` and `lww`.
//
// Stored and sent as a format version byte followed by protocol buffers' wire format (message `Content` of
// Sources/CoterieWire/coterie.proto). Unknown fields are skipped; old formats stay readable.

import CoteriePrimitives
import NIOCore

/// A name and a value: user metadata, an index entry.
public struct NamedValue: Hashable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A link to another key, as Riak's clients store them.
public struct Link: Hashable, Sendable {
    public let bucket: String
    public let key: String
    public let tag: String

    public init(bucket: String, key: String, tag: String) {
        self.bucket = bucket
        self.key = key
        self.tag = tag
    }
}

/// A value and its metadata.
public struct Content: Hashable, Sendable {
    public var value: ByteBuffer
    public var contentType: String
    public var charset: String
    public var contentEncoding: String
    public var metadata: [NamedValue]
    public var indexes: [NamedValue]
    public var links: [Link]
    /// When it was written, by the hybrid clock of the owner that minted its dot. Nil until then.
    public var written: HybridTime?

    public static let defaultContentType = "application/octet-stream"

    public init(
        _ value: ByteBuffer, contentType: String = Content.defaultContentType, charset: String = "",
        contentEncoding: String = "", metadata: [NamedValue] = [], indexes: [NamedValue] = [], links: [Link] = [],
        written: HybridTime? = nil
    ) {
        self.value = value
        self.contentType = contentType
        self.charset = charset
        self.contentEncoding = contentEncoding
        self.metadata = metadata
        self.indexes = indexes
        self.links = links
        self.written = written
    }
}

extension Content {
    /// The bytes of the value and of all that goes with it: what limits count. O(metadata).
    public var bytes: Int {
        var sum = value.readableBytes + contentType.utf8.count + charset.utf8.count + contentEncoding.utf8.count
        for pair in metadata + indexes { sum += pair.name.utf8.count + pair.value.utf8.count }
        for link in links { sum += link.bucket.utf8.count + link.key.utf8.count + link.tag.utf8.count }
        return sum
    }
}

/// A payload that is not a content.
public enum ContentError: Error, Equatable, Sendable {
    case empty
    case unknownVersion(UInt8)
    case malformed(ProtobufError)
}

extension Content {
    static let formatVersion: UInt8 = 1

    /// How many metadata, indexes and links one content may have in all; more are refused when they are read.
    public static let maxEntries = 65_536

    /// The payload form. O(bytes).
    public func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(expectedBytes + 1)
        encode(into: &out)
        return out
    }

    /// Appends the payload form.
    public func encode(into out: inout ByteBuffer) {
        out.writeInteger(Self.formatVersion)
        encodeFields(into: &out)
    }

    /// Appends the fields alone, as they stand within another message.
    public func encodeFields(into out: inout ByteBuffer) {
        if value.readableBytes > 0 { out.writeField(1, bytes: value) }
        if let written { out.writePresent(2, fixed64: written.rawValue) }
        if contentType != Self.defaultContentType { out.writePresent(3, string: contentType) }
        out.writeField(4, string: charset)
        out.writeField(5, string: contentEncoding)
        for pair in metadata { out.writeField(6) { $0.writePair(pair) } }
        for pair in indexes { out.writeField(7) { $0.writePair(pair) } }
        for link in links {
            out.writeField(8) {
                $0.writeField(1, string: link.bucket)
                $0.writeField(2, string: link.key)
                $0.writeField(3, string: link.tag)
            }
        }
    }

    /// About how many bytes the fields take: exact to within a few bytes where there is little metadata.
    public var expectedBytes: Int {
        value.readableBytes + (contentType == Self.defaultContentType ? 14 : 16 + contentType.utf8.count)
    }

    /// Reads a payload; the value shares its storage.
    public init(decoding payload: ByteBuffer) throws(ContentError) {
        var payload = payload
        guard let version = payload.readInteger(as: UInt8.self) else { throw .empty }
        guard version == Self.formatVersion else { throw .unknownVersion(version) }
        do {
            try self.init(fields: ProtobufReader(payload))
        } catch {
            throw .malformed(error)
        }
    }

    /// Reads the fields alone, as they stand within another message; the value shares its storage.
    public init(fields: consuming ProtobufReader) throws(ProtobufError) {
        self.init(ByteBuffer())
        try read(&fields)
    }

    /// The time a payload was written, without reading the rest; nil where there is none or the payload is malformed.
    public static func written(in payload: ByteBuffer) -> HybridTime? {
        var payload = payload
        guard payload.readInteger(as: UInt8.self) == formatVersion else { return nil }
        var reader = ProtobufReader(payload)
        while (try? reader.next()) == true {
            if reader.field == 2 { return (try? reader.fixed64()).map { HybridTime(rawValue: $0) } }
            guard (try? reader.skip()) != nil else { return nil }
        }
        return nil
    }

    private mutating func read(_ reader: inout ProtobufReader) throws(ProtobufError) {
        var entries = 0
        while try reader.next() {
            if (6 ... 8).contains(reader.field) {
                entries += 1
                guard entries <= Self.maxEntries else { throw .valueOutOfRange(field: reader.field) }
            }
            switch reader.field {
            case 1: value = try reader.slice()
            case 2: written = HybridTime(rawValue: try reader.fixed64())
            case 3: contentType = try reader.string()
            case 4: charset = try reader.string()
            case 5: contentEncoding = try reader.string()
            case 6: metadata.append(try reader.pair())
            case 7: indexes.append(try reader.pair())
            case 8:
                let fields = try reader.strings(upTo: 3)
                links.append(Link(bucket: fields[0], key: fields[1], tag: fields[2]))
            default: try reader.skip()
            }
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writePair(_ pair: NamedValue) {
        writeField(1, string: pair.name)
        writeField(2, string: pair.value)
    }
}

extension ProtobufReader {
    /// Fields 1 to `count` of a nested message as strings, absent ones empty.
    fileprivate mutating func strings(upTo count: Int) throws(ProtobufError) -> [String] {
        var inner = try message()
        var found = [String](repeating: "", count: count)
        while try inner.next() {
            if (1 ... count).contains(inner.field) {
                found[inner.field - 1] = try inner.string()
            } else {
                try inner.skip()
            }
        }
        return found
    }

    fileprivate mutating func pair() throws(ProtobufError) -> NamedValue {
        let fields = try strings(upTo: 2)
        return NamedValue(fields[0], fields[1])
    }
}
