// The same scenario on both stages: the simulator and real processes.

import CoteriePrimitives
import CoterieServer
import Foundation
import Testing

@testable import CoterieCommandLine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.serialized, .enabled(if: Binary.path != nil, "the binary was not built"))
struct ScenarioStageTests {
    /// Both sides of a cut take a write over the same value; `expected` stands in the end.
    private static func partition(expecting expected: String) -> String {
        """
        title: Both sides of a partition write
        story: A cut parts n1 from n2 and n3. Both sides take a write; a read after the cut shows both.
        cluster: {nodes: 3, replicas: 3}
        timeline:
          - {put: cart, value: milk, as: alice, on: n1, w: all, name: milk}
          - {partition: [[n1], [n2, n3]], for: 60s}
          - {put: cart, value: bread, as: alice, on: n1, w: one, context: milk}
          - {put: cart, value: eggs, as: bob, on: n2, w: one, context: milk}
          - {get: cart, as: alice, on: n1, r: one, expect: {values: [bread]}}
          - {get: cart, as: bob, on: n2, r: one, expect: {values: [eggs]}}
          - {get: cart, as: alice, on: n1, r: all, timeout: 300ms, expect: timeout}
          - {heal: network}
          - {get: cart, as: bob, on: n3, r: all, expect: {values: [bread, eggs]}}
        expect:
          keys:
            cart: {values: \(expected)}

        """
    }

    private static let kinds = """
        title: Everything that processes can have
        story: Kills, pauses, slow and lossy links, a lost disk and restarts, while clients ask.
        cluster: {nodes: 3, replicas: 3}
        workload: {clients: 2, sessions: 3, requests: 400, keys: 4, think: 10ms, doors: 30%, timeout: 1s}
        timeline:
          - {slow link: n1, to: n2, delay: 5ms, for: 500ms}
          - {lossy link: n2, to: n3, lost: 5%, for: 500ms}
          - {after: 100ms, kill: n3, for: 200ms}
          - {after: 400ms, pause: n1, for: 200ms}
          - {cut: c1, to: n2, for: 300ms}
          - {break connection: n2, to: n3}
          - {client restart: c2}
          - {await: all nodes serve, within: 20s}
          - {wipe: n2, for: 100ms}
          - {await: n2 is down, within: 5s}
          - {await: n2 serves, within: 30s}
          - {restart: n1}
          - {await: all nodes serve, within: 20s}
          - {await: all nodes are connected, within: 20s}
          - {await: the workload is done, within: 60s}
        expect:
          requests ok: at least 100

        """

    private func play(_ text: String, on stage: String, _ scratch: Scratch) async throws -> Ran {
        try scratch.write(text, to: "story.yaml")
        return try await Binary.run(
            ["scenario", "run", "story.yaml", "--on", stage], in: scratch, environment: ["TMPDIR": scratch.path])
    }

    private func leftovers(_ scratch: Scratch) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasPrefix("coterie-scenario") }
    }

    @Test(arguments: ["simulator", "processes"]) func aPartitionWithWritesOnBothSides(_ stage: String) async throws {
        let scratch = try Scratch()
        let ran = try await play(Self.partition(expecting: "[bread, eggs]"), on: stage, scratch)
        #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
        #expect(
            ran.output.hasPrefix("ok  Both sides of a partition write: seed 1, 7 requests (6 ok, 1 refused, 0 unknown)")
        )
        #expect(try leftovers(scratch) == [])
    }

    @Test(arguments: ["simulator", "processes"]) func everyKindOfFaultThatProcessesHave(_ stage: String) async throws {
        let scratch = try Scratch()
        let ran = try await play(Self.kinds, on: stage, scratch)
        #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
        #expect(ran.output.hasPrefix("ok  Everything that processes can have"))
    }

    @Test(arguments: ["simulator", "processes"]) func whatWasNotExpectedIsNamedWithItsLine(_ stage: String) async throws
    {
        let scratch = try Scratch()
        let ran = try await play(Self.partition(expecting: "[bread]"), on: stage, scratch)
        #expect(ran.status == ExitStatus.expectationFailed.rawValue)
        #expect(
            ran.output.contains("story.yaml:16:11: cart: expected exactly [bread], but it was ok [bread, eggs]"),
            "\(ran.output)")
        #expect(ran.output.contains("scenario run story.yaml --on \(stage) --seed 1 --trace"))
        #expect(try leftovers(scratch) == [])
    }

    @Test func aPlayThatIsInterruptedLeavesNothingBehind() async throws {
        let scratch = try Scratch()
        try scratch.write(
            Self.partition(expecting: "[bread]").replacing("timeline:\n", with: "timeline:\n  - {at: 60s, heal: all}\n")
                .replacing("- {put: cart, value: milk", with: "- {after: 1ms, put: cart, value: milk"),
            to: "story.yaml")
        let command = try Binary.start(
            ["scenario", "run", "story.yaml", "--on", "processes"], in: scratch, environment: ["TMPDIR": scratch.path])
        var path: String?
        #expect(
            await eventually {
                path = (try? leftovers(scratch))?.first
                return path != nil
            })
        let directory = LocalDirectory(scratch.path + "/" + (path ?? ""))
        let pids = ["n1", "n2", "n3"].map { directory.pidFile($0) }
        #expect(await eventually { pids.allSatisfy { $0.read()?.state == .running } })
        let processes = pids.compactMap { $0.read() }
        kill(command.process.processIdentifier, SIGINT)
        let ran = await command.end()
        #expect(ran.status == 130)
        #expect(processes.count == 3 && processes.allSatisfy { $0.state == .gone })
        #expect(try leftovers(scratch) == [])
    }
}
