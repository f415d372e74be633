// The headers of a store that are kept with its value: type, charset, encoding, user metadata, indexes, links.

import CoterieTypes
import CoterieWire
import HTTPTypes
import NIOCore

/// What a store's headers say of its value.
struct StoredHeaders: Sendable {
    let type: MediaType
    let encoding: String
    let metadata: [NamedValue]
    let indexes: [NamedValue]
    let links: [Link]

    static let metadataPrefix = "X-Riak-Meta-"
    static let indexPrefix = "X-Riak-Index-"

    init(_ headers: HTTPFields, bucket: ByteBuffer) throws(Problem) {
        guard let contentType = headers[.contentType] else {
            throw .bad(
                "Missing Content-Type request header: a store names its value's media type, for example "
                    + "Content-Type: application/json")
        }
        guard let type = MediaType(parsing: contentType) else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type",
                "\"\(printable(contentType))\" is not a valid media type for the Content-Type header; "
                    + "it has the form type/subtype, for example application/octet-stream")
        }
        self.type = type
        encoding = headers[.contentEncoding] ?? ""
        metadata = Self.metadata(headers)
        indexes = try Self.indexes(headers)
        links = try LinkHeader.parse(headers[values: .link], bucket: bucket)
    }

    func content(_ value: ByteBuffer) -> Content {
        Content(
            value, contentType: type.text, charset: type.charset, contentEncoding: encoding, metadata: metadata,
            indexes: indexes, links: links)
    }

    /// Lines with one name are one entry, as HTTP has it.
    private static func metadata(_ headers: HTTPFields) -> [NamedValue] {
        var found: [NamedValue] = []
        for field in headers {
            guard let suffix = suffix(of: field.name, behind: metadataPrefix) else { continue }
            let name = MetadataName.decode(suffix)
            if let index = found.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) {
                found[index] = NamedValue(found[index].name, found[index].value + ", " + field.value)
            } else {
                found.append(NamedValue(name, field.value))
            }
        }
        return found
    }

    /// A line holds one value or several, with a comma and a space between them. Names are kept in lower case: they
    /// come as header names, which have no case.
    private static func indexes(_ headers: HTTPFields) throws(Problem) -> [NamedValue] {
        var found: [NamedValue] = []
        for field in headers {
            guard let suffix = suffix(of: field.name, behind: indexPrefix) else { continue }
            let name = MetadataName.decode(suffix).lowercased()
            let isInteger = name.hasSuffix("_int")
            guard isInteger || name.hasSuffix("_bin"), name.utf8.count > 4 else {
                throw .bad("Unknown field type for field: '\(printable(name))'; an index's name ends in _bin or _int")
            }
            for value in split(field.value) {
                if isInteger, Int64(value) == nil {
                    throw .bad(
                        "Could not parse field '\(printable(name))' with value '\(printable(value))'; "
                            + "an index ending in _int takes a decimal integer of 64 bits")
                }
                found.append(NamedValue(name, value))
            }
        }
        return found
    }

    private static func split(_ value: String) -> [String] {
        var values: [String] = []
        var current = ""
        var characters = value.unicodeScalars[...]
        while let scalar = characters.popFirst() {
            if scalar == ",", characters.first == " " || characters.first == "\t" {
                characters.removeFirst()
                values.append(current)
                current = ""
            } else {
                current.unicodeScalars.append(scalar)
            }
        }
        return values + [current]
    }

    /// What follows a prefix, in the case in which it was sent; nil where the name begins otherwise or ends there.
    private static func suffix(of name: HTTPField.Name, behind prefix: String) -> String? {
        let raw = name.rawName
        guard raw.utf8.count > prefix.utf8.count, raw.lowercased().hasPrefix(prefix.lowercased()) else { return nil }
        return String(raw.dropFirst(prefix.count))
    }
}

/// Names of metadata and indexes as parts of a header's name. Other doors take any text as a name; what is no token is
/// percent-encoded here, and decoded on the way in, so that every name passes through every door.
enum MetadataName {
    static func decode(_ suffix: String) -> String {
        guard suffix.utf8.contains(UInt8(ascii: "%")) else { return suffix }
        let bytes = Array(suffix.utf8)
        var out: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = escape(bytes, at: index) {
                out.append(byte)
                index += 3
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
        return String(validating: out, as: UTF8.self) ?? suffix
    }

    static func encode(_ name: String) -> String {
        let bytes = Array(name.utf8)
        var out: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isPlain = byte == UInt8(ascii: "%") ? escape(bytes, at: index) == nil : isToken(byte)
            if isPlain {
                out.append(byte)
            } else {
                out.append(contentsOf: [
                    UInt8(ascii: "%"), PercentCoding.hexadecimal(byte >> 4), PercentCoding.hexadecimal(byte & 15),
                ])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func escape(_ bytes: [UInt8], at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
            let high = PercentCoding.digit(bytes[index + 1]), let low = PercentCoding.digit(bytes[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "a") ... UInt8(ascii: "z"),
            UInt8(ascii: "A") ... UInt8(ascii: "Z"):
            true
        default: "!#$&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
