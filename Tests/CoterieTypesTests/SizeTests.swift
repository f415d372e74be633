// How large types are after many updates of all replicas: bytes of the stored and sent object.

import CoterieCausality
import CoterieTypes
import NIOCore
import Testing

@Suite struct SizeTests {
    /// Updates at three replicas in turn, which hear of each other, and fold what everybody has, every hundred updates.
    private func size<T: ReplicatedType>(
        _ type: T.Type, updates: Int, _ operation: (Int) -> T.Operation
    ) throws -> Int {
        var keepers = (1 ... 3).map { Keeper($0, type) }
        for number in 0 ..< updates {
            try keepers[number % 3].perform(operation(number), at: Int64(number), as: UInt64(number))
            guard number % 100 == 99 else { continue }
            for _ in 0 ..< 2 {
                for at in 0 ..< 3 { keepers[at].merge(keepers[(at + 1) % 3]) }
            }
            for at in 0 ..< 3 { _ = try keepers[at].fold() }
        }
        for at in 1 ..< 3 { keepers[0].merge(keepers[at]) }
        return keepers[0].object.encodedSize
    }

    @Test func aCounterStaysSmall() throws {
        let bytes = try size(ReplicatedCounter.self, updates: 3_000) { .add(Int64($0)) }
        // The vector's three entries, three folds, three anchors, and what the last hundred left to be folded.
        #expect(bytes < 300, "\(bytes) bytes")
    }

    @Test func aSetIsAsLargeAsItsElements() throws {
        let bytes = try size(ReplicatedSet.self, updates: 1_000) {
            .add(ByteBuffer(string: "element \(100 + $0 % 100)"))
        }
        // An element of 11 bytes: a version byte, a head of 3 or 4; twice where two replicas added it last at once.
        #expect(bytes < 100 * 3 * 17, "\(bytes) bytes")
    }

    @Test func aMapIsAsLargeAsItsFields() throws {
        let bytes = try size(ReplicatedMap.self, updates: 1_000) { number in
            number % 2 == 0
                ? .update("count", ReplicatedCounter.self, .add(1))
                : .update("name", ReplicatedRegister.self, ByteBuffer(string: "\(number)"))
        }
        #expect(bytes < 700, "\(bytes) bytes")
    }
}
