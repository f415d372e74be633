// INV 28 with real processes: a writer is killed by SIGKILL at a random moment; its files are cut back to what was
// fsynced (what the kernel still holds would hide a missing fsync); every acknowledged batch must be there, and nothing
// half done.

import Foundation
import NIOCore
import Testing

@testable import CoterieFileDisk

@Suite(.serialized) struct CrashProcessTests {
    private static let writer = ProcessInfo.processInfo.environment["COTERIE_CRASH_WRITER"] ?? ""
    private static let rounds = Int(ProcessInfo.processInfo.environment["COTERIE_CRASH_ROUNDS"] ?? "") ?? 200

    /// After a kill: cuts back, verifies, and says what was found.
    private func check(
        _ directory: String, _ trace: CrashTrace, _ verifier: inout CrashVerifier, _ place: Comment
    ) throws -> Int {
        try trace.cutBack(directory)
        let number = try verifier.verify(directory, acknowledged: trace.acknowledged)
        #expect(number >= trace.acknowledged, place)
        return number
    }

    @Test func aWriterThatKillsItselfAtARandomMomentLosesNothingAcknowledged() async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let store = directory.path + "/store"
        let seed = UInt64.random(in: 0 ..< 1 << 32)
        var verifier = CrashVerifier(seed: seed)
        var acknowledged = 0
        for round in 0 ..< 12 {
            let output = directory.path + "/trace-\(round)"
            let delay = Double.random(in: 0.001 ..< 0.15)
            let before = try CrashTrace.fileLengths(in: store)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [store = store as String, output = output as String, seed = seed as UInt64, delay = delay as Double] in
                let descriptor = open(output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
                Thread.detachNewThread {
                    Thread.sleep(forTimeInterval: delay)
                    kill(getpid(), SIGKILL)
                }
                try CrashWriter.run(directory: store, seed: seed, output: descriptor)
            }
            let trace = CrashTrace(try String(contentsOfFile: output, encoding: .utf8), before: before)
            _ = try check(store, trace, &verifier, "seed \(seed), round \(round)")
            acknowledged = max(acknowledged, trace.acknowledged)
        }
        #expect(acknowledged > 0)
    }

    /// The writer's command line stands in COTERIE_CRASH_WRITER, without directory and seed; COTERIE_CRASH_ROUNDS says
    /// how often.
    @Test(.enabled(if: !writer.isEmpty, "set COTERIE_CRASH_WRITER to a writer's command line"))
    func aWriterKilledHundredsOfTimesLosesNothingAcknowledged() async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let store = directory.path + "/store"
        let seed = UInt64.random(in: 0 ..< 1 << 32)
        var verifier = CrashVerifier(seed: seed)
        var last = 0
        for round in 0 ..< Self.rounds {
            let output = directory.path + "/trace"
            #expect(FileManager.default.createFile(atPath: output, contents: nil))
            let process = Process()
            let words = Self.writer.split(separator: " ").map(String.init)
            process.executableURL = URL(fileURLWithPath: words[0])
            process.arguments = Array(words.dropFirst()) + [store, "\(seed)"]
            process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
            let before = try CrashTrace.fileLengths(in: store)
            // Waiting takes none of the threads that all tests share.
            let (ends, end) = AsyncStream<Void>.makeStream()
            process.terminationHandler = { _ in end.finish() }
            try process.run()
            try await Task.sleep(for: .milliseconds(Int.random(in: 5 ..< 250)))
            kill(process.processIdentifier, SIGKILL)
            for await _ in ends {}
            #expect(
                process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL, "round \(round)")
            let trace = CrashTrace(try String(contentsOfFile: output, encoding: .utf8), before: before)
            last = try check(store, trace, &verifier, "seed \(seed), round \(round)")
        }
        #expect(last > Self.rounds, "batches were written in most rounds")
        print("crash test: \(Self.rounds) kills, \(last) batches, seed \(seed)")
    }

    @Test func theTraceTellsWhatWasDurable() {
        let text = """
            s 0000000001.log 100
            s index.new 50
            r index.new index.checkpoint
            R index.new index.checkpoint
            a 7
            d 0000000001.log
            s 0000000002.log 64
            a 9
            s 0000000002.log 9
            """
        let trace = CrashTrace(text)
        #expect(trace.lengths == ["index.checkpoint": 50, "0000000002.log": 64], "the last line is not complete")
        #expect(trace.acknowledged == 9)
    }

    @Test func aStoreThatLostAnAcknowledgedBatchIsRejected() throws {
        let directory = TemporaryDirectory()
        let sink = open("/dev/null", O_WRONLY)
        defer { close(sink) }
        try CrashWriter.run(directory: directory.path, seed: 5, output: sink, limit: 100)
        var verifier = CrashVerifier(seed: 5)
        let number = try verifier.verify(directory.path, acknowledged: 1)
        #expect(throws: CrashFinding.self) {
            var verifier = CrashVerifier(seed: 5)
            _ = try verifier.verify(directory.path, acknowledged: number + 1)
        }
        #expect(throws: CrashFinding.self) {
            var verifier = CrashVerifier(seed: 6)
            _ = try verifier.verify(directory.path, acknowledged: 1)
        }
    }
}
