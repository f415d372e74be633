// The tour: what is done, what is claimed.

import CoterieClient
import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import Foundation
import NIOCore

/// The story, from an empty directory to the end.
struct DemoStory: Sendable {
    let stage: DemoStage
    let narrator: Narrator
    let keys: Int
    let seconds: Int

    private var cluster: LocalCluster { stage.cluster }
    private var first: Member { cluster.members[0] }
    private var second: Member { cluster.members[1] }

    func tell() async throws {
        try await stage.start(narrator)
        try await shop()
        let client = try stage.client()
        let load = DemoLoad(keys: keys)
        do {
            let victim = try await killUnderLoad(client, load)
            try await comeBack(victim, client, load)
            try await powerCut(client, load)
        } catch {
            await client.close(grace: .zero)
            throw error
        }
        await client.close(grace: .zero)
        try await end()
    }

    // MARK: Siblings

    private func shop() async throws {
        let one = try stage.client(through: first)
        let two = try stage.client(through: second)
        do {
            try await shop(one.bucket("carts"), two.bucket("carts"))
        } catch {
            await one.close(grace: .zero)
            await two.close(grace: .zero)
            throw error
        }
        await one.close()
        await two.close()
    }

    private func shop(_ here: Bucket, _ there: Bucket) async throws {
        narrator.act("A shopping cart, written through two nodes at once")
        narrator.command("coterie put carts alice milk --node \(first.name)")
        let written = try await here.put("alice", "milk")
        narrator.answer(receipt(written.receipt))
        narrator.say("Alice's phone and her laptop both read the cart, and both add to it at the same time:")
        let phone = try await here.get("alice")
        let laptop = try await there.get("alice")
        narrator.claim("both see the milk", text(phone) == ["milk"] && text(laptop) == ["milk"])
        narrator.command("coterie put carts alice 'milk bread' --node \(first.name) --context …")
        narrator.command("coterie put carts alice 'milk eggs' --node \(second.name) --context …")
        async let bread = here.put("alice", "milk bread", context: phone.context)
        async let eggs = there.put("alice", "milk eggs", context: laptop.context)
        _ = try await (bread, eggs)
        narrator.command("coterie get carts alice")
        let siblings = try await here.get("alice")
        for value in text(siblings) { narrator.answer("sibling: \(value)") }
        narrator.claim(
            "neither write replaced the other: the cart has both", text(siblings) == ["milk bread", "milk eggs"])

        narrator.act("The siblings are resolved")
        narrator.say("Whoever reads both knows what to make of them, and writes with the context of that read:")
        narrator.command("coterie put carts alice 'milk bread eggs' --context \(siblings.context.text.prefix(12))…")
        _ = try await there.put("alice", "milk bread eggs", context: siblings.context)
        for (bucket, member) in [(here, first), (there, second)] {
            let resolved = try await bucket.get("alice")
            narrator.claim(
                "through \(member.name) there is one cart: milk bread eggs", text(resolved) == ["milk bread eggs"])
        }
    }

    // MARK: Failures

    private func killUnderLoad(_ client: CoterieClient, _ load: DemoLoad) async throws -> Member {
        narrator.act("A node is killed under load")
        let victim = try owner(of: "alice", in: "carts")
        narrator.say("16 clients write and read \(keys) keys at R=W=2, each write fsynced by its owners.")
        narrator.say("\(victim.name) owns a replica of Alice's cart and of three fifths of all keys.")
        var phases: [Int] = []
        try await running(load, client) {
            try await Task.sleep(for: .seconds(seconds))
            narrator.say("\(count(load.tally(of: load.currentPhase))), then:")
            narrator.command("coterie local kill \(victim.name)")
            await cluster.kill([victim])
            phases.append(load.endPhase())
            try await Task.sleep(for: .seconds(1))
            phases.append(load.endPhase())
            try await Task.sleep(for: .seconds(seconds))
        }
        phases.append(load.endPhase())
        let (before, during, after) = (load.tally(of: phases[0]), load.tally(of: phases[1]), load.tally(of: phases[2]))
        narrator.say("\(count(before)) of those begun before the kill,")
        narrator.say("\(count(during)) of those begun within a second of it,")
        narrator.say("\(count(after)) of those begun later.")
        check(before + during + after)
        narrator.claim("writes and reads went on without \(victim.name)", after.writes > 0 && after.reads > 0)
        narrator.claim(
            "with two of three replicas left, no write's outcome is unknown", after.unknown == 0,
            "\(after.unknown) are")
        return victim
    }

