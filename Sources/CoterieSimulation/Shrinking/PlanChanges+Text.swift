// Changes of a plan as text, and back: words of the form `name=value` with spaces between them.

import CoteriePrimitives

/// Why a text says no changes: which word, and what is allowed there.
public struct PlanChangesError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

extension PlanChanges: CustomStringConvertible {
    /// The words, always in the same order; empty where nothing is changed.
    public var description: String {
        var words: [String] = []
        for (name, path, _) in Self.numbers {
            if let value = self[keyPath: path] { words.append("\(name)=\(value)") }
        }
        if !without.isEmpty { words.append("without=\(Self.ranges(without.sorted()))") }
        func list<Name: RawRepresentable & CaseIterable & Hashable>(_ name: String, _ chosen: Set<Name>?)
        where Name.RawValue == String {
            guard let chosen else { return }
            let names = Name.allCases.filter(chosen.contains).map(\.rawValue)
            words.append("\(name)=\(names.isEmpty ? "none" : names.joined(separator: ","))")
        }
        list("kinds", kinds)
        list("mix", mix)
        if let types { words.append("types=\(types.sorted().joined(separator: ","))") }
        if !usual.isEmpty { list("usual", usual) }
        return words.joined(separator: " ")
    }

    /// Reads what `description` writes. Words may come in any order, none twice.
    public init(parsing text: String) throws(PlanChangesError) {
        var seen: Set<Substring> = []
        for word in text.split(separator: " ") {
            guard let sign = word.firstIndex(of: "=") else {
                throw PlanChangesError(description: "\(word): a change is NAME=VALUE")
            }
            let name = word[..<sign]
            guard seen.insert(name).inserted else { throw PlanChangesError(description: "\(name) stands there twice") }
            try read(name, word[word.index(after: sign)...])
        }
    }

    private mutating func read(_ name: Substring, _ value: Substring) throws(PlanChangesError) {
        if let (_, path, allowed) = Self.numbers.first(where: { $0.name == name }) {
            guard let number = Int(value), allowed.contains(number) else {
                throw PlanChangesError(
                    description:
                        "\(name)=\(value): a number from \(allowed.lowerBound) to \(allowed.upperBound)")
            }
            self[keyPath: path] = number
            return
        }
        switch name {
        case "without": without = try Self.numbers(in: value)
        case "kinds": kinds = try Self.names(value, of: name)
        case "mix": mix = try Self.names(value, of: name)
        case "types": types = Set(value.split(separator: ",").map(String.init))
        case "usual": usual = try Self.names(value, of: name)
        default:
            let known = Self.numbers.map(\.name) + ["without", "kinds", "mix", "types", "usual"]
            throw PlanChangesError(description: "\(name): no such change; there are \(known.joined(separator: ", "))")
        }
    }

    private static var numbers: [(name: String, path: WritableKeyPath<PlanChanges, Int?>, allowed: ClosedRange<Int>)] {
        [
            ("nodes", \.nodes, 1 ... 9), ("replicas", \.replicas, 1 ... 9), ("partitions", \.partitions, 1 ... 1_024),
            ("operations", \.operations, 1 ... 10_000_000), ("clients", \.clients, 1 ... 100),
            ("sessions", \.sessions, 1 ... 1_000), ("keys", \.keys, 1 ... 100_000), ("doors", \.doors, 0 ... 1_000),
            ("faults", \.faults, 0 ... 10_000_000),
        ]
    }

    private static func names<Name: RawRepresentable & CaseIterable & Hashable>(
        _ value: Substring, of name: Substring
    ) throws(PlanChangesError) -> Set<Name> where Name.RawValue == String {
        if value == "none" { return [] }
        var found: Set<Name> = []
        for word in value.split(separator: ",") {
            guard let one = Name(rawValue: String(word)) else {
                let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
                throw PlanChangesError(description: "\(name): no \(word); there are none, \(known)")
            }
            found.insert(one)
        }
        return found
    }

    /// `0-2,5` for 0, 1, 2, 5.
    private static func ranges(_ numbers: [Int]) -> String {
        var parts: [String] = []
        var place = 0
        while place < numbers.count {
            var end = place
            while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
            parts.append(place == end ? "\(numbers[place])" : "\(numbers[place])-\(numbers[end])")
            place = end + 1
        }
        return parts.joined(separator: ",")
    }

    private static func numbers(in text: Substring) throws(PlanChangesError) -> Set<Int> {
        var found: Set<Int> = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last,
                last - first < 1_000_000
            else {
                throw PlanChangesError(description: "without=\(text): numbers and ranges, as in 0-2,5")
            }
            found.formUnion(first ... last)
        }
        return found
    }
}
