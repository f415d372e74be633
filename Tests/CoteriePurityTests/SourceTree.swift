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
            guard line.utf8.count > 6, line.contains("import ") else { return nil }
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

/// Takes comments and string literals out of Swift code. Works on bytes: all sources pass through here.
enum CodeText {
    static func lines(of text: String) -> [String] {
        var reader = Reader(bytes: Array(text.utf8))
        reader.read()
        return reader.kept.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var kept: [UInt8] = []
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func read() {
            kept.reserveCapacity(bytes.count)
            while position < bytes.count {
                if at("//") {
                    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
                } else if at("/*") {
                    skipBlock()
                } else if at("\"\"\"") {
                    skip(until: "\"\"\"")
                } else if bytes[position] == UInt8(ascii: "\"") {
                    skip(until: "\"")
                } else {
                    kept.append(bytes[position])
                    position += 1
                }
            }
        }

        private func at(_ text: StaticString) -> Bool {
            guard position + text.utf8CodeUnitCount <= bytes.count else { return false }
            for offset in 0 ..< text.utf8CodeUnitCount where bytes[position + offset] != text.utf8Start[offset] {
                return false
            }
            return true
        }

        /// Passes over a literal, keeping its line ends.
        private mutating func skip(until end: StaticString) {
            position += end.utf8CodeUnitCount
            while position < bytes.count, !at(end) {
                if bytes[position] == UInt8(ascii: "\\") { position += 1 }
                // A literal of one line that is not closed there is none.
                if position < bytes.count, bytes[position] == UInt8(ascii: "\n") {
                    kept.append(bytes[position])
                    if end.utf8CodeUnitCount == 1 { return position += 1 }
                }
                position += 1
            }
            position += end.utf8CodeUnitCount
        }

        private mutating func skipBlock() {
            var depth = 0
            repeat {
                if at("/*") {
                    depth += 1
                    position += 2
                } else if at("*/") {
                    depth -= 1
                    position += 2
                } else {
                    if bytes[position] == UInt8(ascii: "\n") { kept.append(bytes[position]) }
                    position += 1
                }
            } while depth > 0 && position < bytes.count
        }
    }
}
