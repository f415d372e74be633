// Keys of replicated types through the binary, on a cluster of three real processes.

import CoteriePrimitives
import Foundation
import Testing

@testable import CoterieCommandLine

@Suite(.serialized, .enabled(if: Binary.path != nil, "the binary was not built"))
struct TypeCommandTests {
    /// One command and what it does.
    private struct Line {
        let words: [String]
        var prints = ""
        var fails = ""
        var status: Int32 = 0
    }

    private func withCluster(_ body: (Scratch) async throws -> Void) async throws {
        let scratch = try Scratch()
        let base = try #require(PortCheck.freeBasePort(nodes: 3))
        let up = try await Binary.run(
            ["local", "up", "--nodes", "3", "--base-port", "\(base)", "--detach"], in: scratch)
        #expect(up.status == 0, "\(up.errors)")
        do {
            try await body(scratch)
        } catch {
            await stop(scratch)
            throw error
        }
        await stop(scratch)
    }

    private func stop(_ scratch: Scratch) async {
        guard let cluster = try? LocalCluster(in: LocalDirectory(scratch.path + "/.coterie")) else { return }
        await cluster.kill(cluster.members)
    }

    private func run(_ lines: [Line], in scratch: Scratch) async throws {
        for line in lines {
            let ran = try await Binary.run(line.words, in: scratch)
            let command = line.words.joined(separator: " ")
            #expect(ran.status == line.status, "\(command): \(ran)")
            #expect(ran.output == (line.prints.isEmpty ? "" : line.prints + "\n"), "\(command)")
            #expect(line.fails.isEmpty || ran.errors.contains(line.fails), "\(command): \(ran.errors)")
        }
    }

