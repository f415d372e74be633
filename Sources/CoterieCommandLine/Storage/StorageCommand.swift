// `coterie storage`: long proofs on real processes, for `make soak`, and the crash test of the log store, which needs a
// process that it can kill. Not shown in the help.

import ArgumentParser
import CoterieFileDisk
import CoterieServer
import Foundation

struct StorageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "Crash-test the log store, and prove on real clusters what takes long.",
        discussion: """
            Examples:
              coterie storage crash-writer /tmp/store 7 > /tmp/trace
              coterie storage crash-verify /tmp/store 7 /tmp/trace
            """,
        shouldDisplay: false,
        subcommands: [
            CrashWriterCommand.self, CrashVerifyCommand.self, DeletesCommand.self, TroubleCommand.self,
            CatchUpCommand.self,
        ])
}

struct CrashWriterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash-writer",
        abstract: "Write batches to a store until killed, telling on standard output what is acknowledged and fsynced.",
        discussion: """
            Examples:
              coterie storage crash-writer /tmp/store 7 > /tmp/trace
              coterie storage crash-writer /tmp/store 7 --limit 1000
            """)

    @Argument(help: "The store's directory.", completion: .directory) var directory: String
    @Argument(help: "Decides the batches.") var seed: UInt64
    @Option(help: ArgumentHelp("Stop by itself after so many batches.", valueName: "batches")) var limit = Int.max

    func run() throws {
        do {
            try CrashWriter.run(directory: directory, seed: seed, limit: limit)
        } catch {
            throw CommandFailure(.ioError, "\(error)")
        }
    }
}

struct CrashVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash-verify",
        abstract: "Cut a killed writer's store back to what was fsynced, and compare it with what was acknowledged.",
        discussion: """
            Examples:
              coterie storage crash-verify /tmp/store 7 /tmp/trace
            """)

    @Argument(help: "The store's directory; changed by this command.", completion: .directory) var directory: String
    @Argument(help: "The writer's seed.") var seed: UInt64
    @Argument(help: "What the writer told.", completion: .file()) var trace: String

    func run() throws {
        guard let bytes = FileManager.default.contents(atPath: trace) else {
            throw CommandFailure(.ioError, "\(trace) cannot be read")
        }
        let trace = CrashTrace(String(decoding: bytes, as: UTF8.self))
        do {
            try trace.cutBack(directory)
            var verifier = CrashVerifier(seed: seed)
            let number = try verifier.verify(directory, acknowledged: trace.acknowledged)
            Output.standard.line(
                "\(trace.acknowledged) batches acknowledged, the store holds \(number), all as they were")
        } catch {
            throw CommandFailure(.ioError, "\(error)")
        }
    }
}
