// Sets, by the stories that sets have failed in.

import CoterieCausality
import CoterieTypes
import NIOCore
import Testing

@Suite struct SetTests {
    private var a = Keeper(1, ReplicatedSet.self)
    private var b = Keeper(2, ReplicatedSet.self)
    private var c = Keeper(3, ReplicatedSet.self)

    /// INV 7, after riak_dt issues 78 and 82.
    @Test mutating func bothRemovesOfAnElementAddedTwiceTakeItAway() throws {
        try a.perform(.add("x"))
        try b.perform(.add("x"))
        c.merge(a)
        try a.perform(.remove("x"))
        a.merge(b)
        try b.perform(.remove("x"))
        var ac = a
        ac.merge(c)
        var left = b
        left.merge(ac)
        var right = b
        right.merge(a)
        right.merge(c)
        #expect(try left.value == [])
        #expect(left.object == right.object)
    }

    /// INV 7: what a set that keeps one dot of an element would get wrong.
    @Test mutating func aRemoveThatSawOneOfTwoAdditionsLeavesTheOther() throws {
        try a.perform(.add("x"))
        try b.perform(.add("x"))
        c.merge(a)
        c.merge(b)
        try b.perform(.remove("x"))
        var late = c
        late.merge(b)
        a.merge(b)
        #expect(try a.value == ["x"])
        #expect(late.object.liveDots == a.object.liveDots)
    }

    /// INV 8: riak_dt issue 99.
    @Test mutating func aRemoveThatArrivesFirstIsNotLost() throws {
        try a.perform(.add("x", "y"))
        b.merge(a)
        try b.perform(.remove("x"))
        c.merge(b)
        c.merge(a)
        #expect(try c.value == ["y"])
    }

    /// INV 8: an owner that lacks what the client saw cannot remove it, and must not claim that it did.
    @Test mutating func aReplicaThatLacksWhatTheClientSawSaysSo() throws {
        try a.perform(.add("x"))
        let seen = a.object.context
        #expect(throws: TypeFault.behind(seen)) { try c.perform(.remove("x"), seen: seen) }
        #expect(c.object.isEmpty)
        c.merge(a)
        try c.perform(.remove("x"), seen: seen)
        #expect(try c.value == [])
    }

    @Test mutating func aRemoveTakesOnlyWhatItsClientSaw() throws {
        try a.perform(.add("x"))
        let seen = a.object.context
        try b.perform(.add("x"))
        a.merge(b)
        try a.perform(.remove("x"), seen: seen)
        #expect(try a.value == ["x"])
        try a.perform(.remove("x"))
        #expect(try a.value == [])
    }

    @Test mutating func aBatchIsOneRunOfDotsAndEachElementGoesAlone() throws {
        let event = try #require(try a.perform(SetOperation(adds: ["z", "x", "y", "x"], removes: ["w"])))
        #expect(event.run == DotRun(Dot(a.identity, 1), count: 3))
        #expect(try a.value == ["x", "y", "z"])
        let remove = try #require(try a.perform(.remove("y")))
        #expect(remove.run == DotRun(Dot(a.identity, 4)) && remove.dropped == [Dot(a.identity, 2)])
        #expect(try a.value == ["x", "z"])
    }

    @Test mutating func anElementThatIsAddedAgainHasOneDot() throws {
        for _ in 0 ..< 10 { try a.perform(.add("x")) }
        #expect(a.object.liveDots == [Dot(a.identity, 10)])
    }

    /// INV 12.
    @Test mutating func anEventWithoutItsBaseChangesNothing() throws {
        try a.perform(.add("x"))
        b.merge(a)
        let first = try #require(try a.perform(.add("y")))
        let second = try #require(try a.perform(.add("z")))
        #expect(b.receive(second) == .lacksBase)
        #expect(try b.value == ["x"])
        #expect(b.receive(first) == .applied && b.receive(second) == .applied && b.receive(first) == .known)
        #expect(b.object == a.object)
    }

    @Test mutating func anEventDoesNotArriveAheadOfWhatItsMinterHadSeen() throws {
        try a.perform(.add("x"))
        b.merge(a)
        c.merge(a)
        try a.perform(.remove("x"))
        b.merge(a)
        let event = try #require(try b.perform(.add("y")))
        #expect(c.receive(event) == .lacksBase, "it would show x, which was gone, beside y")
        c.merge(a)
        #expect(c.receive(event) == .applied)
        #expect(try c.value == ["y"])
    }

    @Test func aGrowOnlySetGrows() throws {
        var a = Keeper(1, GrowOnlySet.self)
        var b = Keeper(2, GrowOnlySet.self)
        try a.perform(ElementList("x", "y"))
        try b.perform(ElementList("y", "z"))
        a.merge(b)
        #expect(try a.value == ["x", "y", "z"])
    }
}