    private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    @Test func countersSetsMapsFlagsAndRegistersAreReadAndWritten() async throws {
        try await withCluster { scratch in
            try await run(
                [
                    Line(words: words("counter get pages home"), prints: "0"),
                    Line(words: words("counter incr pages home"), prints: "counters/pages/home: +1"),
                    Line(words: words("counter incr pages home 5 --return-body"), prints: "counters/pages/home: +5\n6"),
                    Line(words: words("counter decr pages home 2 --node n2"), prints: "counters/pages/home: taken 2"),
                    Line(words: words("counter get pages home --node n3"), prints: "4"),
                    Line(words: words("counter reset pages home"), prints: "counters/pages/home: reset"),
                    Line(words: words("counter get pages home"), prints: "0"),
                    Line(words: words("set add users online bob alice"), prints: "sets/users/online: added 2 elements"),
                    Line(words: words("set members users online"), prints: "alice\nbob"),
                    Line(words: words("set contains users online bob"), prints: "yes"),
                    Line(words: words("set remove users online bob"), prints: "sets/users/online: removed 1 element"),
                    Line(words: words("set contains users online bob"), fails: "not found", status: 3),
                    Line(words: words("get users online --type sets"), prints: "[\"alice\"]"),
                    Line(
                        words: ["map", "update", "users", "alice", #"{"n_counter": 2, "s_set": {"add": "x"}}"#],
                        prints: "maps/users/alice: updated 2 fields"),
                    Line(words: words("map get users alice"), prints: #"{"n_counter":2,"s_set":["x"]}"#),
                    Line(words: words("map get users alice n_counter"), prints: "2"),
                    Line(words: words("map remove users alice s_set"), prints: "maps/users/alice: removed 1 field"),
                    Line(words: words("map get users alice s_set"), fails: "not found", status: 3),
                    Line(words: words("flag on features beta"), prints: "flags/features/beta: on"),
                    Line(words: words("flag get features beta"), prints: "on"),
                    Line(words: words("flag off features beta"), prints: "flags/features/beta: off"),
                    Line(words: words("flag get features beta"), prints: "off"),
                    Line(words: words("register get settings motto"), fails: "not found", status: 3),
                    Line(words: words("register set settings motto together"), prints: "registers/settings/motto: set"),
                    Line(words: words("register get settings motto"), prints: "together"),
                ], in: scratch)
        }
    }

    @Test func anIncrementThatIsTriedAgainThroughAnotherNodeCountsOnce() async throws {
        try await withCluster { scratch in
            for node in ["n1", "n2", "n3"] {
                let again = ["counter", "incr", "orders", "sum", "10", "--operation-id", "order-4711", "--node", node]
                #expect(try await Binary.run(again, in: scratch).status == 0)
            }
            try await run([Line(words: words("counter get orders sum"), prints: "10")], in: scratch)
        }
    }

    @Test func aRemoveTakesWhatItsContextHasSeenAndNothingElse() async throws {
        try await withCluster { scratch in
            #expect(try await Binary.run(words("set add users online bob"), in: scratch).status == 0)
            let seen = try await Binary.run(words("get users online --type sets --print-context"), in: scratch)
            let context = seen.output.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try await Binary.run(words("set add users online bob --node n2"), in: scratch).status == 0)
            try await run(
                [
                    Line(
                        words: words("set remove users online bob --context \(context)"),
                        prints: "sets/users/online: removed 1 element"),
                    Line(words: words("set members users online"), prints: "bob"),
                ], in: scratch)
        }
    }

    @Test func whatIsWrongIsNamedAndChangesNothing() async throws {
        try await withCluster { scratch in
            try await run(
                [
                    Line(
                        words: words("counter incr users online --type sets"),
                        fails: "the bucket type sets has the type set, and is used as counter", status: 64),
                    Line(words: words("put users online x --type sets"), fails: "wrong_type", status: 64),
                    Line(words: words("counter incr a b --type nothing"), fails: "unknown_bucket_type", status: 64),
                    Line(
                        words: ["map", "update", "users", "alice", #"{"n": 1}"#],
                        fails: "update.n: \"n\" is no field: it ends in _counter", status: 64),
                    Line(
                        words: ["counter", "incr", "a", "b", "--operation-id", "two words"],
                        fails: "--operation-id: 1 to 128 visible ASCII characters", status: 64),
                    Line(words: words("set members users online"), prints: ""),
                    Line(words: words("type create votes --of countr"), fails: "did you mean \"counter\"?", status: 64),
                    Line(
                        words: words("type create votes --of counter"),
                        fails: "bucket types are fixed when a cluster is created", status: 1),
                    Line(words: words("type create counters --of counter"), prints: "counters is there: counter, n=3"),
                    Line(words: words("type show cuonters"), fails: "did you mean \"counters\"?", status: 3),
                ], in: scratch)
        }
    }

    @Test func theBucketTypesAreListed() async throws {
        try await withCluster { scratch in
            let list = try await Binary.run(["type", "list"], in: scratch)
            #expect(list.output.contains(#/(?m)^sets +set +3  an element is there/#))
            let show = try await Binary.run(["type", "show", "counters"], in: scratch)
            #expect(show.output.hasPrefix("counters: counter, n=3\n") && show.output.contains("datatype \"counter\""))
        }
    }

    @Test func aKeyIsExplainedOwnerByOwner() async throws {
        try await withCluster { scratch in
            #expect(try await Binary.run(words("set add users online alice bob"), in: scratch).status == 0)
            #expect(try await Binary.run(words("set remove users online bob"), in: scratch).status == 0)
            let explained = try await Binary.run(words("explain users online --type sets"), in: scratch)
            #expect(explained.status == 0, "\(explained.errors)")
            #expect(explained.output.contains("sets/users/online: set, on n"))
            #expect(explained.output.contains(#/(?m)^n2  \["alice"\]$/#))
            #expect(explained.output.contains(#/╭─○  (n\d#\d+) .*\n╰▶○  n\d#\d+ /#), "\(explained.output)")
            #expect(explained.output.contains(#/(?m)ago  n\d wrote n\d#\d+: replaced n\d#\d+/#))
            #expect(try await Binary.run(["local", "kill", "n2"], in: scratch).status == 0)
            let without = try await Binary.run(words("explain users online --type sets"), in: scratch)
            #expect(without.output.contains("n2  does not tell: "))
            let unknown = try await Binary.run(words("explain users nobody --type sets"), in: scratch)
            #expect(unknown.status == 3)
        }
    }
}
