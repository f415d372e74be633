import CoterieClient
import Testing

/// Only what `import CoterieClient` brings is used here: this file is also the proof that it is enough.
@Suite struct BucketTests {
    @Test func whatIsPutIsRead() async throws {
        try await withToys { client, _ in
            let carts = client.bucket("carts")
            let stored = try await carts.put("alice", "milk")
            let cart = try await carts.get("alice")
            #expect(cart.only.map { String(buffer: $0.value) } == "milk")
            #expect(cart.only?.contentType == "text/plain; charset=utf-8")
            #expect(cart.context == stored.context)
            #expect(cart.receipt.met == 2)
            #expect(client.layout?.members.count == 3)
        }
    }

    @Test func aKeyThatWasNeverWrittenIsEmptyAndNotDeleted() async throws {
        try await withToys { client, _ in
            let nothing = try await client.bucket("carts").get("nobody")
            #expect(nothing.isEmpty && !nothing.isDeleted && nothing.context.isEmpty && nothing.only == nil)
        }
    }

    @Test func deletingWhatIsNotThereIsNoError() async throws {
        try await withToys { client, _ in
            let nothing = try await client.bucket("carts").delete("nobody")
            #expect(nothing.context.isEmpty && nothing.values == nil)
        }
    }

    @Test func writesThatHaveNotSeenEachOtherAreSiblings() async throws {
        try await withToys { client, _ in
            let carts = client.bucket("carts")
            try await carts.put("alice", "milk")
            try await carts.put("alice", "eggs")
            let cart = try await carts.get("alice")
            #expect(cart.values.map { String(buffer: $0.value) }.sorted() == ["eggs", "milk"])
            #expect(Set(cart.vtags).count == 2)
            try await carts.put("alice", "milk, eggs", context: cart.context)
            #expect(try await carts.get("alice").values.count == 1)
        }
    }

    @Test func aDeletedKeyIsEmptyAndKnownToBeDeleted() async throws {
        try await withToys { client, _ in
            let carts = client.bucket("carts")
            let stored = try await carts.put("alice", "milk")
            try await carts.delete("alice", context: stored.context)
            let cart = try await carts.get("alice")
            #expect(cart.isEmpty && cart.isDeleted && !cart.context.isEmpty)
        }
    }

    @Test func aContextOfAnotherKeyIsRefusedBeforeAnythingIsSent() async throws {
        try await withToys { client, toys in
            let carts = client.bucket("carts")
            let alice = try await carts.put("alice", "milk").context
            let before = try await toys.counts()
            for attempt in 0 ..< 3 {
                let error = await #expect(throws: CoterieError.self) {
                    switch attempt {
                    case 0: try await carts.put("bob", "eggs", context: alice)
                    case 1: try await client.bucket("other").delete("alice", context: alice)
                    default: _ = try await carts.get("bob", atLeast: alice)
                    }
                }
                #expect(error?.code == .contextOfAnotherKey)
                #expect(error?.outcome == .notApplied)
            }
            #expect(try await toys.counts() == before)
        }
    }

    @Test func aContextSurvivesBeingPrinted() async throws {
        try await withToys { client, _ in
            let carts = client.bucket("carts")
            let context = try await carts.put("alice", "milk").context
            #expect(try carts.context(context.text, for: "alice") == context)
            let error = #expect(throws: CoterieError.self) { try carts.context("rubbish!", for: "alice") }
            #expect(error?.code == .malformedContext)
        }
    }

    @Test func whatIsTooLargeOrEmptyIsRefusedBeforeItIsSent() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("b")
            let before = try await toys.counts()
            for (key, size, code) in [
                ("", 1, CoterieError.Code.badRequest), (String(repeating: "k", count: 4_097), 1, .keyTooLarge),
                ("k", 17 << 20, .valueTooLarge),
            ] {
                let error = await #expect(throws: CoterieError.self) {
                    try await bucket.put(key, [UInt8](repeating: 0, count: size))
                }
                #expect(error?.code == code)
            }
            let error = await #expect(throws: CoterieError.self) {
                try await bucket.get("k", options: RequestOptions(timeout: .zero))
            }
            #expect(error?.code == .badRequest)
            #expect(try await toys.counts() == before)
        }
    }

    @Test func returnBodyBringsTheValues() async throws {
        try await withToys { client, _ in
            let stored = try await client.bucket("b").put("k", "v", options: RequestOptions(w: .all, returnBody: true))
            #expect(stored.values?.map { String(buffer: $0.value) } == ["v"])
            #expect(stored.vtags?.count == 1)
        }
    }

    @Test func theLatestResolverKeepsTheLastWrite() async throws {
        try await withToys { client, _ in
            let bucket = client.bucket("b")
            try await bucket.put("k", "first")
            try await bucket.put("k", "last")
            let resolved = try await bucket.get("k", resolving: .latest)
            #expect(resolved.value.map { String(buffer: $0.value) } == "last")
            #expect(resolved.siblings == 2)
            #expect(try await bucket.get("k").values.count == 2, "reading resolves for the reader alone")
        }
    }

    @Test func anUpdateBringsSiblingsTogetherAndWritesTheResult() async throws {
        try await withToys { client, _ in
            let carts = client.bucket("carts")
            try await carts.put("alice", "milk")
            try await carts.put("alice", "eggs")
            let updated = try await carts.update("alice", resolving: CartUnion()) { cart in
                (cart.map { String(buffer: $0.value) } ?? "") + "\nbread"
            }
            #expect(updated.isWritten && updated.attempts == 1)
            let cart = try await carts.get("alice")
            #expect(cart.only.map { String(buffer: $0.value) } == "eggs\nmilk\nbread")
        }
    }

    @Test func anUpdateToNothingDeletes() async throws {
        try await withToys { client, _ in
            let bucket = client.bucket("b")
            let nothing = try await bucket.update("k", resolving: .latest) { _ -> Content? in nil }
            #expect(!nothing.isWritten)
            try await bucket.put("k", "v")
            try await bucket.update("k", resolving: .latest) { _ -> Content? in nil }
            #expect(try await bucket.get("k").isDeleted)
        }
    }

    @Test func aResolverThatThrowsLeavesTheSiblings() async throws {
        struct Refusing: Resolver {
            struct No: Error {}
            func resolve(_ siblings: [Content]) throws -> Content { throw No() }
        }
        try await withToys { client, _ in
            let bucket = client.bucket("b")
            try await bucket.put("k", "1")
            try await bucket.put("k", "2")
            let error = await #expect(throws: CoterieError.self) { try await bucket.get("k", resolving: Refusing()) }
            #expect(error?.code == .resolverFailed)
            #expect(try await bucket.get("k").values.count == 2)
        }
    }
}

/// A cart is a set of items, one a line: concurrent carts become their union.
struct CartUnion: Resolver {
    func resolve(_ siblings: [Content]) throws -> Content {
        let items = siblings.flatMap { String(buffer: $0.value).split(separator: "\n") }
        return Content(ByteBuffer(string: Set(items).sorted().joined(separator: "\n")), contentType: "text/plain")
    }
}

func withToys(
    nodes: Int = 3, _ settings: (inout ClientSettings) -> Void = { _ in },
    _ body: (CoterieClient, ToyCluster) async throws -> Void
) async throws {
    let toys = try await ToyCluster.start(nodes: nodes)
    var configuration = CoterieClient.Configuration(seeds: Array(toys.endpoints.prefix(1)))
    settings(&configuration.settings)
    try await CoterieClient.with(configuration: configuration) { try await body($0, toys) }
    try await toys.stop()
}
