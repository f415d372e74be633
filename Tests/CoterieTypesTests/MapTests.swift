// Maps, by the stories that maps have failed in.

import CoterieCausality
import CoterieTypes
import NIOCore
import Testing

@Suite struct MapTests {
    private var a = Keeper(1, ReplicatedMap.self)
    private var b = Keeper(2, ReplicatedMap.self)

    /// INV 9, after riak_dt issue 92.
    @Test mutating func removingAFieldTakesWhatWasSeenOfItAndAConcurrentUpdateStays() throws {
        try a.perform(.update("k", ReplicatedCounter.self, .add(5)))
        b.merge(a)
        try a.perform(.remove("k", ReplicatedCounter.self))
        try b.perform(.update("k", ReplicatedCounter.self, .add(1)))
        a.merge(b)
        #expect(try a.value.value("k", ReplicatedCounter.self) == 1)
    }

    @Test mutating func removingAMapTakesWhatIsBelowItThatWasSeen() throws {
        func inner<T: ReplicatedType>(_ name: String, _ type: T.Type, _ operation: T.Operation) -> MapOperation {
            .update("cart", ReplicatedMap.self, .update(name, type, operation))
        }
        try a.perform(inner("milk", ReplicatedCounter.self, .add(2)))
        try a.perform(inner("tags", ReplicatedSet.self, .add("cold", "white")))
        b.merge(a)
        try a.perform(.remove("cart", ReplicatedMap.self))
        #expect(try a.value == MapValue([]))
        try b.perform(inner("milk", ReplicatedCounter.self, .add(1)))
        try b.perform(inner("tags", ReplicatedSet.self, .add("cold")))
        a.merge(b)
        let cart = try #require(try a.value.value("cart", ReplicatedMap.self))
        #expect(try cart.value("milk", ReplicatedCounter.self) == 1)
        #expect(try cart.value("tags", ReplicatedSet.self) == ["cold"])
        #expect(cart.entries.count == 2)
    }

    @Test mutating func oneNameMayHaveSeveralTypes() throws {
        try a.perform(.update("k", ReplicatedCounter.self, .add(5)))
        try a.perform(.update("k", ReplicatedRegister.self, "five"))
        try a.perform(.remove("k", ReplicatedCounter.self))
        #expect(try a.value.value("k", ReplicatedCounter.self) == nil)
        #expect(try a.value.value("k", ReplicatedRegister.self) == "five")
    }

    @Test mutating func oneOperationChangesManyFieldsUnderOneRun() throws {
        let field = Field("k", ReplicatedCounter.self)
        try a.perform(.update("k", ReplicatedCounter.self, .add(5)))
        let event = try #require(
            try a.perform(
                MapOperation(
                    removes: [field],
                    updates: [
                        .init(field, CounterOperation.add(2).canonicalBytes()),
                        .init(Field("f", ReplicatedFlag.self), true.canonicalBytes()),
                    ])))
        #expect(event.run == DotRun(Dot(a.identity, 2), count: 2) && event.dropped == [Dot(a.identity, 1)])
        #expect(try a.value.value("k", ReplicatedCounter.self) == 2)
        #expect(try a.value.value("f", ReplicatedFlag.self) == true)
    }

    @Test mutating func aRetriedUpdateOfACounterCountsOnceWithAllThatCameWithIt() throws {
        let update = MapOperation(updates: [
            .init(Field("k", ReplicatedCounter.self), CounterOperation.add(2).canonicalBytes()),
            .init(Field("s", ReplicatedSet.self), SetOperation.add("x").canonicalBytes()),
        ])
        try a.perform(update, as: 1)
        b.merge(a)
        #expect(try b.perform(update, as: 1) == nil)
        #expect(b.object == a.object)
    }

    @Test mutating func countersWithinMapsFoldEachByItself() throws {
        for _ in 0 ..< 10 {
            try a.perform(.update("k", ReplicatedCounter.self, .add(1)))
            try a.perform(.update("l", ReplicatedCounter.self, .add(2)))
        }
        b.merge(a)
        #expect(try a.fold())
        #expect(a.object.siblings.count == 4)
        try b.perform(.remove("k", ReplicatedCounter.self))
        a.merge(b)
        #expect(try a.value.value("k", ReplicatedCounter.self) == nil)
        #expect(try a.value.value("l", ReplicatedCounter.self) == 20)
        #expect(a.object.siblings.count == 2)
    }

    @Test mutating func anUnknownTypeOfAFieldIsNamedWithThoseThatAreKnown() throws {
        let field = Field("k", type: "wheel")
        let fault = #expect(throws: TypeFault.self) { try a.perform(MapOperation(updates: [.init(field, "")])) }
        #expect(
            fault?.description
                == "there is no type \"wheel\"; known are: counter, flag, gset, hll, map, max, min, register, set")
    }

    @Test mutating func aPathHasAnEnd() throws {
        var operation = MapOperation.update("f", ReplicatedFlag.self, true)
        for _ in 0 ..< 15 { operation = .update("m", ReplicatedMap.self, operation) }
        try a.perform(operation)
        operation = .update("m", ReplicatedMap.self, operation)
        let fault = #expect(throws: TypeFault.self) { try a.perform(operation) }
        #expect(fault?.description == "maps within maps: at most 16 fields make a path")
    }
}
