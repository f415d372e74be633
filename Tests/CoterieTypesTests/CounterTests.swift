// Counters, by the stories that counters have failed in.

import CoterieCausality
import CoterieTypes
import NIOCore
import Testing

@Suite struct CounterTests {
    private var a = Keeper(1, ReplicatedCounter.self)
    private var b = Keeper(2, ReplicatedCounter.self)
    private var c = Keeper(3, ReplicatedCounter.self)

    @Test mutating func additionsOfAllAreSummed() throws {
        try a.perform(.add(7))
        try b.perform(.add(-3))
        a.merge(b)
        try a.perform(.add(1))
        #expect(try a.value == 5)
    }

    /// INV 9.
    @Test mutating func aResetTakesWhatItSawAndAConcurrentAdditionStays() throws {
        try a.perform(.add(5))
        b.merge(a)
        try a.perform(.reset)
        try b.perform(.add(1))
        a.merge(b)
        b.merge(a)
        #expect(try a.value == 1)
        #expect(try b.value == 1)
    }

    /// INV 11: the answer of the first coordinator was lost, the second has not heard of it.
    @Test mutating func aRetryThroughAnotherReplicaCountsOnce() throws {
        try a.perform(.add(5), as: 1)
        try b.perform(.add(5), as: 1)
        c.merge(b)
        c.merge(a)
        #expect(try c.value == 5)
        #expect(try c.perform(.add(5), as: 1) == nil)
        try c.perform(.add(5), as: 2)
        #expect(try c.value == 10)
    }

    @Test mutating func manyAdditionsFoldIntoOne() throws {
        for number in 1 ... 1000 { try a.perform(.add(1), as: UInt64(number)) }
        b.merge(a)
        let before = a.object.encodedSize
        #expect(try a.fold())
        #expect(try a.value == 1000)
        #expect(a.object.siblings.count == 2)
        #expect(before > 14_000 && a.object.encodedSize < 100, "\(before), \(a.object.encodedSize)")
        b.merge(a)
        #expect(b.object == a.object)
        #expect(try !a.fold(), "there is nothing left to fold")
        try a.perform(.add(1))
        #expect(try a.fold())
        #expect(try a.value == 1001)
        #expect(a.object.siblings.count == 2)
    }

    @Test mutating func aFoldDoesNotUndoAResetThatDidNotSeeIt() throws {
        for _ in 0 ..< 3 { try a.perform(.add(5)) }
        b.merge(a)
        try b.perform(.reset)
        #expect(try a.fold())
        try a.perform(.add(1))
        b.merge(a)
        a.merge(b)
        #expect(try a.value == 1)
        #expect(a.object == b.object)
        #expect(a.object.siblings.count == 1, "the orphaned fold is gone: \(a.object)")
    }

    @Test mutating func aFoldDoesNotUndoADelete() throws {
        for _ in 0 ..< 3 { try a.perform(.add(5)) }
        b.merge(a)
        b.delete()
        #expect(try a.fold())
        a.merge(b)
        b.merge(a)
        #expect(try a.value == 0)
        #expect(a.object.isMarker && b.object.isMarker)
    }

    @Test mutating func ofAnOperationThatWasAppliedTwiceOneIsFolded() throws {
        try a.perform(.add(5), as: 1)
        try b.perform(.add(5), as: 1)
        a.merge(b)
        b.merge(a)
        for _ in 0 ..< 2 { try a.perform(.add(1)) }
        for _ in 0 ..< 3 { try b.perform(.add(1)) }
        a.merge(b)
        b.merge(a)
        #expect(try a.fold() && b.fold())
        a.merge(b)
        b.merge(a)
        #expect(try a.value == 10)
        #expect(a.object == b.object)
    }

    @Test mutating func aSumBeyondTheRangeReadsAsItsEndAndIsNotLost() throws {
        for _ in 0 ..< 3 { try a.perform(.add(.max)) }
        #expect(try a.value == .max)
        #expect(try !a.fold(), "a sum that no entry can hold is not folded")
        for _ in 0 ..< 3 { try a.perform(.add(-.max)) }
        #expect(try a.value == 0)
        #expect(try a.fold())
        #expect(try a.value == 0)
    }

    @Test func aBoundedCounterSellsWhatItHasOnce() throws {
        var a = Keeper(1, BoundedCounter.self)
        var b = Keeper(2, BoundedCounter.self)
        try a.perform(.add(10))
        try a.perform(.give(4, to: b.identity))
        b.merge(a)
        // Apart from here on.
        for _ in 0 ..< 6 { try a.perform(.take(1)) }
        for _ in 0 ..< 4 { try b.perform(.take(1)) }
        // It knows of four that the other one had; that they are sold, it has not heard.
        let gift = BoundedCounterOperation.give(2, to: a.identity).canonicalBytes()
        let demand = [TypeDemand(b.identity, gift)]
        #expect(throws: TypeFault.demands("m1:1 has rights to 0 of 4 units, and 1 were asked for", demand)) {
            try a.perform(.take(1))
        }
        #expect(throws: TypeFault.self) { try b.perform(.take(1)) }
        #expect(throws: TypeFault.self) { try b.perform(.give(1, to: a.identity)) }
        a.merge(b)
        b.merge(a)
        #expect(try a.value.amount == 0)
        #expect(a.object == b.object && a.object.siblings.count == 2)
    }
}
