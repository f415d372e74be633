// The repository's own sources as text, found from where this file lies.

import Foundation

/// A file of the repository.
struct SourceFile: Sendable {
    /// From the repository's root.
    let path: String
    let text: String

    /// Lines without comments and string literals; as many as the text has.
    var code: [String] { CodeText.lines(of: text) }

    /// The modules that it imports, with their lines, counted from 1.
    var imports: [(module: String, line: Int)] {
        code.enumerated().compactMap { index, line in
            var words = line.split(separator: " ")
            while let first = words.first,
                first.hasPrefix("@") || ["public", "internal", "private", "package"].contains(first)
            {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            // `import struct Foundation.Date` names the module in the last word.
            let kinds = ["struct", "class", "enum", "protocol", "func", "typealias", "var", "let"]
            let name = kinds.contains(String(words[1])) && words.count > 2 ? words[2] : words[1]
            return (String(name.split(separator: ".")[0]), index + 1)
        }
    }
}

/// The repository on disk.
struct SourceTree: Sendable {
    let root: URL

    static let here = SourceTree(
        root: URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent())

    /// All Swift files under a folder, in order of their paths.
    func swiftFiles(under folder: String) -> [SourceFile] { files(under: folder, ending: [".swift"]) }

    /// All files under a folder whose names end so, in order.
    func files(under folder: String, ending: [String]) -> [SourceFile] {
        let base = root.appendingPathComponent(folder)
        let names = (FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String]) ?? []
        return names.filter { name in ending.contains { name.hasSuffix($0) } }.sorted().compactMap { name in
            file("\(folder)/\(name)")
        }
    }

    func file(_ path: String) -> SourceFile? {
        guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else { return nil }
        return SourceFile(path: path, text: text)
    }
}

/// Takes comments and string literals out of Swift code.
enum CodeText {
    static func lines(of text: String) -> [String] {
        var result: [String] = []
        var inBlock = 0
        var inLongString = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            result.append(stripped(line, &inBlock, &inLongString))
        }
        return result
    }

    private static func stripped(_ line: Substring, _ inBlock: inout Int, _ inLongString: inout Bool) -> String {
        var result = ""
        var rest = line
        var inString = false
        while let first = rest.first {
            if inBlock > 0 {
                if rest.hasPrefix("*/") { inBlock -= 1; rest = rest.dropFirst(2); continue }
                if rest.hasPrefix("/*") { inBlock += 1; rest = rest.dropFirst(2); continue }
            } else if inLongString {
                if rest.hasPrefix("\"\"\"") { inLongString = false; rest = rest.dropFirst(3); continue }
            } else if inString {
                if first == "\\" { rest = rest.dropFirst(2); continue }
                if first == "\"" { inString = false }
            } else if rest.hasPrefix("//") {
                break
            } else if rest.hasPrefix("/*") {
                inBlock += 1
                rest = rest.dropFirst(2)
                continue
            } else if rest.hasPrefix("\"\"\"") {
                inLongString = true
                rest = rest.dropFirst(3)
                continue
            } else if first == "\"" {
                inString = true
            } else {
                result.append(first)
            }
            rest = rest.dropFirst()
        }
        return result
    }
}
