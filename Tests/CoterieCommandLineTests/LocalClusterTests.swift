// Clusters of real processes, through the binary: what a person does, and what a person does wrong.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation
import NIOCore
import Testing

@testable import CoterieCommandLine

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.serialized, .enabled(if: Binary.path != nil, "the binary was not built"))
struct LocalClusterTests {
    /// A folder with a cluster of three that is stopped when the test ends, however it ends.
    private func withCluster(_ body: (Scratch, Int) async throws -> Void) async throws {
        let scratch = try Scratch()
        let base = try #require(PortCheck.freeBasePort(nodes: 3))
        do {
            try await body(scratch, base)
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

    private func up(_ scratch: Scratch, _ base: Int, _ more: [String] = []) async throws -> Ran {
        try await Binary.run(
            ["local", "up", "--nodes", "3", "--base-port", "\(base)", "--detach"] + more, in: scratch)
    }

    private func states(_ scratch: Scratch) async throws -> [String: LocalStatus.State] {
        let ran = try await Binary.run(["local", "status", "--json"], in: scratch)
        let status = try JSONDecoder().decode(LocalStatus.self, from: Data(ran.output.utf8))
        return Dictionary(uniqueKeysWithValues: status.nodes.map { ($0.name, $0.state) })
    }

    @Test func aClusterLivesThroughKillsPausesAndRestarts() async throws {
        try await withCluster { scratch, base in
            let started = try await up(scratch, base)
            #expect(started.status == 0, "\(started.errors)")
            #expect(started.output.contains("coterie put carts alice milk"))
            #expect(try await states(scratch) == ["n1": .alive, "n2": .alive, "n3": .alive])

            let put = try await Binary.run(["put", "carts", "alice", "milk", "--node", "n2"], in: scratch)
            #expect(put.status == 0, "\(put.errors)")

            #expect(try await Binary.run(["local", "kill", "n2"], in: scratch).status == 0)
            #expect(try await states(scratch)["n2"] == .dead)
            let get = try await Binary.run(["get", "carts", "alice"], in: scratch)
            #expect(get.status == 0 && get.output.contains("milk"), "\(get.errors)")

            #expect(try await Binary.run(["local", "pause", "n3"], in: scratch).status == 0)
            #expect(try await states(scratch)["n3"] == .paused)
            #expect(try await Binary.run(["local", "resume", "n3"], in: scratch).status == 0)

            let back = try await Binary.run(["local", "start", "n2"], in: scratch)
            #expect(back.status == 0 && back.output.contains("n2  ready"), "\(back.errors)")
            #expect(
                try await Binary.run(["local", "start", "n2"], in: scratch).errors.contains("n2 runs already (pid "))

            #expect(try await Binary.run(["local", "kill", "n2", "n3"], in: scratch).status == 0)
            let refused = try await Binary.run(
                ["put", "carts", "alice", "x", "--no-sloppy", "--receipt"], in: scratch)
            #expect(refused.status == 5 && refused.errors.contains("W-value unsatisfied: 0/2"), "\(refused)")
            #expect(refused.errors.contains("asked    n=3 w=2") && refused.errors.contains("met      0, 0 by owners"))
            #expect(try await Binary.run(["local", "start", "n2", "n3"], in: scratch).status == 0)

            let down = try await Binary.run(["local", "down"], in: scratch)
            #expect(down.status == 0 && down.output.contains("3 of 3 nodes stopped"))
            #expect(try await states(scratch) == ["n1": .stopped, "n2": .stopped, "n3": .stopped])

            #expect(try await Binary.run(["local", "up", "--detach"], in: scratch).status == 0)
            let again = try await Binary.run(["get", "carts", "alice", "--node", "n3"], in: scratch)
            #expect(again.status == 0 && again.output.contains("milk"), "\(again.errors)")
        }
    }

    @Test func aWipedNodeIsRefilledByItsPeers() async throws {
        try await withCluster { scratch, base in
            #expect(try await up(scratch, base).status == 0)
            for key in 0 ..< 20 {
                #expect(try await Binary.run(["put", "b", "k\(key)", "v", "--w", "3"], in: scratch).status == 0)
            }
            #expect(try await Binary.run(["local", "kill", "n1"], in: scratch).status == 0)
            let ran = try await Binary.run(["local", "start", "n1", "--wipe"], in: scratch)
            #expect(ran.status == 0 && ran.output.contains("n1  ready"), "\(ran.output)\(ran.errors)")
            let status = try await AdminClient.status(
                at: Endpoint(host: "127.0.0.1", port: base + 1_001), timeout: .seconds(600))
            #expect(status.service == "serving" && status.storage["keys"] == 20)
        }
    }

    @Test func theForegroundStopsItsNodesOnCtrlC() async throws {
        try await withCluster { scratch, base in
            let command = try Binary.start(["local", "up", "--nodes", "3", "--base-port", "\(base)"], in: scratch)
            #expect(await eventually { command.text("out").contains("Ctrl-C stops the nodes") })
            let second = try await Binary.run(["local", "up"], in: scratch)
            #expect(
                second.status == 75 && second.errors.contains("is in use: another `coterie local up` runs there (pid "))
            kill(command.process.processIdentifier, SIGINT)
            let ran = await command.end()
            #expect(ran.status == 0 && ran.output.contains("stopped; the data stays in .coterie"), "\(ran)")
            #expect(try await states(scratch).values.allSatisfy { $0 == .stopped })
            #expect(
                LocalDirectory(scratch.path + "/.coterie").lastLines(of: "n1", 1).first?.contains("stopped") == true)
        }
    }

    @Test func aBusyPortLeavesNothingBehind() async throws {
        try await withCluster { scratch, base in
            // Somebody else's process on n2's HTTP port.
            let other = try await FixedAnswer(nil, port: base + 1_002)
            let ran = try await up(scratch, base)
            #expect(ran.status == 69)
            #expect(
                ran.errors.contains(
                    "n2 cannot listen on its http address 127.0.0.1:\(base + 1_002): the port is in use"),
                "\(ran.errors)")
            #expect(!LocalDirectory(scratch.path + "/.coterie").exists)
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/.coterie") == ["lock"])
            withExtendedLifetime(other) {}
        }
    }

    #if os(Linux)
        @Test func aNodeThatEndsWhileStartingIsShownWithItsLog() async throws {
            try await withCluster { scratch, base in
                #expect(try await up(scratch, base).status == 0)
                #expect(try await Binary.run(["local", "down"], in: scratch).status == 0)
                // The same node, started by somebody else on another address of this machine, holds the data of n3.
                let holder = try Binary.start(
                    [
                        "serve", "--config", ".coterie/cluster.yaml", "--node", "n3", "--data", ".coterie/n3/data",
                        "--listen-host", "127.0.0.2",
                    ], in: scratch)
                #expect(await eventually { holder.text("err").contains("store opened") })
                let ran = try await Binary.run(["local", "up", "--detach"], in: scratch)
                #expect(ran.status == 75, "\(ran)")
                #expect(ran.errors.contains("n3 ended while starting (exit code 75"), "\(ran)")
                #expect(ran.errors.contains("is in use by process \(holder.process.processIdentifier)"), "\(ran)")
                #expect(try await states(scratch) == ["n1": .stopped, "n2": .stopped, "n3": .stopped])
                // Nobody but its starter stops it; a signal does, gracefully.
                kill(holder.process.processIdentifier, SIGTERM)
                #expect(await holder.end().status == 0)
            }
        }
    #endif

    @Test func whatContradictsTheClusterIsNamed() async throws {
        try await withCluster { scratch, base in
            #expect(try await up(scratch, base).status == 0)
            let ran = try await Binary.run(["local", "up", "--nodes", "4", "--durability", "os"], in: scratch)
            #expect(ran.status == 64)
            #expect(ran.errors.contains("--nodes 4: it has 3") && ran.errors.contains("--durability os: it has fsync"))
        }
    }

    @Test func theRingAndTheClusterAreShown() async throws {
        try await withCluster { scratch, base in
            #expect(try await up(scratch, base).status == 0)
            let ring = try await Binary.run(["ring", "carts", "alice", "--json"], in: scratch)
            let lookup = try JSONDecoder().decode(RingLookup.self, from: Data(ring.output.utf8))
            #expect(lookup.primaries.map(\.name).sorted() == ["n1", "n2", "n3"] && lookup.fallbacks.isEmpty)
            let unknown = try await Binary.run(["ring", "carts", "alice", "--type", "nope"], in: scratch)
            #expect(unknown.status != 0 && unknown.errors.contains("nope"), "\(unknown)")
            let status = try await Binary.run(["cluster", "status", "--node", "n2"], in: scratch)
            #expect(status.status == 0 && status.output.contains("as n2 sees it"))
            let wrong = try await Binary.run(
                ["cluster", "status", "--node", "127.0.0.1:\(base + 1)", "--data", "x"], in: scratch)
            #expect(wrong.status == 69)
        }
    }

    @Test(arguments: [
        (["serve"], 78, "--config: is missing"),
        (["serve", "--config", "no.yaml"], 78, "no.yaml: there is no such file"),
        (["serve", "--no-such", "1"], 64, "there is no such flag"),
        (["local", "kill", "n1"], 69, "there is no cluster in .coterie"),
        (["local", "up", "--nodes", "0"], 64, "--nodes 0: allowed are 1 to 999"),
        (["local", "up", "--data", "/dev/null/x"], 73, "Not a directory"),
        (["get", "b", "k"], 69, "no cluster to talk to"), (["nonsense"], 64, "nonsense"),
    ])
    func aWrongCommandSaysWhatIsWrongAndExitsSo(_ arguments: [String], _ status: Int32, _ text: String) async throws {
        let ran = try await Binary.run(arguments, in: Scratch())
        #expect(ran.status == status && ran.errors.contains(text), "\(ran)")
    }

    @Test func theTourHolds() async throws {
        let ran = try await Binary.run(["demo", "--seconds", "1", "--keys", "200"], in: Scratch())
        #expect(ran.status == 0, "\(ran.output)\n\(ran.errors)")
        #expect(ran.output.contains("claims held."))
    }

    @Test func theTourClearsUpOnCtrlC() async throws {
        let scratch = try Scratch()
        let command = try Binary.start(["demo"], in: scratch, environment: ["TMPDIR": scratch.path])
        #expect(await eventually { command.text("out").contains("all five nodes serve") })
        kill(command.process.processIdentifier, SIGINT)
        #expect(await command.end().status == 130)
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter {
            $0.hasPrefix("coterie-demo")
        }
        #expect(left == [])
    }
}
