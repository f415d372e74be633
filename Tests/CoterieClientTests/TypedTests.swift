import CoterieClient
import Testing

/// Only what `import CoterieClient` brings is used here: this file is also the proof that it is enough.
@Suite struct TypedTests {
    private func texts(_ elements: [ByteBuffer]) -> [String] { elements.map { String(buffer: $0) } }

    @Test func aCounterCountsUpAndDownAndIsReset() async throws {
        try await withToys { client, _ in
            let counter = client.bucket("pages", type: "counters").counter("home")
            #expect(try await counter.value == 0)
            #expect(try await counter.read().isThere == false)
            try await counter.increment()
            let updated = try await counter.increment(by: 5, options: RequestOptions(returnBody: true))
            #expect(updated.value == 6 && updated.receipt.met == 2)
            try await counter.decrement(by: 2)
            #expect(try await counter.read(atLeast: updated.floor).value == 4)
            let seen = try await counter.read().context
            try await counter.increment(by: 10)
            try await counter.reset(seen: seen)
            #expect(try await counter.value == 10)
            try await counter.reset()
            #expect(try await counter.value == 0)
        }
    }

    @Test func anIncrementThatIsMadeAgainWithItsIdCountsOnce() async throws {
        try await withToys { client, _ in
            let counter = client.bucket("pages", type: "counters").counter("home")
            let id = client.newOperationID()
            #expect(id != client.newOperationID())
            for _ in 1 ... 3 { try await counter.increment(by: 5, id: id) }
            #expect(try await counter.value == 5)
            for _ in 1 ... 3 { try await counter.increment(by: 5) }
            #expect(try await counter.value == 20)
        }
    }

    @Test func aRemoveTakesWhatWasSeenAndAnAdditionMadeMeanwhileSurvives() async throws {
        try await withToys { client, _ in
            let set = client.bucket("users", type: "sets").set("online")
            try await set.add("bob", "alice")
            let seen = try await set.read()
            #expect(texts(seen.value) == ["alice", "bob"])
            try await set.add("bob")
            try await set.remove("bob", "alice", seen: seen.context)
            #expect(texts(try await set.members) == ["bob"])
            #expect(try await set.contains("bob"))
            // Without a context the key is read first.
            let after = try await set.remove("bob", options: RequestOptions(returnBody: true))
            #expect(after.value?.isEmpty == true)
            #expect(try await !set.contains("bob"))
        }
    }

