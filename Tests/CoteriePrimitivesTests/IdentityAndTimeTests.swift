// The small identifiers: how they order and print; and time as a value.

import CoteriePrimitives
import Testing

@Suite struct IdentityAndTimeTests {
    @Test func incarnationsOrderByNonceThenBySubNumber() {
        let lives = [
            Incarnation(nonce: 1), Incarnation(nonce: 1, sub: 1), Incarnation(nonce: 1, sub: 2), Incarnation(nonce: 2),
            Incarnation(nonce: .max, sub: .max),
        ]
        #expect(lives.shuffledBySeed(11).sorted() == lives)
        #expect(Incarnation(nonce: 1).next == Incarnation(nonce: 1, sub: 1))
    }

    @Test func groupsOrderByPartitionThenByN() {
        let groups = [
            Group(partition: PartitionIndex(0), n: 3), Group(partition: PartitionIndex(1), n: 1),
            Group(partition: PartitionIndex(1), n: 3), Group(partition: PartitionIndex(256), n: 1),
        ]
        #expect(groups.shuffledBySeed(12).sorted() == groups)
    }

    @Test func identifiersPrintShort() {
        #expect(MemberNumber(7).description == "m7")
        #expect(Incarnation(nonce: 35).description == "z")
        #expect(Incarnation(nonce: 36, sub: 2).description == "10.2")
        #expect(Group(partition: PartitionIndex(9), n: 3).description == "p9/n3")
        #expect(Epoch(4).description == "e4")
    }

    @Test func spansAndInstantsAddUp() {
        let start = Instant(nanoseconds: 5)
        #expect(start + .milliseconds(2) - start == .microseconds(2_000))
        #expect(TimeSpan.seconds(1) - .milliseconds(1) == .milliseconds(999))
        #expect(TimeSpan.milliseconds(3) * -2 == TimeSpan(nanoseconds: -6_000_000))
        #expect(TimeSpan(nanoseconds: -1_500).microseconds == -1)
        #expect(TimeSpan(nanoseconds: 1_999_999).milliseconds == 1)
        #expect(TimeSpan.zero < .microseconds(1) && TimeSpan(nanoseconds: -1) < .zero)
        #expect(TimeSpan.milliseconds(20).description == "20ms")
        #expect(TimeSpan.microseconds(20).description == "20µs")
    }
}

extension Array {
    fileprivate func shuffledBySeed(_ seed: UInt64) -> [Element] {
        var random = SeededGenerator(seed: seed)
        var copy = self
        random.shuffle(&copy)
        return copy
    }
}
