// Expected answers and the section `expect`.

import CoteriePrimitives
import CoterieWire

extension ExpectedAnswer {
    static let names = ["outcome", "values", "among", "including", "siblings", "met"]

    /// `ok`, `refused or unknown`, `insufficient_replicas`, `[milk, eggs]`, or a mapping of the names above.
    init(reading outline: Outline) throws(ScenarioError) {
        self.init(at: outline.place)
        switch outline.content {
        case .nothing: throw ScenarioError("expect: nothing is written", at: outline.place)
        case .text: try readOutcome(outline)
        case .list: values = try Self.texts(outline)
        case .mapping: try readMapping(outline)
        }
    }

    private mutating func readMapping(_ outline: Outline) throws(ScenarioError) {
        let fields = try Fields(outline, "expect", known: Self.names)
        if let outcome = fields["outcome"] { try readOutcome(outcome) }
        if fields.has("values") { values = try fields["values"].map(Self.texts) ?? [] }
        among = try fields["among"].map(Self.texts)
        including = try fields["including"].map(Self.texts)
        siblings = try fields.value("siblings", Bound.init(parsing:))

        met = try fields.value("met", Bound.init(parsing:))
    }

    private mutating func readOutcome(_ outline: Outline) throws(ScenarioError) {
        let text = try outline.text("expect")
        let known = AnswerOutcome.allCases.map(\.rawValue) + ErrorCode.allCases.map(\.description)
        for word in Self.alternatives(text) {
            if let outcome = AnswerOutcome(rawValue: word) {
                outcomes.append(outcome)
            } else if let code = ErrorCode.allCases.first(where: { $0.description == word }) {
                codes.append(code)
            } else {
                throw ScenarioError(
                    "expect: \"\(word)\" is no outcome\(NearestName.suggestion(for: word, among: known)) "
                        + "(known: \(known.joined(separator: ", ")))", at: outline.place)
            }
        }
    }

    /// The words between ` or `.
    private static func alternatives(_ text: String) -> [String] {
        var found: [String] = [""]
        for word in text.split(separator: " ") {
            if word == "or" {
                found.append("")
            } else {
                let last = found.removeLast()
                found.append(last.isEmpty ? String(word) : "\(last) \(word)")
            }
        }
        return found
    }

    private static func texts(_ outline: Outline) throws(ScenarioError) -> [String] {
        var texts: [String] = []
        for item in outline.items { texts.append(try item.text("values")) }
        return texts
    }
}

extension Bound {
    /// `none`, `3`, `at least 3`, `at most 3`, `3 to 5`.
    public init(parsing text: String) throws(RejectedText) {
        let words = text.split(separator: " ").map(String.init)
        let numbers = words.compactMap { Int($0) }.filter { $0 >= 0 }
        switch (words.count, numbers.count) {
        case (1, 0) where text == "none": self.init(least: 0, most: 0)
        case (1, 1): self.init(least: numbers[0], most: numbers[0])
        case (3, 1) where words[0] == "at" && words[1] == "least": self.init(least: numbers[0])
        case (3, 1) where words[0] == "at" && words[1] == "most": self.init(most: numbers[0])
        case (3, 2) where words[1] == "to" && numbers[0] <= numbers[1]: self.init(least: numbers[0], most: numbers[1])
        default:
            throw RejectedText("is no bound: give none, a number, \"at least 3\", \"at most 3\" or \"3 to 5\"")
        }
    }
}

extension Expectations {
    static let names = [
        "requests ok", "requests refused", "requests unknown", "siblings", "keys", "reached", "not reached",
    ]

    init(reading outline: Outline?) throws(ScenarioError) {
        self.init()
        guard let outline else { return }
        let fields = try Fields(outline, "expect", known: Self.names)
        func count(_ name: String) throws(ScenarioError) -> Count? {
            guard let outline = fields[name] else { return nil }
            return Count(bound: try outline.read(name, Bound.init(parsing:)), place: outline.place)
        }
        ok = try count("requests ok")
        refused = try count("requests refused")
        unknown = try count("requests unknown")
        siblings = try count("siblings")
        for pair in try fields["keys"].map({ (o) throws(ScenarioError) in try Fields.pairs(o, "keys") }) ?? [] {
            let key: ScenarioKey
            do throws(RejectedText) {
                key = try ScenarioKey(parsing: pair.name)
            } catch {
                throw ScenarioError("keys: \"\(pair.name)\" \(error.reason)", at: pair.place)
            }
            keys.append(Key(key: key, expected: try ExpectedAnswer(reading: pair.value)))
        }
        reached = try Self.probes(fields, "reached")
        notReached = try Self.probes(fields, "not reached")
    }

    private static func probes(_ fields: Fields, _ name: String) throws(ScenarioError) -> [Reached] {
        var probes: [Reached] = []
        for item in try fields.items(name) {
            let probe = try item.read(name) { text throws(RejectedText) in
                try ScenarioText.choice(text, Probe.self)
            }
            probes.append(Reached(probe: probe, place: item.place))
        }
        return probes
    }
}
