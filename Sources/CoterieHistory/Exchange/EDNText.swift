// EDN (github.com/edn-format/edn), as much of it as histories of Jepsen use: a parser of a sequence of values. Tags
// keep their value (`#jepsen.history.Op{…}` is a map), comments and discarded values are skipped.

enum EDNText {
    static let maximumDepth = 32

    /// All values of the text, each with the offset at which it begins.
    static func parse(_ bytes: [UInt8]) throws(TextFault) -> [(value: TextValue, offset: Int)] {
        var cursor = TextCursor(bytes)
        var values: [(value: TextValue, offset: Int)] = []
        while true {
            try skip(&cursor, depth: 0)
            guard cursor.byte != nil else { return values }
            let offset = cursor.position
            values.append((try value(&cursor, depth: 0), offset))
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == UInt8(ascii: ",") }

    private static func isDelimiter(_ byte: UInt8) -> Bool { isSpace(byte) || "()[]{}\";".utf8.contains(byte) }

    /// White space, comments and discarded values.
    private static func skip(_ cursor: inout TextCursor, depth: Int) throws(TextFault) {
        while true {
            cursor.skip(while: isSpace)
            if cursor.byte == UInt8(ascii: ";") {
                cursor.skip { $0 != UInt8(ascii: "\n") }
            } else if cursor.byte == UInt8(ascii: "#"), cursor.position + 1 < cursor.bytes.count,
                cursor.bytes[cursor.position + 1] == UInt8(ascii: "_")
            {
                cursor.position += 2
                _ = try value(&cursor, depth: depth + 1)
            } else {
                return
            }
        }
    }

    private static func value(_ cursor: inout TextCursor, depth: Int) throws(TextFault) -> TextValue {
        guard depth < maximumDepth else { throw cursor.fault("nested deeper than \(maximumDepth)") }
        try skip(&cursor, depth: depth)
        guard let byte = cursor.byte else { throw cursor.fault("the text ends where a value should be") }
        switch byte {
        case UInt8(ascii: "("): return .list(try elements(&cursor, until: UInt8(ascii: ")"), depth))
        case UInt8(ascii: "["): return .list(try elements(&cursor, until: UInt8(ascii: "]"), depth))
        case UInt8(ascii: "{"): return try map(&cursor, depth)
        case UInt8(ascii: "#"): return try dispatched(&cursor, depth)
        case UInt8(ascii: "\""):
            cursor.position += 1
            return .string(try cursor.string())
        case UInt8(ascii: "\\"):
            cursor.position += 2
            return .other(cursor.word { !isDelimiter($0) })
        default: return try atom(&cursor)
        }
    }

    private static func atom(_ cursor: inout TextCursor) throws(TextFault) -> TextValue {
        let word = cursor.word { !isDelimiter($0) }
        switch word {
        case "": throw cursor.fault("a closing bracket without its opening one")
        case "nil": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            if word.hasPrefix(":") { return .keyword(String(word.dropFirst())) }
            let digits = word.hasSuffix("N") ? String(word.dropLast()) : word
            return TextCursor.number(digits)
        }
    }

    private static func elements(
        _ cursor: inout TextCursor, until end: UInt8, _ depth: Int
    ) throws(TextFault) -> [TextValue] {
        cursor.position += 1
        var elements: [TextValue] = []
        while true {
            try skip(&cursor, depth: depth)
            if cursor.take(end) { return elements }
            elements.append(try value(&cursor, depth: depth + 1))
        }
    }

    private static func map(_ cursor: inout TextCursor, _ depth: Int) throws(TextFault) -> TextValue {
        let start = cursor
        let flat = try elements(&cursor, until: UInt8(ascii: "}"), depth)
        guard flat.count.isMultiple(of: 2) else { throw start.fault("a map with a key without a value") }
        return .map(
            stride(from: 0, to: flat.count, by: 2).map { TextValue.Pair(key: flat[$0], value: flat[$0 + 1]) })
    }

    /// `#{…}`, or a tag and its value.
    private static func dispatched(_ cursor: inout TextCursor, _ depth: Int) throws(TextFault) -> TextValue {
        cursor.position += 1
        if cursor.byte == UInt8(ascii: "{") { return .set(try elements(&cursor, until: UInt8(ascii: "}"), depth)) }
        _ = cursor.word { !isDelimiter($0) }
        return try value(&cursor, depth: depth + 1)
    }
}
