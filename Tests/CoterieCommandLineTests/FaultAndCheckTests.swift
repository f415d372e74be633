// Real clusters whose links are broken on purpose, and what their clients see, judged.

import CoterieCausality
import CoterieHTTP
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation
import NIOCore
import Testing

@testable import CoterieCommandLine

@Suite(.serialized, .enabled(if: Binary.path != nil, "the binary was not built"))
struct FaultAndCheckTests {
    /// A cluster of three that is gone when the test ends, however it ends.
    private func withCluster(
        _ flags: [String] = [], _ body: (Scratch, LocalCluster) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        let up = ["local", "up", "--nodes", "3", "--base-port", "0", "--detach"]
        let started = try await Binary.run(up + flags, in: scratch)
        #expect(started.status == 0, "\(started.errors)")
        let cluster = try LocalCluster(in: LocalDirectory(scratch.path + "/.coterie"))
        do {
            try await body(scratch, cluster)
        } catch {
            await cluster.kill(cluster.members)
            throw error
        }
        await cluster.kill(cluster.members)
    }

    private func isConnected(_ cluster: LocalCluster, _ node: Int, to other: String) async -> Bool {
        let status = try? await AdminClient.status(at: cluster.members[node].http, timeout: .seconds(2))
        return status?.peers.first { $0.name == other }?.connected ?? false
    }

    private func awaitConnection(_ cluster: LocalCluster, _ isWanted: Bool) async -> Bool {
        for _ in 0 ..< 1_000 {
            let (one, other) = (await isConnected(cluster, 0, to: "n2"), await isConnected(cluster, 1, to: "n1"))
            if one == isWanted, other == isWanted { return true }
            await pause(.milliseconds(20))
        }
        return false
    }

    @Test func aLinkIsCutAndHealedByCommand() async throws {
        try await withCluster(["--allow-faults"]) { scratch, cluster in
            let cut = try await Binary.run(["local", "fault", "cut", "n1", "n2", "--break"], in: scratch)
            #expect(cut.output == "n1 ↔ n2 cut, connections broken\n", "\(cut.errors)")
            #expect(await awaitConnection(cluster, false))
            let delay = ["local", "fault", "delay", "n3", "n1", "20ms", "--jitter", "5ms", "--one-way"]
            #expect(try await Binary.run(delay, in: scratch).output == "n3 → n1 takes 15 to 25 ms\n")
            let list = try await Binary.run(["local", "fault", "list"], in: scratch)
            #expect(
                list.output == """
                    n1 → n2  cut, connections broken
                    n2 → n1  cut, connections broken
                    n3 → n1  takes 15 to 25 ms

                    """)
            #expect(try await Binary.run(["local", "fault", "heal"], in: scratch).output == "healed\n")
            #expect(await awaitConnection(cluster, true))
            #expect(try await Binary.run(["local", "fault", "list"], in: scratch).output == "no faults\n")

            let parted = try await Binary.run(["local", "fault", "partition", "n1", "n2,n3"], in: scratch)
            #expect(parted.output == "n1 | n2,n3 parted\n")
            // n1 is alone: a write through it finds no quorum, and one through the others does.
            let alone = ["put", "b", "k", "v", "--node", "n1", "--timeout", "300ms"]
            #expect(try await Binary.run(alone, in: scratch).status != 0)
            #expect(try await Binary.run(["put", "b", "k", "v", "--node", "n2"], in: scratch).status == 0)
        }
    }

    @Test func whatIsWrongWithAFaultIsNamed() async throws {
        try await withCluster { scratch, cluster in
            let refused = try await Binary.run(["local", "fault", "cut", "n1", "n2"], in: scratch)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("n1 does not allow faults") && refused.errors.contains("--allow-faults"))
            let unknown = try await Binary.run(["local", "fault", "cut", "n1", "n7"], in: scratch)
            #expect(unknown.status == 64 && unknown.errors.contains("its nodes: n1, n2, n3"))
            let same = try await Binary.run(["local", "fault", "cut", "n1", "n1"], in: scratch)
            #expect(same.status == 64 && same.errors.contains("a link has two ends"))
            let twice = try await Binary.run(["local", "fault", "partition", "n1,n2", "n2,n3"], in: scratch)
            #expect(twice.status == 64 && twice.errors.contains("n2 is named twice"))
            let endpoint = cluster.members[0].http
            let faults = try await HTTPCall(endpoint: endpoint, path: "/admin/faults").perform()
            let nothing = try await HTTPCall(endpoint: endpoint, path: "/admin/nothing").perform()
            #expect(faults.status == 404 && faults.text == nothing.text)
        }
    }

    @Test func whatClientsSeeWhileANodeIsKilledAndRestartedKeepsAllLaws() async throws {
        try await withCluster { scratch, cluster in
            let flags = ["--seconds", "4", "--sessions", "8", "--clients", "2", "--keys", "6", "--seed", "7"]
            let check = try Binary.start(
                ["check", "--json", "--history", "run.jsonl", "--edn", "run.edn"] + flags, in: scratch)
            await pause(.milliseconds(1_200))
            await cluster.kill([cluster.members[1]])
            await pause(.milliseconds(700))
            #expect(try await Binary.run(["local", "start", "n2"], in: scratch).status == 0)
            let ran = await check.end()
            #expect(ran.status == 0, "\(ran.output)\(ran.errors)")
            #expect(ran.output.contains("\"verdict\" : \"ok\"") || ran.output.contains("\"verdict\":\"ok\""))

            let history = try History(file: scratch.path + "/run.jsonl", .json)
            #expect(history.records.count > 100)
            #expect(history.records.contains { $0.outcome == .ok && $0.action.isWrite })
            #expect(history.keyCount == 6)
            let judged = try await Binary.run(["history", "judge", "run.jsonl"], in: scratch)
            #expect(judged.status == 0 && judged.output.contains("All laws hold."), "\(judged.output)")
            let converted = try await Binary.run(["history", "convert", "run.jsonl"], in: scratch)
            #expect(converted.output == scratch.read("run.edn"))
        }
    }

    @Test func aHistoryThatLostAWriteIsRejected() async throws {
        let scratch = try Scratch()
        var history = History(rules: ["default": BucketRule()])
        let key = ObjectKey(type: "default", bucket: "b", key: "k")
        let asked = Asked(quorum: .all)
        let seen = VersionVector([Dot(ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 7)), 1)])
        let put = history.call(
            .put(history.freshValue()), key: key, by: ProcessNumber(1), asked: asked, at: Instant(nanoseconds: 1))
        history.complete(put, .ok, reply: Reply(context: seen, siblings: nil), at: Instant(nanoseconds: 2))
        let get = history.call(.get, key: key, by: ProcessNumber(2), asked: asked, at: Instant(nanoseconds: 3))
        history.complete(get, .ok, reply: Reply(context: VersionVector(), siblings: []), at: Instant(nanoseconds: 4))
        try history.export(to: scratch.path + "/bad.jsonl", .json)
        let judged = try await Binary.run(["history", "judge", "bad.jsonl"], in: scratch)
        #expect(judged.status == ExitStatus.promiseBroken.rawValue)
        #expect(judged.output.contains("lost-writes"), "\(judged.output)")
        try scratch.write("{}\n", to: "none.jsonl")
        let malformed = try await Binary.run(["history", "judge", "none.jsonl"], in: scratch)
        #expect(malformed.status == 65 && malformed.errors.contains("none.jsonl: line 1"), "\(malformed.errors)")
    }
}
