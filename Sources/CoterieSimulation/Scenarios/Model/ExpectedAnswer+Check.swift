// Whether an answer is what was expected, and in which words it was not.

import CoterieWire

extension ExpectedAnswer {
    /// What does not hold; nil where all does.
    public func problem(with answer: ObservedAnswer) -> String? {
        holds(for: answer) ? nil : "expected \(self), but it was \(answer.description)"
    }

    private func holds(for answer: ObservedAnswer) -> Bool {
        switch answer.outcome {
        case .refused: return outcomes.contains(.refused) || answer.code.map(codes.contains) ?? false
        case .unknown: return outcomes.contains(.unknown)
        case .ok, .notFound: break
        }
        if !outcomes.isEmpty || !codes.isEmpty, !outcomes.contains(answer.outcome) { return false }
        let found = (answer.values ?? []).sorted()
        if let values, values.sorted() != found { return false }
        if let among, found.isEmpty || !found.allSatisfy(among.contains) { return false }
        if let including, !including.allSatisfy(found.contains) { return false }
        if let siblings, !siblings.allows(found.count) { return false }
        if let met, !met.allows(answer.met ?? 0) { return false }
        return true
    }
}

extension ExpectedAnswer: CustomStringConvertible {
    public var description: String {
        var parts: [String] = []
        let names = outcomes.map(\.rawValue) + codes.map(\.description)
        if !names.isEmpty { parts.append(names.joined(separator: " or ")) }
        if let values {
            parts.append(values.isEmpty ? "no values" : "exactly [\(values.sorted().joined(separator: ", "))]")
        }
        if let among { parts.append("one or more of [\(among.joined(separator: ", "))]") }
        if let including { parts.append("[\(including.joined(separator: ", "))], perhaps with others") }
        if let siblings { parts.append("siblings: \(siblings)") }
        if let met { parts.append("met: \(met)") }
        return parts.isEmpty ? "anything" : parts.joined(separator: ", ")
    }
}
