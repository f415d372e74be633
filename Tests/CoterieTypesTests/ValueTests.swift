// Registers, flags and what summarises; types by name; and the bytes of payloads, which must never change.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore
import Testing

@Suite struct ValueTests {
    /// INV 10.
    @Test func aLaterPutWinsWhateverTheClocksSay() throws {
        var a = Keeper(1, LastWriterWins.self)
        var b = Keeper(2, LastWriterWins.self)
        try a.perform(Content("early"), at: 3_600_000)
        b.merge(a)
        try b.perform(Content("late"), at: 0)
        a.merge(b)
        #expect(try a.value?.value == "late")
        #expect(a.object.siblings.count == 1)
    }

    @Test func ofConcurrentPutsTheLatestIsShownAndADeleteTakesWhatItSaw() throws {
        var a = Keeper(1, LastWriterWins.self)
        var b = Keeper(2, LastWriterWins.self)
        try a.perform(Content("one"), at: 1)
        try b.perform(Content("two"), at: 2)
        let seen = b.object.context
        a.merge(b)
        #expect(try a.value?.value == "two")
        #expect(LastWriterWins.hidden(in: a.object) == 1)
        b.delete(seen: seen)
        a.merge(b)
        #expect(try a.value?.value == "one", "what the delete had not seen is not lost, whoever merged what before")
    }

    @Test func aRegisterIsAssignedLastByCausalityThenByTime() throws {
        var a = Keeper(1, ReplicatedRegister.self)
        var b = Keeper(2, ReplicatedRegister.self)
        try a.perform("x", at: 9)
        b.merge(a)
        try b.perform("y", at: 1)
        try a.perform("z", at: 20)
        a.merge(b)
        b.merge(a)
        #expect(try a.value == "z" && b.value == "z")
        b.delete()
        #expect(try b.value == nil)
    }

    @Test func enablingWinsOverAConcurrentDisabling() throws {
        var a = Keeper(1, ReplicatedFlag.self)
        var b = Keeper(2, ReplicatedFlag.self)
        try a.perform(true)
        b.merge(a)
        try a.perform(false)
        #expect(try !a.value)
        try b.perform(true)
        a.merge(b)
        #expect(try a.value)
        try a.perform(false)
        b.merge(a)
        #expect(try !b.value)
    }

    @Test func extremesKeepTheBestOffer() throws {
        var (a, b) = (Keeper(1, ReplicatedMaximum.self), Keeper(2, ReplicatedMaximum.self))
        try a.perform(5)
        try a.perform(3)
        try b.perform(4)
        a.merge(b)
        #expect(try a.value == 5)
        var (c, d) = (Keeper(1, ReplicatedMinimum.self), Keeper(2, ReplicatedMinimum.self))
        try c.perform(5)
        try d.perform(-4)
        c.merge(d)
        #expect(try c.value == -4)
        #expect(try Keeper(1, ReplicatedMinimum.self).value == nil)
    }

    @Test(arguments: [0, 1, 10, 100, 1_000, 20_000]) func aSketchCountsWithinFivePercent(count: Int) throws {
        var (whole, left, right) = (DistinctSketch(), DistinctSketch(), DistinctSketch())
        for number in 0 ..< count {
            let element = ByteBuffer(string: "element \(number)")
            whole.insert(element)
            if number % 3 != 0 { left.insert(element) }
            if number % 3 != 1 { right.insert(element) }
        }
        left.merge(right)
        #expect(left == whole)
        // Three standard errors of 1.6 %.
        #expect(abs(Int(whole.estimate) - count) <= count / 20, "\(whole.estimate) of \(count)")
        let bytes = whole.canonicalBytes()
        #expect(try DistinctSketch(decoding: bytes, as: "sketch") == whole)
        #expect(bytes.readableBytes <= 4096 + 3)
    }

    @Test func typesAreFoundByNameAndAUsersTypeBesideThem() throws {
        enum Mine: ReplicatedType {
            static let name = "mine"
            static func apply(_ number: Int64, to object: CausalObject, _ occasion: Occasion) -> TypeChange {
                TypeChange(drops: object.liveDots, payloads: [number.canonicalBytes()])
            }
            static func value(of object: CausalObject) -> UInt64 { UInt64(object.siblings.count) }
        }
        enum Shouting: ReplicatedType {
            static let name = "Mine!"
            static func apply(_ number: Int64, to object: CausalObject, _ occasion: Occasion) -> TypeChange {
                TypeChange()
            }
            static func value(of object: CausalObject) -> Int64 { 0 }
        }
        var registry = TypeRegistry.builtIn
        let builtIn = [
            "bcounter", "counter", "flag", "gset", "hll", "lww", "map", "max", "min", "register", "set", "siblings",
        ]
        #expect(registry.names == builtIn)
        try registry.register(Mine.self)
        #expect(registry.names.contains("mine"))
        let fault = #expect(throws: TypeFault.self) { try registry.register(Mine.self) }
        #expect(fault?.description == "there is a type \"mine\" already")
        #expect(throws: TypeFault.self) { try registry.register(Shouting.self) }
        #expect(throws: TypeFault.unknownType("wheel", known: registry.names)) { try registry["wheel"] }

        let (type, minter) = (try registry["mine"], Keeper(1, Mine.self).identity)
        var object = CausalObject()
        let change = try type.apply(
            Int64(7).canonicalBytes(), to: object, Occasion(minter: minter, now: WallTime(milliseconds: 0)))
        let event = try #require(try change.event(on: object, first: Dot(minter, 1), observed: nil))
        object.apply(event)
        type.settle(&object)
        #expect(try type.value(of: object) == UInt64(1).canonicalBytes())
        #expect(throws: TypeFault.malformed("an operation of the type mine: cut off in the number, at byte 0")) {
            try type.apply(ByteBuffer(), to: object, Occasion(minter: minter, now: WallTime(milliseconds: 0)))
        }
    }

    /// Bytes that were written once are read for ever.
    @Test func payloadsOfVersionOneNeverChange() throws {
        func payloads<T: ReplicatedType>(
            _ type: T.Type, _ operation: T.Operation, as id: UInt64? = nil
        ) throws -> [String] {
            var keeper = Keeper(1, type)
            try keeper.perform(operation, at: 1, as: id)
            return keeper.object.siblings.map { sibling in
                sibling.payload.readableBytesView.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
        }
        #expect(try payloads(ReplicatedSet.self, .add("x", "yz")) == ["0178", "01797a"])
        #expect(try payloads(ReplicatedCounter.self, .add(-3)) == ["010105"])
        #expect(try payloads(ReplicatedCounter.self, .add(300), as: 9) == ["0102d804000000000000000109"])
        #expect(try payloads(ReplicatedFlag.self, true) == ["01"])
        #expect(try payloads(ReplicatedMaximum.self, 7) == ["010e"])
        #expect(try payloads(ReplicatedRegister.self, "x") == ["01000000000001000078"])
        let sketch = try payloads(DistinctCount.self, ElementList("x"))
        #expect(sketch == ["0101018a02"])
        #expect(try payloads(BoundedCounter.self, .add(2)) == ["01040000"])
        #expect(
            try payloads(ReplicatedMap.self, .update("k", ReplicatedCounter.self, .add(1)))
                == ["0101016b07636f756e746572010102"])
    }
}
