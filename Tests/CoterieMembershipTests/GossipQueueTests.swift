import CoteriePrimitives
import Testing

@testable import CoterieMembership

@Suite struct GossipQueueTests {
    private func claim(_ member: UInt32, _ refutation: UInt64 = 0) -> Claim { .alive(MemberNumber(member), refutation) }

    @Test func newsIsSentSoOftenAndNoOftener() {
        var queue = GossipQueue()
        queue.add(claim(1))
        for _ in 0 ..< 4 {
            let sent = queue.take(bytes: 100, limit: 4)
            #expect(sent == [claim(1)])
        }
        let rest = queue.take(bytes: 100, limit: 4)
        #expect(rest == [])
        #expect(queue.isEmpty)
    }

    @Test func whatWasSentLeastComesFirstAndOfThatTheNewest() {
        var queue = GossipQueue()
        queue.add(claim(1))
        queue.add(claim(2))
        let first = queue.take(bytes: 100, limit: 9)
        #expect(first == [claim(2), claim(1)])
        queue.add(claim(3))
        let second = queue.take(bytes: 100, limit: 9)
        #expect(second == [claim(3), claim(2), claim(1)])
        queue.add(claim(4))
        // Room for one: the one that was never sent.
        let one = queue.take(bytes: 2, limit: 9)
        #expect(one == [claim(4)])
        let two = queue.take(bytes: 4, limit: 9)
        #expect(two == [claim(4), claim(3)])
    }

    @Test func newerNewsOfAMemberTakesThePlaceOfOlder() {
        var queue = GossipQueue()
        queue.add(claim(1, 0))
        _ = queue.take(bytes: 100, limit: 2)
        queue.add(claim(1, 1))
        #expect(queue.count == 1)
        for _ in 0 ..< 2 {
            let sent = queue.take(bytes: 100, limit: 2)
            #expect(sent == [claim(1, 1)])
        }
        #expect(queue.isEmpty)
    }

    @Test func aMessageHoldsWhatFitsAndSkipsWhatDoesNot() {
        var queue = GossipQueue()
        queue.add(claim(1))
        queue.add(claim(5_000_000, 1 << 40))
        let fitting = queue.take(bytes: 3, limit: 9)
        #expect(fitting == [claim(1)])
    }

    @Test func newsThatNobodyCanBeToldGetsOld() {
        var queue = GossipQueue()
        queue.add(claim(1))
        for _ in 0 ..< 3 { queue.age(limit: 3) }
        #expect(queue.isEmpty)
    }

    @Test func whateverIsTakenAndAddedTheOrderHoldsAndNothingIsSentTooOften() {
        var generator = SeededGenerator(seed: 11)
        var queue = GossipQueue()
        var sent: [Claim: Int] = [:]
        for step in 0 ..< 2_000 {
            if generator.chance(1, in: 3) {
                queue.add(claim(UInt32(generator.below(40)), UInt64(step)))
            } else {
                for claim in queue.take(bytes: generator.below(30), limit: 5) { sent[claim, default: 0] += 1 }
            }
            for (a, b) in zip(queue.items, queue.items.dropFirst()) { #expect(GossipQueue.Item.before(a, b)) }
        }
        #expect(sent.values.max() == 5)
        #expect(sent.count > 100)
    }
}

@Suite struct ProbeOrderTests {
    private let others = (1 ... 20).map { MemberNumber($0) }

    @Test func eachPassHasEachMemberOnceAndAnotherOrder() {
        var generator = SeededGenerator(seed: 3)
        var order = ProbeOrder(others, using: &generator)
        var passes: [[MemberNumber]] = []
        for _ in 0 ..< 5 {
            passes.append((0 ..< 20).compactMap { _ in order.advance(using: &generator) { _ in true } })
        }
        for pass in passes { #expect(pass.sorted() == others) }
        #expect(Set(passes).count == 5)
    }

    @Test func theUnwantedArePassedOverAndNobodyIsNobody() {
        var generator = SeededGenerator(seed: 3)
        var order = ProbeOrder(others, using: &generator)
        let seen = (0 ..< 10).compactMap { _ in order.advance(using: &generator) { $0.rawValue.isMultiple(of: 2) } }
        #expect(seen.sorted() == others.filter { $0.rawValue.isMultiple(of: 2) })
        let nobody = order.advance(using: &generator) { _ in false }
        #expect(nobody == nil)
    }

    @Test func whoComesAndGoesDoesNotDisturbThePass() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0 ..< 50 {
            var order = ProbeOrder(others, using: &generator)
            let seen = (0 ..< 8).compactMap { _ in order.advance(using: &generator) { _ in true } }
            let staying = others.filter { $0.rawValue > 3 } + [MemberNumber(30), MemberNumber(31)]
            order.adopt(staying, using: &generator)
            #expect(order.others.sorted() == staying)
            // The rest of the pass: all that were not probed in it, and of the new ones those that fell behind.
            let rest = (0 ..< 17).compactMap { _ in order.advance(using: &generator) { _ in true } }
            let missed = Set(staying).subtracting(seen).subtracting(rest).filter { $0.rawValue < 30 }
            #expect(missed.isEmpty)
        }
    }
}