    @Test func aContextOfAnotherKeyIsRefusedBeforeAnythingIsSent() async throws {
        try await withToys { client, toys in
            let bucket = client.bucket("users", type: "sets")
            try await bucket.set("one").add("x")
            let other = try await bucket.set("one").read().context
            let before = try await toys.counts().values.reduce(0, +)
            let error = await #expect(throws: CoterieError.self) {
                try await bucket.set("two").remove("x", seen: other)
            }
            #expect(error?.code == .contextOfAnotherKey)
            #expect(try await toys.counts().values.reduce(0, +) == before)
            // The printable form of its own comes back.
            let set = bucket.set("one")
            try await set.remove("x", seen: try set.context(other.text))
            #expect(try await set.members.isEmpty)
        }
    }

    @Test func aMapHasFieldsOfAllTypes() async throws {
        try await withToys { client, _ in
            let map = client.bucket("users", type: "maps").map("alice")
            try await map.update("visits", ReplicatedCounter.self, .add(2))
            try await map.update("groups", ReplicatedSet.self, .add(ByteBuffer(string: "staff")))
            try await map.update("name", ReplicatedRegister.self, ByteBuffer(string: "Alice"))
            #expect(try await map.value("visits", ReplicatedCounter.self) == 2)
            #expect(try await map.value("groups", ReplicatedSet.self).map(texts) == ["staff"])
            #expect(try await map.value.entries.count == 3)
            try await map.remove("groups", ReplicatedSet.self)
            #expect(try await map.value("groups", ReplicatedSet.self) == nil)
        }
    }

    @Test func singleValuesAreSetAndRead() async throws {
        try await withToys { client, _ in
            let flag = client.bucket("features", type: "flags").flag("beta")
            try await flag.enable()
            #expect(try await flag.value)
            try await flag.disable()
            #expect(try await !flag.value)
            let register = client.bucket("settings", type: "registers").register("motto")
            #expect(try await register.value == nil)
            try await register.assign("all together")
            #expect(try await register.value.map { String(buffer: $0) } == "all together")
            let most = client.bucket("scores", type: "maxima").maximum("game")
            let least = client.bucket("scores", type: "minima").minimum("game")
            for score: Int64 in [3, 9, 4] {
                try await most.offer(score)
                try await least.offer(score)
            }
            #expect(try await most.value == 9)
            #expect(try await least.value == 3)
            let visitors = client.bucket("pages", type: "hlls").distinctCount("home")
            for name in ["alice", "bob", "alice"] { try await visitors.add(name) }
            #expect(try await visitors.value == 2)
            let tags = client.bucket("pages", type: "gsets").growOnlySet("home")
            try await tags.add("new", "old")
            #expect(texts(try await tags.members) == ["new", "old"])
        }
    }

    @Test func aBoundedCounterGivesNoMoreThanThereIs() async throws {
        try await withToys { client, _ in
            let stock = client.bucket("stock", type: "bcounters").boundedCounter("lamp")
            try await stock.add(3)
            let amount = try await stock.value.amount
            #expect(amount == 3)
            let error = await #expect(throws: CoterieError.self) { try await stock.take(4) }
            #expect(error?.outcome == .notApplied && error?.code == .operationRefused)
        }
    }

    @Test func aTypedKeyIsNotReadAsContentsAndSaysSo() async throws {
        try await withToys { client, _ in
            let bucket = client.bucket("users", type: "sets")
            try await bucket.set("online").add("alice")
            let error = await #expect(throws: CoterieError.self) { try await bucket.get("online") }
            #expect(error?.code == .wrongType)
            #expect(error?.message.contains("the bucket type sets has the type set") == true)
        }
    }

    @Test func aViewOfAnotherTypeIsRefusedBeforeAnythingIsChanged() async throws {
        try await withToys { client, toys in
            // Also where it is the client's first request: both types' operations have the same bytes.
            let bucket = client.bucket("scores", type: "minima")
            let error = await #expect(throws: CoterieError.self) { try await bucket.maximum("game").offer(5) }
            #expect(error?.code == .wrongType && error?.outcome == .notApplied)
            #expect(error?.message == "the bucket type minima has the type min, and is used as max")
            _ = await #expect(throws: CoterieError.self) { try await bucket.maximum("game").value }
            let least = try await bucket.minimum("game").value
            #expect(least == nil)
        }
    }

    @Test func aKeyOfWhateverTypeIsReadAsItIs() async throws {
        try await withToys { client, _ in
            try await client.bucket("pages", type: "counters").counter("home").increment(by: 5)
            try await client.bucket("carts").put("alice", "milk")
            guard case .typed(let counter) = try await client.bucket("pages", type: "counters").read("home"),
                case .contents(let cart) = try await client.bucket("carts").read("alice")
            else {
                Issue.record("a counter is not contents, and a cart is")
                return
            }
            #expect(counter.type == "counter" && counter.isThere)
            #expect(try Int64(decoding: counter.value, as: "a counter") == 5)
            #expect(cart.values.count == 1)
        }
    }

    @Test func aDeletedCounterBeginsAgain() async throws {
        try await withToys { client, _ in
            let counter = client.bucket("pages", type: "counters").counter("home")
            try await counter.increment(by: 5)
            try await counter.delete()
            #expect(try await !counter.read().isThere)
            try await counter.increment(by: 2)
            #expect(try await counter.value == 2)
        }
    }
}
