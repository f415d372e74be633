// Scenario files: read as YAML, handed to the reader as a tree that knows its lines.

import CoterieServer
import CoterieSimulation
import Foundation
import Yams

/// Reads scenarios from files.
public enum ScenarioFile {
    /// Reads and checks one file. Errors name the file, the line and the column.
    public static func read(_ path: String) throws(ScenarioError) -> Scenario {
        try scenario(path) { () throws(SettingsError) in try YAMLSource.read(path) }
    }

    /// Reads and checks a text; `path` names it in errors.
    public static func read(text: String, path: String) throws(ScenarioError) -> Scenario {
        try scenario(path) { () throws(SettingsError) in try YAMLSource(text: text, path: path) }
    }

    private static func scenario(
        _ path: String, _ open: () throws(SettingsError) -> YAMLSource
    ) throws(ScenarioError) -> Scenario {
        let source: YAMLSource
        do throws(SettingsError) {
            source = try open()
        } catch {
            throw ScenarioError(error, path: path)
        }
        // An empty file has a tree too: nothing.
        let outline = source.root.map { Outline($0, source) } ?? Outline(.nothing, at: Place(line: 1, column: 1))
        return try Scenario(outline, path: path)
    }

    /// The files under a folder, its folders included, in the order of their paths; of a file, itself.
    public static func files(under path: String) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return [path]
        }
        let inside = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        return inside.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted().map { "\(folder)/\($0)" }
    }
}

extension ScenarioError {
    fileprivate init(_ error: SettingsError, path: String) {
        if case .file(_, let line, let column) = error.origin {
            self.init(error.reason, at: Place(line: line, column: column), path: path)
        } else {
            // It names the file itself.
            self.init(error.reason, at: nil)
        }
    }
}

extension Outline {
    fileprivate init(_ node: Node, _ source: YAMLSource) {
        let place = Place(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        switch node {
        case .scalar(let scalar): self.init(source.isEmpty(node) ? .nothing : .text(scalar.string), at: place)
        case .sequence(let sequence): self.init(.list(sequence.map { Outline($0, source) }), at: place)
        case .mapping(let mapping):
            self.init(
                .mapping(
                    mapping.map { key, value in
                        let keyPlace = Place(line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
                        return Pair(key.string ?? "", at: keyPlace, Outline(value, source))
                    }), at: place)
        case .alias: self.init(.nothing, at: place)
        }
    }
}
