// A request's target, taken apart by hand: segments are split before they are decoded, so that `%2F` is a slash inside
// of a bucket or a key and never a separator. (A general router decodes first or not at all.)
//
// `+` in a path is a space. That is what Riak's server does (mochiweb's unquote) and what its clients' quoting means
// (quote_plus); a plus itself is `%2B`.

import NIOCore

/// The path's decoded segments and the query's decoded pairs.
struct Target: Hashable, Sendable {
    let segments: [[UInt8]]
    let query: Query

    /// Takes the target as it stands in the request line: `/path?query`.
    init(parsing text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.endIndex
        let mark = bytes[..<end].firstIndex(of: UInt8(ascii: "?")) ?? end
        guard bytes.first == UInt8(ascii: "/") else { throw .bad("the path must begin with a slash") }
        var parts = bytes[1 ..< max(mark, 1)].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // One slash at the end says nothing.
        if parts.last?.isEmpty == true { parts.removeLast() }
        var segments: [[UInt8]] = []
        for part in parts {
            switch PercentCoding.decode(part) {
            case .success(let decoded): segments.append(decoded)
            case .failure(let fault):
                throw .bad(
                    "a % in the path must be followed by two hexadecimal digits (%25 is a percent sign): segment "
                        + "\(segments.count + 1), byte \(fault.offset)")
            }
        }
        self.segments = segments
        query = mark < end ? try Query(parsing: bytes[(mark + 1) ..< end]) : Query()
    }
}

/// A query's parameters, in their order.
struct Query: Hashable, Sendable {
    private(set) var pairs: [Pair] = []

    struct Pair: Hashable, Sendable {
        let name: String
        let value: [UInt8]
    }

    init() {}

    init(parsing bytes: ArraySlice<UInt8>) throws(Problem) {
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let rest = equals < part.endIndex ? part[(equals + 1)...] : []
            guard case .success(let name) = PercentCoding.decode(part[..<equals]),
                case .success(let value) = PercentCoding.decode(rest)
            else {
                throw .bad(
                    "a % in the query must be followed by two hexadecimal digits (%25 is a percent sign): "
                        + "parameter \(pairs.count + 1)")
            }
            pairs.append(Pair(name: String(decoding: name, as: UTF8.self), value: value))
        }
    }

    /// Gives a parameter this value and no other.
    mutating func set(_ name: String, _ value: String) {
        pairs.removeAll { $0.name == name }
        pairs.append(Pair(name: name, value: Array(value.utf8)))
    }

    /// The first value of a parameter, as bytes.
    func bytes(_ name: String) -> ByteBuffer? {
        pairs.first { $0.name == name }.map { ByteBuffer(bytes: $0.value) }
    }

    /// The first value of a parameter, as text.
    subscript(_ name: String) -> String? {
        pairs.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
    }
}
