// The built `coterie`, run as a shell would run it.

import CoteriePrimitives
import Foundation
import Synchronization

@testable import CoterieCommandLine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a command did.
struct Ran: Sendable {
    let status: Int32
    let output: String
    let errors: String
}

/// The binary beside the tests.
enum Binary {
    /// `swift test` builds the product into the folder that the tests run from.
    static let path: String? = {
        var folders = [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
        if let executable = Bundle.main.executableURL { folders.append(executable.deletingLastPathComponent()) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        folders.append(root.appendingPathComponent(".build/debug"))
        return folders.map { $0.appendingPathComponent("coterie").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Runs a command to its end. Its output goes through files, so that nodes that it leaves behind hold no pipe open.
    static func run(_ arguments: [String], in scratch: Scratch, environment: [String: String] = [:]) async throws -> Ran
    {
        let command = try start(arguments, in: scratch, environment: environment)
        return await command.end()
    }

    /// Starts a command.
    static func start(
        _ arguments: [String], in scratch: Scratch, environment: [String: String] = [:], of program: String? = path
    ) throws -> RunningCommand {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program ?? "coterie")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        let kept = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("COTERIE_") }
        process.environment = kept.merging(environment) { $1 }
        let command = RunningCommand(process: process, folder: scratch.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try command.file("out")
        process.standardError = try command.file("err")
        try process.run()
        return command
    }
}

/// A command that runs.
final class RunningCommand: @unchecked Sendable {
    let process: Process
    private let folder: String
    private let name = UUID().uuidString

    init(process: Process, folder: String) {
        self.process = process
        self.folder = folder
    }

    fileprivate func file(_ kind: String) throws -> FileHandle {
        let path = "\(folder)/\(name).\(kind)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func text(_ kind: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(folder)/\(name).\(kind)") ?? Data(), as: UTF8.self)
    }

    /// Waits for its end; a minute at most, then it is killed.
    func end() async -> Ran {
        if !(await eventually(within: 60) { !self.process.isRunning }) { process.interrupt() }
        if !(await eventually(within: 20) { !self.process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
        while process.isRunning { await pause(.milliseconds(10)) }
        return Ran(status: process.terminationStatus, output: text("out"), errors: text("err"))
    }
}
