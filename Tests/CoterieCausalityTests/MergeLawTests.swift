// The laws of merge, over every small state and over random larger ones; and merge against the definition, spelt out.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct MergeLawTests {
    /// All 49 states of two replicas with up to two events each: every context, every choice of live dots.
    static let small: [CausalObject] = {
        var states: [CausalObject] = []
        for lastA in 0 ... 2 as ClosedRange<UInt64> {
            for lastB in 0 ... 2 as ClosedRange<UInt64> {
                let dots = (1 ..< 1 + lastA).map { a($0) } + (1 ..< 1 + lastB).map { b($0) }
                for choice in 0 ..< 1 << dots.count {
                    let live = dots.indices.filter { choice >> $0 & 1 == 1 }.map { dots[$0] }
                    states.append(object(VersionVector(dots), live: live))
                }
            }
        }
        return states
    }()

    /// The definition: the live dots that both have, and those that only one has and the other's context does not cover.
    func mergeByDefinition(_ x: CausalObject, _ y: CausalObject) -> CausalObject {
        let inX = Set(x.liveDots)
        let inY = Set(y.liveDots)
        let live = inX.intersection(inY)
            .union(inX.subtracting(inY).filter { !y.context.covers($0) })
            .union(inY.subtracting(inX).filter { !x.context.covers($0) })
        return object(x.context.merged(with: y.context), live: Array(live))
    }

    /// From the definition of a join: below means that merging changes nothing.
    func order(_ x: CausalObject, _ y: CausalObject, merged: CausalObject) -> CausalOrder {
        CausalOrder(firstHasMore: merged != y, secondHasMore: merged != x)
    }

    func check(_ x: CausalObject, _ y: CausalObject) {
        let merged = x.merged(with: y)
        merged.checkInvariants()
        if merged != mergeByDefinition(x, y) { Issue.record("not the definition: \(x), \(y) gave \(merged)") }
        if merged != y.merged(with: x) { Issue.record("not commutative: \(x), \(y)") }
        if x.compare(with: y) != order(x, y, merged: merged) {
            Issue.record("\(x) to \(y): \(x.compare(with: y)), by merge \(order(x, y, merged: merged))")
        }
        if (x.digest == y.digest) != (x == y) { Issue.record("digests of \(x) and \(y)") }
        if x.isInTheState(of: y) != (x == y) { Issue.record("states of \(x) and \(y)") }
    }

    @Test func everySmallPair() {
        #expect(Self.small.count == 49)
        for x in Self.small {
            #expect(x.merged(with: x) == x)
            #expect(x.merged(with: CausalObject()) == x && CausalObject().merged(with: x) == x)
            for y in Self.small { check(x, y) }
        }
    }

    @Test func everySmallTriple() {
        let states = Self.small
        let index = Dictionary(uniqueKeysWithValues: states.enumerated().map { ($1, $0) })
        let table = states.map { x in states.map { y in index[x.merged(with: y)] } }
        var wrong = 0
        for x in states.indices {
            for y in states.indices {
                for z in states.indices {
                    guard let left = table[x][y], let right = table[y][z], table[left][z] == table[x][right] else {
                        wrong += 1
                        continue
                    }
                }
            }
        }
        #expect(wrong == 0, "\(wrong) of \(states.count * states.count * states.count) triples are not associative")
    }

    @Test(arguments: 0 ..< 20 as Range<UInt64>) func randomStatesOfManyReplicas(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let replicas = (0 ..< 2 + random.below(8)).map { replica(UInt32($0 % 3), life: UInt64($0)) }
        for _ in 0 ..< 25 {
            let x = random.object(over: replicas, upTo: 3)
            var y = random.object(over: replicas, upTo: 3)
            if random.chance(1, in: 2) { y.merge(x) }
            let z = random.object(over: replicas, upTo: 3)
            check(x, y)
            #expect(x.merged(with: x) == x)
            #expect(x.merged(with: y).merged(with: z) == x.merged(with: y.merged(with: z)), "seed \(seed)")
        }
    }
}
