// What to type to run this program again: its name where the shell finds it, else its path.

import Foundation

/// The program, as a command to copy.
enum ProgramName {
    static let text = text(
        executable: Bundle.main.executablePath ?? CommandLine.arguments[0],
        searchPath: ProcessInfo.processInfo.environment["PATH", default: ""],
        folder: FileManager.default.currentDirectoryPath)

    /// `coterie` where `searchPath` leads to `executable` by that name; else its path, relative where it lies below `folder`.
    static func text(executable: String, searchPath: String, folder: String) -> String {
        let own = URL(fileURLWithPath: executable).resolvingSymlinksInPath().path
        let name = URL(fileURLWithPath: executable).lastPathComponent
        let found = searchPath.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        if let found, URL(fileURLWithPath: found).resolvingSymlinksInPath().path == own { return name }
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        let shown = executable.hasPrefix(base) ? String(executable.dropFirst(base.count)) : executable
        return LocalDirectory.shellQuoted(shown.contains("/") ? shown : "./" + shown)
    }
}
