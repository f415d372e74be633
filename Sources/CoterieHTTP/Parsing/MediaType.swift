// Media types: a stored value's Content-Type, and what an Accept header prefers (RFC 9110, sections 8.3 and 12.5.1).

/// A Content-Type, taken apart into what is kept: the type with its parameters, and the charset by itself.
struct MediaType: Hashable, Sendable {
    /// `type/subtype`, in lower case.
    let essence: String
    /// As it was sent, without the charset: what is stored and sent back.
    let text: String
    /// Empty where none was given.
    let charset: String

    /// nil where it is no `type/subtype`.
    init?(parsing header: String) {
        var parts = header.split(separator: ";", omittingEmptySubsequences: true).map { $0.trimmed() }
        guard let first = parts.first, let essence = MediaType.essence(first) else { return nil }
        self.essence = essence
        var charset = ""
        parts.removeAll { part in
            guard let value = part.parameter("charset") else { return false }
            charset = value
            return true
        }
        self.charset = charset
        text = parts.joined(separator: "; ")
    }

    /// `type/subtype` in lower case; nil where the text is something else.
    static func essence(_ text: some StringProtocol) -> String? {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isToken) }) else { return nil }
        return text.lowercased()
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "a") ... UInt8(ascii: "z"),
            UInt8(ascii: "A") ... UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// What a client can take, by its Accept header.
struct Accept: Hashable, Sendable {
    private struct Range: Hashable, Sendable {
        let type: Substring
        let subtype: Substring
        /// Thousandths.
        let quality: Int

        /// How closely it describes a media type: 0 not at all, 3 by name.
        func closeness(_ type: Substring, _ subtype: Substring) -> Int {
            if self.type == "*" { return 1 }
            guard self.type == type else { return 0 }
            return self.subtype == "*" ? 2 : self.subtype == subtype ? 3 : 0
        }
    }

    private let ranges: [Range]

    /// Ranges that cannot be read are passed over; where none can be, or there is no header, everything is accepted.
    init(_ header: String?) {
        ranges = (header ?? "").split(separator: ",").compactMap { item in
            let parts = item.split(separator: ";").map { $0.trimmed() }
            guard let name = parts.first, let essence = MediaType.essence(name) else { return nil }
            let halves = essence.split(separator: "/")
            let quality = parts.dropFirst().compactMap { $0.parameter("q") }.first.map(Self.quality) ?? 1000
            return Range(type: halves[0], subtype: halves[1], quality: quality)
        }
    }

    /// The quality of a media type (`type/subtype`, lower case), in thousandths; 0 is not acceptable.
    func quality(of essence: String) -> Int {
        if ranges.isEmpty { return 1000 }
        let halves = essence.split(separator: "/")
        guard halves.count == 2 else { return 1000 }
        var best = (closeness: 0, quality: 0)
        for range in ranges {
            let closeness = range.closeness(halves[0], halves[1])
            if closeness > best.closeness { best = (closeness, range.quality) }
        }
        return best.quality
    }

    /// The best acceptable of what is offered, the first among equals; nil where none is.
    func choose(_ offered: [String]) -> String? {
        var best: (essence: String, quality: Int)?
        for essence in offered {
            let quality = quality(of: essence)
            if quality > (best?.quality ?? 0) { best = (essence, quality) }
        }
        return best?.essence
    }

    /// Whether JSON is named and nothing else is wanted as much. Weaker mentions do not count: Riak's Ruby client sends
    /// `multipart/mixed, application/json;q=0.7, */*;q=0.5` and means the value as it is stored.
    var prefersJSON: Bool {
        let isJSON = { (range: Range) in
            range.type == "application" && (range.subtype == "json" || range.subtype == "problem+json")
        }
        guard let json = ranges.filter(isJSON).map(\.quality).max(), json > 0 else { return false }
        return ranges.allSatisfy { isJSON($0) || $0.quality < json }
    }

    /// Whether HTML is named.
    var namesHTML: Bool { ranges.contains { $0.type == "text" && $0.subtype == "html" && $0.quality > 0 } }

    /// `0`, `0.5`, `1.000` as thousandths; what cannot be read is 1000.
    private static func quality(_ text: String) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ Int($0) }), (0 ... 1).contains(whole) else { return 1000 }
        guard parts.count == 2, whole == 0 else { return whole * 1000 }
        let digits = (parts[1] + "000").prefix(3)
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0") ... UInt8(ascii: "9")).contains($0) }) else { return 1000 }
        return Int(digits) ?? 1000
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    func trimmed() -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first ... last])
    }

    /// The value of `name=value` or `name="value"`, the name in any case; nil where it is another parameter.
    func parameter(_ name: String) -> String? {
        guard let equals = firstIndex(of: "="), self[..<equals].trimmed().lowercased() == name else { return nil }
        let value = self[index(after: equals)...].trimmed()
        return value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
            ? String(value.dropFirst().dropLast()) : value
    }
}
