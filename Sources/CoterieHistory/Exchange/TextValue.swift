// A value of JSON or EDN, after parsing. Numbers are whole, as all numbers of a history are; others keep their text.

/// What a parsed text is made of.
enum TextValue: Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Beyond 63 bits.
    case unsigned(UInt64)
    /// A number that is not whole, or EDN's symbol, character or tagged value.
    case other(String)
    case string(String)
    /// EDN's `:name`.
    case keyword(String)
    case list([TextValue])
    case set([TextValue])
    /// In the order of the text.
    case map([Pair])

    struct Pair: Hashable {
        let key: TextValue
        let value: TextValue
    }

    /// The value under a name, as JSON's string or EDN's keyword.
    subscript(name: String) -> TextValue? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.key == .string(name) || $0.key == .keyword(name) }?.value
    }

    var text: String? {
        switch self {
        case .string(let text), .keyword(let text): text
        default: nil
        }
    }

    var int64: Int64? {
        if case .integer(let number) = self { return number }
        return nil
    }

    var uint64: UInt64? {
        switch self {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        default: nil
        }
    }

    var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    var elements: [TextValue]? {
        switch self {
        case .list(let elements), .set(let elements): elements
        default: nil
        }
    }
}

/// Where a text stops being what it should be.
struct TextFault: Error {
    let offset: Int
    let text: String
}

/// Bytes and a place in them: what both parsers stand on.
struct TextCursor {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The byte here; nil at the end.
    var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    func fault(_ text: String) -> TextFault { TextFault(offset: position, text: text) }

    mutating func take(_ byte: UInt8) -> Bool {
        guard self.byte == byte else { return false }
        position += 1
        return true
    }

    mutating func skip(while condition: (UInt8) -> Bool) {
        while position < bytes.count, condition(bytes[position]) { position += 1 }
    }

    /// The text up to the first byte that does not fulfil the condition.
    mutating func word(while condition: (UInt8) -> Bool) -> String {
        let start = position
        skip(while: condition)
        return String(decoding: bytes[start ..< position], as: UTF8.self)
    }

    /// A string behind its opening quote, with the escapes that JSON and EDN share.
    mutating func string() throws(TextFault) -> String {
        var out: [UInt8] = []
        while let byte {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): out += try escape().utf8
            default: out.append(byte)
            }
        }
        throw fault("a string without its closing quote")
    }

    private mutating func escape() throws(TextFault) -> String {
        guard let byte else { throw fault("a string ends in an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return String(decoding: [byte], as: UTF8.self)
        case UInt8(ascii: "u"):
            let first = try codeUnit()
            guard UTF16.isLeadSurrogate(first) else { return String(decoding: [first], as: UTF16.self) }
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw fault("half of a surrogate pair") }
            return String(decoding: [first, try codeUnit()], as: UTF16.self)
        default: throw fault("an escape that is none of \\n \\t \\r \\b \\f \\\" \\\\ \\/ \\u")
        }
    }

    private mutating func codeUnit() throws(TextFault) -> UInt16 {
        guard position + 4 <= bytes.count,
            let unit = UInt16(String(decoding: bytes[position ..< position + 4], as: UTF8.self), radix: 16)
        else { throw fault("\\u without four hexadecimal digits") }
        position += 4
        return unit
    }

    /// A number's text as a value.
    static func number(_ text: String) -> TextValue {
        if let number = Int64(text) { return .integer(number) }
        if let number = UInt64(text) { return .unsigned(number) }
        return .other(text)
    }
}
