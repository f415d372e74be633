// JSON (RFC 8259), as much of it as lines of a history need: a parser of any document into `TextValue`, and a writer of
// objects whose fields come in a fixed order.

import NIOCore

enum JSONText {
    /// How deep a document may nest.
    static let maximumDepth = 32

    /// Parses one document; nothing but white space may follow.
    static func parse(_ bytes: [UInt8]) throws(TextFault) -> TextValue {
        var cursor = TextCursor(bytes)
        let value = try value(&cursor, depth: 0)
        cursor.skip(while: isSpace)
        if cursor.byte != nil { throw cursor.fault("something follows the end of the document") }
        return value
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

    private static func value(_ cursor: inout TextCursor, depth: Int) throws(TextFault) -> TextValue {
        guard depth < maximumDepth else { throw cursor.fault("nested deeper than \(maximumDepth)") }
        cursor.skip(while: isSpace)
        switch cursor.byte {
        case UInt8(ascii: "{"): return try object(&cursor, depth: depth)
        case UInt8(ascii: "["): return try array(&cursor, depth: depth)
        case UInt8(ascii: "\""):
            cursor.position += 1
            return .string(try cursor.string())
        case nil: throw cursor.fault("the document ends where a value should be")
        default: break
        }
        let start = cursor
        let word = cursor.word { !isSpace($0) && !",]}:\"[{".utf8.contains($0) }
        switch word {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            guard let first = word.utf8.first, first == UInt8(ascii: "-") || (0x30 ... 0x39).contains(first),
                Double(word) != nil
            else { throw start.fault("'\(word)' is no value of JSON") }
            return TextCursor.number(word)
        }
    }

    private static func array(_ cursor: inout TextCursor, depth: Int) throws(TextFault) -> TextValue {
        cursor.position += 1
        var elements: [TextValue] = []
        cursor.skip(while: isSpace)
        if cursor.take(UInt8(ascii: "]")) { return .list([]) }
        while true {
            elements.append(try value(&cursor, depth: depth + 1))
            cursor.skip(while: isSpace)
            if cursor.take(UInt8(ascii: "]")) { return .list(elements) }
            guard cursor.take(UInt8(ascii: ",")) else { throw cursor.fault("an array goes on with , or ]") }
        }
    }

    private static func object(_ cursor: inout TextCursor, depth: Int) throws(TextFault) -> TextValue {
        cursor.position += 1
        var pairs: [TextValue.Pair] = []
        cursor.skip(while: isSpace)
        if cursor.take(UInt8(ascii: "}")) { return .map([]) }
        while true {
            cursor.skip(while: isSpace)
            guard cursor.take(UInt8(ascii: "\"")) else { throw cursor.fault("a name in quotes is missing") }
            let name = try cursor.string()
            cursor.skip(while: isSpace)
            guard cursor.take(UInt8(ascii: ":")) else { throw cursor.fault("a : is missing behind \"\(name)\"") }
            pairs.append(TextValue.Pair(key: .string(name), value: try value(&cursor, depth: depth + 1)))
            cursor.skip(while: isSpace)
            if cursor.take(UInt8(ascii: "}")) { return .map(pairs) }
            guard cursor.take(UInt8(ascii: ",")) else { throw cursor.fault("an object goes on with , or }") }
        }
    }
}

/// Writes one object of JSON, field by field; what is nil is left out.
struct JSONObject {
    private var out: ByteBuffer
    private var isFirst = true

    /// Writes `{`, the fields of `body`, and `}` at the end of `out`.
    static func write(to out: inout ByteBuffer, _ body: (inout JSONObject) -> Void) {
        var object = JSONObject(out: out)
        out = ByteBuffer()
        object.out.writeStaticString("{")
        body(&object)
        object.out.writeStaticString("}")
        out = object.out
    }

    private init(out: ByteBuffer) { self.out = out }

    mutating func field(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(name)
        Self.writeString(value, to: &out)
    }

    mutating func field(_ name: StaticString, _ value: (some BinaryInteger)?) {
        guard let value else { return }
        begin(name)
        out.writeString(String(value))
    }

    /// Only where it is true.
    mutating func flag(_ name: StaticString, _ value: Bool) {
        guard value else { return }
        begin(name)
        out.writeStaticString("true")
    }

    mutating func field(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        begin(name)
        out.writeString(value ? "true" : "false")
    }

    mutating func list<Element>(
        _ name: StaticString, _ elements: [Element]?, _ write: (Element, inout ByteBuffer) -> Void
    ) {
        guard let elements else { return }
        begin(name)
        out.writeStaticString("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            write(element, &out)
        }
        out.writeStaticString("]")
    }

    mutating func object(_ name: StaticString, _ body: (inout JSONObject) -> Void) {
        begin(name)
        Self.write(to: &out, body)
    }

    private mutating func begin(_ name: StaticString) {
        if !isFirst { out.writeStaticString(",") }
        isFirst = false
        out.writeStaticString("\"")
        out.writeStaticString(name)
        out.writeStaticString("\":")
    }

    /// A quoted string; control characters as \u00XX.
    static func writeString(_ text: String, to out: inout ByteBuffer) {
        out.writeStaticString("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): out.writeStaticString("\\\\")
            case 0 ..< 0x20:
                out.writeString(byte < 16 ? "\\u000" : "\\u00")
                out.writeString(String(byte, radix: 16))
            default: out.writeInteger(byte)
            }
        }
        out.writeStaticString("\"")
    }
}
