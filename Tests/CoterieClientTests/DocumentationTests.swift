// The examples of Documentation.docc, compiled and run: each of its Swift blocks must stand in this file.

import CoterieClient
import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test func theExamplesRun() async throws {
        let toys = try await ToyCluster.start()
        try await Overview.$seeds.withValue(toys.endpoints) { try await Overview.run() }
        try await CoterieClient.with(seeds: toys.endpoints.map(\.description)) { client in
            let carts = client.bucket("carts")
            try await contexts(carts)
            try await resolving(carts)
            try await outcomes(carts)
            try await floors(carts)
            try await merging(client)
            #expect(try await carts.get("alice").values.count == 2)
        }
        try await toys.stop()
    }

    private func contexts(_ carts: Bucket) async throws {
        let seen = try await carts.get("alice")
        try await carts.put("alice", "milk, eggs", context: seen.context)
    }

    private func resolving(_ carts: Bucket) async throws {
        let resolved = try await carts.get("alice", resolving: CartUnion())
        print(resolved.siblings, resolved.value.map { String(buffer: $0.value) } ?? "nothing")

        try await carts.update("alice", resolving: CartUnion(), isIdempotent: true) { cart in
            let items = cart.map { String(buffer: $0.value).split(separator: "\n").map(String.init) } ?? []
            return Set(items + ["bread"]).sorted().joined(separator: "\n")
        }
    }

    private func outcomes(_ carts: Bucket) async throws {
        do {
            try await carts.put("alice", "milk", options: RequestOptions(w: .all, timeout: .seconds(1)))
        } catch {
            guard error.outcome == .unknown else { throw error }
            let now = try await carts.get("alice")
            print("perhaps: \(now.values.count) values, asked \(now.receipt.asked.quorum), met \(now.receipt.met)")
        }
    }

    private func floors(_ carts: Bucket) async throws {
        let stored = try await carts.put("bob", "tea", options: RequestOptions(w: .one))
        let own = try await carts.get("bob", atLeast: stored.context, options: RequestOptions(r: .one))
        #expect(own.values.count == 1)
    }

    private func merging(_ client: CoterieClient) async throws {
        let visits = client.bucket("pages", type: "counters").counter("home")
        try await visits.increment()
        try await visits.increment(by: 5)
        print(try await visits.value)

        let online = client.bucket("users", type: "sets").set("online")
        try await online.add("alice", "bob")
        try await online.remove("bob")
        print(try await online.members.map { String(buffer: $0) })

        let alice = client.bucket("users", type: "maps").map("alice")
        try await alice.update("visits", ReplicatedCounter.self, .add(1))
        try await alice.update("groups", ReplicatedSet.self, .add(ByteBuffer(string: "staff")))
        print(try await alice.value("visits", ReplicatedCounter.self) ?? 0)

        #expect(try await visits.value == 6)
        #expect(try await online.members == [ByteBuffer(string: "alice")])

        let shown = try await online.read()
        try await online.remove("alice", seen: shown.context)
        #expect(try await online.members.isEmpty)

        let id = client.newOperationID()
        do {
            try await visits.increment(id: id)
        } catch {
            guard error.outcome == .unknown else { throw error }
            try await visits.increment(id: id)
        }
        #expect(try await visits.value == 7)
    }

    @Test func everyExampleIsOneThatWasRun() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let article = here.appending(path: "../../Sources/CoterieClient/Documentation.docc/CoterieClient.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        let run = try ["DocumentationTests.swift", "BucketTests.swift"]
            .map { try String(contentsOf: here.appending(path: $0), encoding: .utf8) }.joined()
        let blocks = text.components(separatedBy: "```swift\n").dropFirst()
            .compactMap { $0.components(separatedBy: "\n```").first }
        #expect(blocks.count >= 9)
        for block in blocks { #expect(lines(run).contains(lines(block)), "not run: \(block)") }
    }

    /// Without indentation and empty lines.
    private func lines(_ text: String) -> String {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            .joined(separator: "\n")
    }
}

private typealias RealClient = CoterieClient

/// The example whose addresses are those of a real cluster, with a client that goes to the toys instead.
private enum Overview {
    @TaskLocal static var seeds: [Endpoint] = []

    static func run() async throws {
        let client = try CoterieClient(configuration: .init(seeds: ["127.0.0.1:7101", "127.0.0.1:7102"]))
        let carts = client.bucket("carts")
        try await carts.put("alice", "milk")
        let cart = try await carts.get("alice")
        print(cart.values.map { String(buffer: $0.value) })
        await client.close()
        #expect(cart.values.count == 1)
    }

    struct CoterieClient {
        let real: RealClient

        init(configuration: RealClient.Configuration) throws {
            var configuration = configuration
            configuration.seeds = Overview.seeds
            real = try RealClient(configuration: configuration)
        }

        func bucket(_ name: String) -> Bucket { real.bucket(name) }
        func close() async { await real.close() }
    }
}
