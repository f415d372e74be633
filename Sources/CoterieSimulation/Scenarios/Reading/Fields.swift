// Reads one mapping whose names are known: each value by its kind, each error at its place.

import CoteriePrimitives
import CoterieRing
import CoterieTypes

/// The named values of a mapping.
struct Fields {
    let outline: Outline
    /// What the mapping is, in an error's words: `cluster`, `a step`.
    let what: String
    private var values: [String: Outline] = [:]

    /// Refuses names that are not `known`.
    init(_ outline: Outline, _ what: String, known: [String]) throws(ScenarioError) {
        self.outline = outline
        self.what = what
        for pair in try Self.pairs(outline, what) {
            guard known.contains(pair.name) else {
                throw Self.unknown(pair, in: what, known: known)
            }
            guard values[pair.name] == nil else {
                throw ScenarioError("\"\(pair.name)\" is written twice", at: pair.place)
            }
            values[pair.name] = pair.value
        }
    }

    /// The pairs of a mapping, whatever their names.
    static func pairs(_ outline: Outline, _ what: String) throws(ScenarioError) -> [Outline.Pair] {
        switch outline.content {
        case .nothing: return []
        case .mapping(let pairs): return pairs
        case .text, .list:
            throw ScenarioError("\(what) must be a mapping of names to values, not \(outline.kind)", at: outline.place)
        }
    }

    static func unknown(_ pair: Outline.Pair, in what: String, known: [String]) -> ScenarioError {
        ScenarioError(
            "\"\(pair.name)\" is not known in \(what)\(NearestName.suggestion(for: pair.name, among: known)) "
                + "(known: \(known.joined(separator: ", ")))", at: pair.place)
    }

    subscript(_ name: String) -> Outline? {
        guard let value = values[name], value.content != .nothing else { return nil }
        return value
    }

    /// Whether the name is written, with or without a value.
    func has(_ name: String) -> Bool { values[name] != nil }

    func wrong(_ name: String, _ reason: String) -> ScenarioError {
        ScenarioError("\(name): \(reason)", at: (values[name] ?? outline).place)
    }

    func required(_ name: String) throws(ScenarioError) -> Outline {
        guard let value = self[name] else {
            throw ScenarioError("\(what) needs \"\(name)\"", at: outline.place)
        }
        return value
    }

    // MARK: By kind

    func text(_ name: String) throws(ScenarioError) -> String? {
        guard let value = self[name] else { return nil }
        return try value.text(name)
    }

    /// Reads a text by `read`; its refusal becomes an error at the value's place.
    func value<Value>(
        _ name: String, _ read: (String) throws(RejectedText) -> Value
    ) throws(ScenarioError) -> Value? {
        guard let value = self[name] else { return nil }
        return try value.read(name, read)
    }

    func count(_ name: String, _ range: ClosedRange<Int>) throws(ScenarioError) -> Int? {
        try value(name) { text throws(RejectedText) in
            let count = try SettingText.count(text)
            guard range.contains(count) else {
                throw RejectedText("is out of range: allowed is \(range.lowerBound) to \(range.upperBound)")
            }
            return count
        }
    }

    func span(_ name: String) throws(ScenarioError) -> TimeSpan? { try value(name, SettingText.span) }
    func size(_ name: String) throws(ScenarioError) -> Int? { try value(name, SettingText.size) }
    func flag(_ name: String) throws(ScenarioError) -> Bool? { try value(name, SettingText.flag) }

    func quorum(_ name: String) throws(ScenarioError) -> Quorum? {
        try value(name) { text throws(RejectedText) in
            guard let quorum = Quorum(parsing: text) else {
                throw RejectedText(
                    "is no quorum: allowed are one, quorum, all, and a number from 0 to "
                        + "\(LayoutLimits.replicas.upperBound)")
            }
            return quorum
        }
    }

    /// A share such as `10%` or `0.5%`, in thousandths.
    func permille(_ name: String) throws(ScenarioError) -> Int? { try value(name, ScenarioText.permille) }

    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Value.Type
    ) throws(ScenarioError) -> Value? {
        try value(name) { text throws(RejectedText) in try ScenarioText.choice(text, type) }
    }

    /// A type that comes with Coterie.
    func kind(_ name: String) throws(ScenarioError) -> TypeKind? {
        try value(name) { text throws(RejectedText) in
            let known = TypeRegistry.builtIn.names
            guard known.contains(text) else {
                throw RejectedText(
                    "is not allowed\(NearestName.suggestion(for: text, among: known)) "
                        + "(allowed: \(known.joined(separator: ", ")))")
            }
            return TypeKind(rawValue: text)
        }
    }

    /// The items of a list; one value alone is a list of one.
    func items(_ name: String) throws(ScenarioError) -> [Outline] { self[name].map(\.items) ?? [] }
}

extension Outline {
    /// The items of a list; one value alone is a list of one.
    var items: [Outline] {
        switch content {
        case .nothing: []
        case .list(let items): items
        case .text, .mapping: [self]
        }
    }

    /// The text of a single value.
    func text(_ name: String) throws(ScenarioError) -> String {
        guard case .text(let text) = content else {
            throw ScenarioError("\(name) must be a single value, not \(kind)", at: place)
        }
        return text
    }

    func read<Value>(
        _ name: String, _ read: (String) throws(RejectedText) -> Value
    ) throws(ScenarioError) -> Value {
        let text = try text(name)
        do throws(RejectedText) {
            return try read(text)
        } catch {
            throw ScenarioError("\(name): \"\(text)\" \(error.reason)", at: place)
        }
    }
}

/// Texts that only scenarios have.
enum ScenarioText {
    static func permille(_ text: String) throws(RejectedText) -> Int {
        let refusal = RejectedText("is no share: give a percentage such as 10% or 0.5%, from 0% to 100%")
        guard text.hasSuffix("%") else { throw refusal }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]), (0 ... 100).contains(whole) else { throw refusal }
        guard parts.count == 2 else { return whole * 10 }
        guard parts[1].count == 1, let tenth = Int(parts[1]), whole * 10 + tenth <= 1_000 else { throw refusal }
        return whole * 10 + tenth
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String, _ type: Value.Type
    ) throws(RejectedText) -> Value {
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue)
            throw RejectedText(
                "is not allowed\(NearestName.suggestion(for: text, among: known)) "
                    + "(allowed: \(known.joined(separator: ", ")))")
        }
        return value
    }

    /// `32`, `32 to 64`, sizes.
    static func sizes(_ text: String) throws(RejectedText) -> ClosedRange<Int> {
        let parts = text.split(separator: " ").filter { $0 != "to" }.map(String.init)
        guard parts.count == 1 || parts.count == 2 else {
            throw RejectedText("is no size: give one such as 64, or a range such as 32 to 1KiB")
        }
        let least = try SettingText.size(parts[0])
        let most = parts.count == 2 ? try SettingText.size(parts[1]) : least
        guard least <= most else { throw RejectedText("is a range that ends before it begins") }
        return least ... most
    }

    /// A duration that may be negative.
    static func signedSpan(_ text: String) throws(RejectedText) -> TimeSpan {
        guard text.hasPrefix("-") else { return try SettingText.span(text) }
        return TimeSpan(nanoseconds: -(try SettingText.span(String(text.dropFirst())).nanoseconds))
    }
}