    private func comeBack(_ victim: Member, _ client: CoterieClient, _ load: DemoLoad) async throws {
        narrator.act("It comes back")
        narrator.command("coterie local start \(victim.name)")
        try await start([victim])
        let through = try stage.client(through: victim)
        let cart = try await through.bucket("carts").get("alice", options: RequestOptions(r: .all))
        narrator.claim("\(victim.name) answers with the cart: milk bread eggs", text(cart) == ["milk bread eggs"])
        narrator.say(
            "It missed \(seconds + 1) seconds of writes. The other nodes kept them as hints, and hand them over; reads at R=3 "
                + "compare the replicas and mend what is still stale:")
        let all = RequestOptions(r: .all, timeout: .seconds(10))
        await claimNothingLost(load, through.bucket("load"), options: all, "with \(victim.name) back, at R=3")
        await through.close()
        let status = await cluster.status()
        func sum(_ counter: String) -> Int { status.nodes.compactMap { $0.status?.counters[counter] }.reduce(0, +) }
        let (handed, repairs) = (sum("hints_delivered"), sum("read_repairs"))
        narrator.claim(
            "\(victim.name) got back what it missed: \(handed) hints, \(repairs) repairs by reads", handed + repairs > 0
        )
    }

    private func powerCut(_ client: CoterieClient, _ load: DemoLoad) async throws {
        narrator.act("All nodes are killed at once, in mid-write")
        try await running(load, client) {
            try await Task.sleep(for: .seconds(seconds))
            try await load.writesEveryKey()
            narrator.say(count(load.tally(of: load.currentPhase)) + ", then:")
            narrator.command("coterie local kill \(cluster.members.map(\.name).joined(separator: " "))")
            await cluster.kill(cluster.members)
        }
        load.endPhase()
        narrator.claim("none of the five runs", cluster.members.allSatisfy { cluster.process(of: $0) == nil })
        narrator.command("coterie local up")
        try await start(cluster.members)
        let fresh = try stage.client()
        await claimNothingLost(load, fresh.bucket("load"), options: DemoLoad.options, "after the restart, at R=2")
        await fresh.close()
    }

    private func end() async throws {
        narrator.act("The end")
        narrator.command("coterie local down")
        let killed = await cluster.stop(cluster.members)
        narrator.claim("all nodes stopped when they were asked to", killed.isEmpty, killed.joined(separator: ", "))
    }

    // MARK: Parts

    private func start(_ members: [Member]) async throws {
        try await LocalStartup(cluster: cluster, output: narrator.output, indent: "   ").start(members)
    }

    /// Runs `body` while the load runs, and ends the load.
    private func running(_ load: DemoLoad, _ client: CoterieClient, _ body: () async throws -> Void) async throws {
        let task = Task { await load.run(client.bucket("load")) }
        do {
            try await body()
        } catch {
            task.cancel()
            await task.value
            throw error
        }
        load.stop()
        await task.value
    }

    private func check(_ tally: DemoTally) {
        narrator.claim("no request failed", tally.failed == 0, "\(tally.failed) did: \(tally.firstFailure ?? "")")
        narrator.claim(
            "every read answered what was acknowledged before, or newer", tally.staleReads == 0,
            "\(tally.staleReads) did not")
    }

    private func claimNothingLost(_ load: DemoLoad, _ bucket: Bucket, options: RequestOptions, _ when: String) async {
        let (lost, unread) = await load.lost(bucket, options: options)
        narrator.claim("every key could be read \(when)", unread == nil, unread ?? "")
        narrator.claim(
            "none of \(load.acknowledgedKeys) keys lost an acknowledged write", lost.isEmpty && unread == nil,
            "\(lost.count) did: \(lost.first ?? "")")
    }

    /// The first primary of a key, by the same layout that the nodes compute.
    private func owner(of key: String, in bucket: String) throws -> Member {
        let layout = try Layout(first: cluster.file.cluster)
        let object = ObjectKey(
            type: ByteBuffer(string: BucketType.defaultName), bucket: ByteBuffer(string: bucket),
            key: ByteBuffer(string: key))
        let list = layout.preferenceList(for: layout.group(for: object, n: layout.replicas))
        return list.primaries.first.flatMap { layout.member($0) } ?? first
    }

    private func text(_ fetched: Fetched) -> [String] { fetched.values.map { String(buffer: $0.value) }.sorted() }

    private func count(_ tally: DemoTally) -> String {
        let unknown = tally.unknown > 0 ? ", \(tally.unknown) unknown" : ""
        return "\(tally.writes) writes and \(tally.reads) reads acknowledged\(unknown)"
    }

    private func receipt(_ receipt: Receipt) -> String {
        let names = receipt.responders.map { responder in
            cluster.members.first { $0.number == responder.member }?.name ?? "\(responder.member)"
        }
        return
            "stored: \(receipt.metDurable) of \(receipt.asked.n) owners have fsynced it (\(names.joined(separator: ", ")))"
    }
}
