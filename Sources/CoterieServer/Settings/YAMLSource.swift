// A YAML file whose every value knows its line and column, so that an error can name them.

import Foundation
import Yams

/// A parsed YAML text and the path that errors name.
package struct YAMLSource {
    package let path: String
    /// Nil for an empty file.
    package let root: Node?

    /// Reads a file. Errors name the file, and the place where it is not YAML.
    package static func read(_ path: String) throws(SettingsError) -> YAMLSource {
        let text: String
        do {
            text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
        } catch {
            guard FileManager.default.fileExists(atPath: path) else {
                throw SettingsError("\(path): there is no such file")
            }
            throw SettingsError("\(path): cannot be read as UTF-8 text")
        }
        return try YAMLSource(text: text, path: path)
    }

    package init(text: String, path: String) throws(SettingsError) {
        self.path = path
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.settingsError(error, path: path)
        } catch {
            throw SettingsError("\(path): \(error)")
        }
    }

    /// Where a value stands.
    func origin(of node: Node) -> SettingOrigin {
        .file(path: path, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    func wrong(_ reason: String, at node: Node, setting: String? = nil, value: String? = nil) -> SettingsError {
        SettingsError(reason, origin: origin(of: node), setting: setting, value: value)
    }

    /// The pairs of a mapping in order; an empty value counts as an empty mapping.
    func mapping(_ node: Node, _ name: String) throws(SettingsError) -> [(key: String, keyNode: Node, value: Node)] {
        if isEmpty(node) { return [] }
        guard case .mapping(let mapping) = node else {
            throw wrong("must be a mapping of names to values", at: node, setting: name)
        }
        var pairs: [(String, Node, Node)] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                throw wrong("has a key that is no plain name", at: key, setting: name)
            }
            pairs.append((scalar.string, key, value))
        }
        return pairs
    }

    /// The items of a sequence; an empty value counts as an empty sequence.
    func sequence(_ node: Node, _ name: String) throws(SettingsError) -> [Node] {
        if isEmpty(node) { return [] }
        guard case .sequence(let sequence) = node else {
            throw wrong("must be a list", at: node, setting: name)
        }
        return Array(sequence)
    }

    /// The text of a single value as it is written.
    func scalar(_ node: Node, _ name: String) throws(SettingsError) -> String {
        guard case .scalar(let scalar) = node else {
            throw wrong("must be a single value", at: node, setting: name)
        }
        guard !isEmpty(node) else { throw wrong("has no value", at: node, setting: name) }
        return scalar.string
    }

    /// Whether nothing is written there (or a plain `~` or `null`).
    package func isEmpty(_ node: Node) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    private static func settingsError(_ error: YamlError, path: String) -> SettingsError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let what = (context.map { "\($0.text) " } ?? "") + problem
            return SettingsError(
                "is not valid YAML: \(what.split(separator: "\n").joined(separator: " "))",
                origin: .file(path: path, line: mark.line, column: mark.column))
        case .duplicatedKeysInMapping(let duplicates, let context):
            return SettingsError(
                "is given twice: \(duplicates.sorted().joined(separator: ", "))",
                origin: .file(path: path, line: context.mark.line, column: context.mark.column))
        default:
            let first = "\(error)".split(separator: "\n").first.map(String.init) ?? "unknown reason"
            return SettingsError("\(path): is not valid YAML: \(first)")
        }
    }
}
