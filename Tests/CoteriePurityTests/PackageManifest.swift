// The modules and arrows that Package.swift declares, read from its text.

import Foundation

/// What Package.swift says of its targets.
struct PackageManifest: Sendable {
    /// Our own modules that a target may import, by target.
    private(set) var arrows: [String: Set<String>] = [:]

    /// Reads the calls `module("X", uses: ["Y", …]` and `tests("X", uses: …`, and the plain targets' `dependencies`.
    init(_ text: String) {
        let flat = CodeLines.joined(text)
        for (keyword, suffix) in [("module(", ""), ("tests(", "Tests")] {
            for call in Self.calls(of: keyword, in: flat) {
                guard let name = Self.strings(in: call).first else { continue }
                arrows["Coterie\(name)\(suffix)"] = Set(Self.uses(in: call).map(Self.moduleName))
            }
        }
        for keyword in [".executableTarget(", ".target(", ".testTarget("] {
            for call in Self.calls(of: keyword, in: flat) where call.contains("name: \"") {
                guard let name = Self.strings(in: call).first, !name.contains("\\(") else { continue }
                arrows[name] = Set(
                    Self.strings(in: call).dropFirst().filter { $0.hasPrefix("Coterie") || $0.hasPrefix("C") })
            }
        }
    }

    private static func moduleName(_ name: String) -> String {
        name.hasPrefix("C_") ? String(name.dropFirst(2)) : "Coterie\(name)"
    }

    /// The text between the parentheses of each call of `keyword` with a literal name.
    private static func calls(of keyword: String, in text: String) -> [String] {
        var found: [String] = []
        var rest = text[...]
        while let range = rest.range(of: keyword) {
            let before = rest[..<range.lowerBound].last
            rest = rest[range.upperBound...]
            if let before, before.isLetter || before == "_" { continue }
            var depth = 1
            var call = ""
            for character in rest {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                if depth == 0 { break }
                call.append(character)
            }
            if call.contains("\"") { found.append(call) }
        }
        return found
    }

    private static func uses(in call: String) -> [String] {
        guard let start = call.range(of: "uses:"), let open = call[start.upperBound...].firstIndex(of: "["),
            let close = call[open...].firstIndex(of: "]")
        else { return [] }
        return strings(in: String(call[open ... close]))
    }

    private static func strings(in text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }
}

/// Lines without `//` comments, joined. (A `//` within a string is a URL, which no target's name contains.)
private enum CodeLines {
    static func joined(_ text: String) -> String {
        text.split(separator: "\n").map { line in
            line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? String(line)
        }.joined(separator: " ")
    }
}
