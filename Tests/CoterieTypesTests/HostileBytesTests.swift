// Payloads of another build, of a broken disk or of a hostile peer: every type reads them or throws, and never traps.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore
import Testing

@Suite struct HostileBytesTests {
    private static let minter = Keeper(1, ReplicatedSet.self).identity

    /// An operation of each built-in type, and one that gives its payloads something to hold.
    private static let operations: [(String, ByteBuffer)] = [
        ("siblings", Content("x").canonicalBytes()), ("lww", Content("x").canonicalBytes()),
        ("register", ByteBuffer("x").canonicalBytes()), ("flag", true.canonicalBytes()),
        ("set", SetOperation.add("x", "y").canonicalBytes()), ("gset", ElementList("x").canonicalBytes()),
        ("counter", CounterOperation.add(.max).canonicalBytes()), ("max", Int64.min.canonicalBytes()),
        ("min", Int64.max.canonicalBytes()), ("hll", ElementList("x", "y").canonicalBytes()),
        ("bcounter", BoundedCounterOperation.add(1 << 60).canonicalBytes()),
        (
            "map",
            MapOperation.update("m", ReplicatedMap.self, .update("k", ReplicatedCounter.self, .add(1))).canonicalBytes()
        ),
    ]

    @Test func everyBuiltInTypeIsTried() { #expect(Self.operations.map(\.0).sorted() == TypeRegistry.builtIn.names) }

    @Test(arguments: operations.indices) func payloadsThatAreNoneThrow(index: Int) throws {
        let (name, operation) = Self.operations[index]
        let type = try TypeRegistry.builtIn[name]
        var random = SeededGenerator(seed: UInt64(index))
        let occasion = Occasion(
            minter: Self.minter, now: WallTime(milliseconds: 1), id: OperationID(client: 1, number: 1))
        let good = try type.apply(operation, to: CausalObject(), occasion).payloads
        var refused = 0
        for _ in 0 ..< 300 {
            let payloads = (0 ..< 1 + random.below(3)).map { _ in random.damaged(good) }
            var object = CausalObject()
            object.apply(
                CausalEvent(
                    run: DotRun(Dot(Self.minter, 3), count: payloads.count), base: VersionVector(), dropped: [],
                    payloads: payloads))
            type.settle(&object)
            do { _ = try type.value(of: object) } catch { refused += 1 }
            _ = try? type.apply(random.damaged([operation]), to: object, occasion)
            _ = try? type.fold(object, by: Self.minter) { _ in true }
        }
        // What has any bytes for a value cannot refuse them.
        #expect(refused > 0 || name == "flag", "\(name) refused nothing")
    }

    @Test func aPathThatEndsInAMapIsRefused() throws {
        let map = Field("m", ReplicatedMap.self)
        var payload = ByteBuffer(integer: 1 as UInt8)
        [map].append(to: &payload)
        var object = CausalObject()
        object.apply(
            CausalEvent(
                run: DotRun(Dot(Self.minter, 1), count: 2), base: VersionVector(), dropped: [],
                payloads: [payload, payload]))
        let fault = #expect(throws: TypeFault.self) { try ReplicatedMap.value(of: object) }
        #expect(
            fault?.description
                == "a payload of the type map: the path does not lead through maps to something else, at byte 8")
    }

    @Test func aSketchBeyondAllHashesHasAValue() throws {
        var bytes = ByteBuffer(integer: 1 as UInt8)
        bytes.writeVarint(4096)
        bytes.writeRepeatingByte(53, count: 4096)
        #expect(try DistinctSketch(decoding: bytes, as: "sketch").estimate > 1 << 60)
    }
}

extension SeededGenerator {
    /// One of these, cut off, with bits turned over, or prolonged.
    fileprivate mutating func damaged(_ choices: [ByteBuffer]) -> ByteBuffer {
        var bytes = Array((pick(choices) ?? ByteBuffer()).readableBytesView)
        for _ in 0 ..< 1 + below(4) {
            switch below(4) {
            case 0: bytes = Array(bytes.prefix(below(bytes.count + 1)))
            case 1: bytes += (0 ..< below(9)).map { _ in UInt8(below(256)) }
            default: if !bytes.isEmpty { bytes[below(bytes.count)] ^= UInt8(1 << below(8)) }
            }
        }
        return ByteBuffer(bytes: bytes)
    }
}
