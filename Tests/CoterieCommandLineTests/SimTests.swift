// `coterie sim` as a shell sees it: verdicts, exit codes, replays, and a swarm that outlives what its workers do.

import CoterieServer
import Foundation
import Testing

@testable import CoterieCommandLine

@Suite(.enabled(if: Binary.path != nil, "the binary is not built")) struct SimTests {
    private struct Failure: Decodable {
        let seed: UInt64
        let outcome: String
        let replay: String
        let findings: [String]
        let shrunk: String?
    }

    private struct Swarm: Decodable {
        let seeds: Int
        let outcomes: [String: Int]
        let ranTwice: Int
        let unreached: [String]
        let failures: [Failure]
    }

    private func swarm(_ words: String...) async throws -> (Swarm, Int32) {
        let scratch = try Scratch()
        let ran = try await Binary.run(["sim", "swarm", "--json", "--operations", "40"] + words, in: scratch)
        return (try JSONDecoder().decode(Swarm.self, from: Data(ran.output.utf8)), ran.status)
    }

    @Test func equalCommandsPrintEqualDigests() async throws {
        let scratch = try Scratch()
        let one = try await Binary.run(["sim", "--seed", "3", "--operations", "40"], in: scratch)
        let other = try await Binary.run(["sim", "--seed", "3", "--operations", "40", "--trace"], in: scratch)
        #expect(one.status == 0, "\(one.errors)")
        let digest = { (ran: Ran) in ran.output.split(separator: "\n").first { $0.hasPrefix("digest") } }
        #expect(digest(one) != nil)
        #expect(digest(one) == digest(other))
        #expect(other.output.contains("stage        safety"))
    }

    @Test func aBrokenPromiseIsToldAndHasItsExitCode() async throws {
        let scratch = try Scratch()
        let words = ["sim", "swarm", "--seeds", "10", "--canary", "doubledWrite", "--stop-at-first", "--jobs", "1"]
        let ran = try await Binary.run(words, in: scratch)
        #expect(ran.status == ExitStatus.promiseBroken.rawValue, "\(ran.output)\(ran.errors)")
        #expect(ran.output.contains("--canary doubledWrite"))
        let shrunk = try #require(ran.output.split(separator: "\n").first { $0.contains("shrunk   ") })
        // What is printed replays it.
        let text = try #require(shrunk.split(separator: "\"").dropFirst().first)
        let seed = try #require(shrunk.split(separator: " ").drop { $0 != "--seed" }.dropFirst().first)
        let replay = ["sim", "--seed", "\(seed)", "--canary", "doubledWrite", "--with", "\(text)"]
        #expect(try await Binary.run(replay, in: scratch).status == ExitStatus.promiseBroken.rawValue)
    }

    @Test func aWorkerThatTrapsIsACrashOfItsSeedAndTheOthersGoOn() async throws {
        let (swarm, status) = try await swarm("--seeds", "12", "--jobs", "2", "--trap-at", "7", "--shrink", "0")
        #expect(status == ExitStatus.crashed.rawValue)
        #expect(swarm.seeds == 12)
        #expect(swarm.outcomes["crash"] == 1)
        #expect(swarm.failures.first { $0.outcome == "crash" }?.seed == 7)
        let findings = swarm.failures.first { $0.outcome == "crash" }?.findings.joined() ?? ""
        #expect(findings.contains("died of signal"))
    }

    @Test func aCleanSwarmComparesAShareOfItsSeeds() async throws {
        let (swarm, status) = try await swarm("--seeds", "10", "--jobs", "3", "--twice", "5", "--with", "kinds=none")
        #expect(status == 0, "\(swarm.outcomes)")
        #expect(swarm.seeds == 10)
        #expect(swarm.ranTwice == 2)
        #expect(!swarm.unreached.isEmpty)
    }

    @Test func aChangeThatCannotBeIsRefused() async throws {
        let scratch = try Scratch()
        let ran = try await Binary.run(["sim", "--seed", "1", "--with", "nodes=99"], in: scratch)
        #expect(ran.status == ExitStatus.usage.rawValue)
        #expect(ran.errors.contains("nodes=99: a number from 1 to 9"), "\(ran.errors)")
    }

    @Test func digestsThatDifferAreTold() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/digests.txt"
        let ran = try await Binary.run(["sim", "digests", "--seeds", "2"], in: scratch)
        let lines = ran.output.split(separator: "\n")
        try #require(lines.count == 2)
        try Data(ran.output.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try await Binary.run(["sim", "digests", "--compare", path], in: scratch).status == 0)
        try Data("\(lines[0])\n2 0000000000000000\n".utf8).write(to: URL(fileURLWithPath: path))
        let differs = try await Binary.run(["sim", "digests", "--compare", path], in: scratch)
        #expect(differs.status == ExitStatus.runsDiffer.rawValue)
        #expect(differs.output.contains("wanted 2 0000000000000000, found \(lines[1])"))
    }
}
