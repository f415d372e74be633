// What a program is told when nodes refuse, are silent, or die (INV 5, INV 25).

import CoterieClient
import CoteriePrimitives
import NIOConcurrencyHelpers
import Testing

@Suite struct FailureTests {
    private let key = ObjectKey(type: "default", bucket: "b", key: "k")

    @Test func nobodyThereIsUnreachableAndSaysWhy() async throws {
        var configuration = try CoterieClient.Configuration(seeds: ["127.0.0.1:1"])
        configuration.settings.reachPatience = .zero
        try await CoterieClient.with(configuration: configuration) { client in
            let error = await #expect(throws: CoterieError.self) { try await client.bucket("b").put("k", "v") }
            #expect(error?.code == .unreachable)
            #expect(error?.outcome == .notApplied)
            #expect(
                error?.message.contains("127.0.0.1:1: connection refused (nothing listens there)") == true,
                "\(String(describing: error))")
        }
    }

    @Test func anotherClustersNodeIsUnreachableAndSaysWhy() async throws {
        let toys = try await ToyCluster.start(nodes: 1)
        var configuration = CoterieClient.Configuration(seeds: toys.endpoints, clusterName: "other")
        configuration.settings.reachPatience = .zero
        try await CoterieClient.with(configuration: configuration) { client in
            let error = await #expect(throws: CoterieError.self) { try await client.bucket("b").get("k") }
            #expect(error?.code == .unreachable)
            #expect(error?.message.contains("\"toys\", not \"other\"") == true, "\(String(describing: error))")
        }
        try await toys.stop()
    }

    @Test func aNodesRefusalComesWithItsReceipt() async throws {
        try await withToys { client, toys in
            try await toys.conducts { _, _ in .fail(.insufficientReplicas, .notApplied) }
            let error = await #expect(throws: CoterieError.self) { try await client.bucket("b").put("k", "v") }
            #expect(error?.code == .insufficientReplicas)
            #expect(error?.receipt != nil && error?.node != nil)
        }
    }

    @Test func aWriteThatIsNotAnsweredIsUnknownAfterItsTimeout() async throws {
        try await withToys { client, toys in
            _ = try await client.bucket("b").get("k")
            try await toys.conducts { _, request in request.request.operation.isWrite ? .beSilent : .serve }
            let error = await #expect(throws: CoterieError.self) {
                try await client.bucket("b").put("k", "v", options: RequestOptions(timeout: .milliseconds(50)))
            }
            #expect(error?.code == .timeout)
            #expect(error?.outcome == .unknown)
        }
    }

    @Test func aWriteWhoseNodeDiesIsUnknownAndNeverMadeTwice() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("b")
            _ = try await bucket.get("k")
            try await toys.conducts { _, request in request.request.operation.isWrite ? .applyAndDie : .serve }
            let error = await #expect(throws: CoterieError.self) { try await bucket.put("k", "v") }
            #expect(error?.code == .ownerLost)
            #expect(error?.outcome == .unknown)
            #expect(try await toys.value(of: key) == ["v"])
        }
    }

    @Test func anAdditionWhoseNodeDiesIsMadeAgainThroughAnotherNodeAndCountsOnce() async throws {
        let deaths = Counter()
        try await withToys { client, toys in
            let counter = client.bucket("b", type: "counters").counter("k")
            _ = try await counter.value
            try await toys.conducts { _, request in
                request.request.operation.isWrite && deaths.next() == 1 ? .applyAndDie : .serve
            }
            try await counter.increment(by: 5)
            #expect(try await counter.value == 5)
        }
    }

    @Test func anUpdateIsNotMadeAnewWhileItsWriteIsUnknown() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("b")
            try await bucket.put("k", "0")
            try await toys.conducts { _, request in request.request.operation.isWrite ? .applyAndDie : .serve }
            let error = await #expect(throws: CoterieError.self) {
                try await bucket.update("k", resolving: .latest) {
                    "\((Int($0.map { String(buffer: $0.value) } ?? "") ?? 0) + 1)"
                }
            }
            #expect(error?.outcome == .unknown)
            #expect(try await toys.value(of: key) == ["1"])
        }
    }

    @Test func anUpdateIsMadeAnewAfterARefusal() async throws {
        let refusals = Counter()
        try await withToys { client, toys in
            try await toys.conducts { _, request in
                request.request.operation.isWrite && refusals.next() <= 2
                    ? .fail(.tooManySiblings, .notApplied) : .serve
            }
            let updated = try await client.bucket("b").update("k", resolving: .latest) { _ in "v" }
            #expect(updated.attempts == 3)
        }
    }

    @Test func readsGoOnWithANodeDeadAndAfterItsReturn() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("b")
            for i in 0 ..< 30 { try await bucket.put("k\(i)", "v\(i)") }
            try await toys.kill(0)
            for i in 0 ..< 30 {
                #expect(try await bucket.get("k\(i)").only.map { String(buffer: $0.value) } == "v\(i)")
            }
            try await toys.restart(0)
            try await toys.kill(1)
            try await toys.kill(2)
            for i in 0 ..< 30 { #expect(try await bucket.get("k\(i)").values.count == 1) }
        }
    }

    @Test func aSilentNodesReadsAreAnsweredByAnother() async throws {
        try await withToys { settings in
            settings.hedgeAfter = .milliseconds(20)
        } _: { client, toys in
            let bucket = client.bucket("b")
            try await bucket.put("k", "v")
            try await toys.conducts { node, _ in node == 0 ? .beSilent : .serve }
            for _ in 0 ..< 12 { #expect(try await bucket.get("k").values.count == 1) }
        }
    }

    @Test func aCancelledTaskIsToldWhatIsKnown() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("b")
            _ = try await bucket.get("k")
            try await toys.conducts { _, request in request.request.operation.isWrite ? .beSilent : .serve }
            let task = Task { try await bucket.put("k", "v") }
            while try await toys.counts().values.reduce(0, +) < 2 { await Task.yield() }
            task.cancel()
            let sent = await #expect(throws: CoterieError.self) { try await task.value }
            #expect(sent?.code == .cancelled && sent?.outcome == .unknown)
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await bucket.put("k", "v")
            }
            let unsent = await #expect(throws: CoterieError.self) { try await early.value }
            #expect(unsent?.code == .cancelled && unsent?.outcome == .notApplied)
        }
    }

    @Test func aClosedClientTakesNothing() async throws {
        let toys = try await ToyCluster.start()
        let client = try CoterieClient(configuration: .init(seeds: toys.endpoints))
        let bucket = client.bucket("b")
        try await bucket.put("k", "v")
        async let running: Void = client.run()
        await client.close()
        await client.close()
        await running
        let error = await #expect(throws: CoterieError.self) { try await bucket.get("k") }
        #expect(error?.code == .closed)
        try await toys.stop()
    }

    @Test func closingWaitsForWhatWasAsked() async throws {
        let toys = try await ToyCluster.start()
        let client = try CoterieClient(configuration: .init(seeds: toys.endpoints))
        let bucket = client.bucket("b")
        try await bucket.put("k0", "v")
        let tasks = (1 ... 50).map { i in Task { try await bucket.put("k\(i)", "v") } }
        for task in tasks { _ = try await task.value }
        await client.close()
        try await toys.stop()
    }

    @Test func aCancelledRunClosesTheClient() async throws {
        let toys = try await ToyCluster.start()
        let client = try CoterieClient(configuration: .init(seeds: toys.endpoints))
        let run = Task { await client.run() }
        try await client.bucket("b").put("k", "v")
        try await toys.conducts { _, _ in .beSilent }
        let write = Task { try await client.bucket("b").put("k", "w") }
        while try await toys.counts().values.reduce(0, +) < 2 { await Task.yield() }
        run.cancel()
        await run.value
        let error = await #expect(throws: CoterieError.self) { try await write.value }
        #expect(error?.code == .closed && error?.outcome == .unknown)
        try await toys.stop()
    }

    @Test func aConfigurationThatCannotWorkIsRefused() throws {
        let none = #expect(throws: CoterieError.self) { try CoterieClient(configuration: .init(seeds: [String]())) }
        #expect(none?.code == .badConfiguration)
        let bad = #expect(throws: CoterieError.self) { try CoterieClient.Configuration(seeds: ["nonsense"]) }
        #expect(bad?.message.contains("nonsense") == true)
        var configuration = try CoterieClient.Configuration(seeds: ["h:1"])
        configuration.settings.connectionsPerNode = 0
        let settings = #expect(throws: CoterieError.self) { try CoterieClient(configuration: configuration) }
        #expect(settings?.message.contains("connectionsPerNode must be 1 to 64, not 0") == true)
    }

    @Test func manyTasksShareOneClient() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("b")
            var warm = 0
            while try await toys.counts().count < 3 {
                warm += 1
                try await bucket.put("warm\(warm)", "v")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for i in 0 ..< 2_000 {
                    group.addTask {
                        let stored = try await bucket.put("k\(i)", "v\(i)")
                        let read = try await bucket.get("k\(i)", atLeast: stored.context)
                        #expect(read.only.map { String(buffer: $0.value) } == "v\(i)")
                    }
                }
                try await group.waitForAll()
            }
            let counts = try await toys.counts()
            #expect(counts.count == 3 && counts.values.reduce(0, +) >= 4_000, "\(counts)")
        }
    }
}

final class Counter: Sendable {
    private let value = NIOLockedValueBox(0)
    func next() -> Int {
        value.withLockedValue {
            $0 += 1
            return $0
        }
    }
}
