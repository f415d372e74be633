// Directed schedules around identities: what a lost state does to acknowledged writes (INV 1, 2), what an old delete may
// not do to a key that was written again (INV 3), and that contexts forget nobody (INV 6). Each schedule is also played
// by the mutant that breaks the rule, and then shows the loss that was paid for in the field.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct IdentityScheduleTests {
    let nothing = VersionVector()
    let first = ByteBuffer(string: "first")
    let second = ByteBuffer(string: "second")
    let third = ByteBuffer(string: "third")
    let fourth = ByteBuffer(string: "fourth")

    func values(_ object: CausalObject) -> [String] { object.siblings.map { String(buffer: $0.payload) }.sorted() }

    /// INV 1, riak_kv#679: A has acknowledged three writes of a key, loses its copy, and acknowledges a fourth from a
    /// client that has seen none of them.
    func afterTheLoss(newIdentity: ReplicaID) -> CausalObject {
        var atA = CausalObject()
        atA.write(dot: a(1), payload: first, observed: nothing)
        atA.write(dot: a(2), payload: second, observed: atA.context)
        atA.write(dot: a(3), payload: third, observed: atA.context)
        let atB = atA

        atA = CausalObject()
        atA.write(dot: newIdentity(1), payload: fourth, observed: nothing)
        let atC = atA
        let acknowledgedByAAndC = [atA, atC]
        // Read repair brings all three together.
        return acknowledgedByAAndC.reduce(atB) { $0.merged(with: $1) }
    }

    @Test func aWriteAfterLostStateSurvivesUnderANewIncarnation() {
        let healed = afterTheLoss(newIdentity: replica(1, life: 2))
        #expect(values(healed) == ["fourth", "third"])
    }

    @Test func mutantTheSameWriteIsLostUnderTheOldIncarnation() {
        let healed = afterTheLoss(newIdentity: a)
        #expect(values(healed) == ["third"], "the fourth was acknowledged and is dominated")
    }

    @Test func mutantTwoEventsUnderOneDotAreNeverToldApart() {
        var atB = CausalObject()
        atB.write(dot: a(1), payload: first, observed: nothing)
        var atA = CausalObject()
        atA.write(dot: a(1), payload: second, observed: nothing)
        #expect(atA.compare(with: atB) == .same && atA.digest == atB.digest)
        #expect(values(atA.merged(with: atB)) != values(atB.merged(with: atA)), "repair never ends it")
    }

    /// INV 2, riak_kv#1643: the replica that lost its copy first meets its own identity in a write that another
    /// coordinates, and only then mints.
    func eightSteps(takesNewIncarnation: Bool) -> (atA: CausalObject, atC: CausalObject) {
        // 1. A writes; B has it too.
        var atA = CausalObject()
        atA.write(dot: a(1), payload: first, observed: nothing)
        var atB = atA
        // 2. A writes over it; C has it too, B does not.
        atA.write(dot: a(2), payload: second, observed: atA.context)
        var atC = atA
        // 3. A loses its copy, and notices nothing.
        atA = CausalObject()
        // 4. A client that read at B writes at B.
        atB.write(dot: b(1), payload: third, observed: atB.context)
        // 5. B's write reaches A, which meets its own identity in it, beyond what it holds.
        let minted: UInt64 = 0
        atA.merge(atB)
        let metItself = atA.context[a] > minted
        #expect(metItself)
        // 6. A client that read at A writes at A.
        let identity = metItself && takesNewIncarnation ? replica(1, life: 2) : a
        atA.write(dot: identity(atA.context[identity] + 1), payload: fourth, observed: atA.context)
        // 7. It reaches C, which acknowledges.
        atC.merge(atA)
        // 8. A and C repair each other.
        atA.merge(atC)
        return (atA, atC)
    }

    @Test func aReplicaThatMeetsItselfBeyondWhatItHoldsMintsAsAnother() {
        let (atA, atC) = eightSteps(takesNewIncarnation: true)
        #expect(atA == atC)
        #expect(values(atA) == ["fourth", "second"], "the third was replaced; neither of the others saw the other")
    }

    @Test func mutantTheEightStepsLoseTheSecondWrite() {
        let (atA, atC) = eightSteps(takesNewIncarnation: false)
        #expect(atA == atC, "no repair will ever see it")
        #expect(values(atC) == ["fourth"], "C acknowledged the second, which no client has seen and nobody replaced")
    }

    /// A context from a client that has seen more of this identity than the replica minted: the write must not happen
    /// under it, and can be told beforehand.
    @Test func aClientsContextMayTellAReplicaThatItForgot() {
        let emptied = CausalObject()
        #expect(!emptied.canMint(a(1), observed: vector(a(3))))
        #expect(emptied.canMint(replica(1, life: 2)(1), observed: vector(a(3))))
    }

    /// INV 3, riak_test kv679_tombstone: C misses a delete's reclamation and comes back with the old delete, or with
    /// the old value, when the key lives again.
    @Test func aKeyThatWasWrittenAgainIsNotCoveredByAnOlderDelete() {
        var atA = CausalObject()
        atA.write(dot: a(1), payload: first, observed: nothing)
        let oldValueAtC = atA
        atA.write(dot: a(2), payload: nil, observed: atA.context)
        let oldMarkerAtC = atA
        // A and B reclaim the marker; the key is written again. Counters belong to the partition: they go on.
        var again = CausalObject()
        again.write(dot: a(3), payload: second, observed: nothing)
        #expect(values(again.merged(with: oldMarkerAtC)) == ["second"])
        #expect(values(oldMarkerAtC.merged(with: again)) == ["second"])
        #expect(values(again.merged(with: oldValueAtC)) == ["second"], "nor does the old value come back beside it")
    }

    @Test func mutantACounterThatStartsAnewIsDoomed() {
        var atA = CausalObject()
        atA.write(dot: a(1), payload: first, observed: nothing)
        atA.write(dot: a(2), payload: nil, observed: atA.context)
        let oldMarkerAtC = atA
        var again = CausalObject()
        again.write(dot: a(1), payload: second, observed: nothing)
        #expect(again.merged(with: oldMarkerAtC).isMarker, "the old delete kills the new value")
    }

    /// INV 6, riak_core#613: a hundred lives of three members, each merges and deletes: no entry ever goes.
    @Test func noEntryIsDroppedOverALongHistoryOfIncarnations() {
        var random = SeededGenerator(seed: 613)
        var states = [CausalObject(), CausalObject(), CausalObject()]
        var last: [ReplicaID: UInt64] = [:]
        var identities: [ReplicaID] = []
        for life in 1 ... 100 as ClosedRange<UInt64> {
            for member in states.indices {
                let identity = replica(UInt32(member), life: life)
                identities.append(identity)
                for counter in 1 ... 3 as ClosedRange<UInt64> {
                    let deletes = random.chance(1, in: 3)
                    let observed = random.chance(3, in: 4) ? states[member].context : nothing
                    states[member].write(
                        dot: identity(counter), payload: deletes ? nil : first, observed: observed)
                    last[identity] = counter
                    let other = random.below(3)
                    states[other].merge(states[member])
                }
            }
        }
        let whole = states.reduce(CausalObject()) { $0.merged(with: $1) }
        #expect(whole.context.count == 300)
        for identity in identities { #expect(whole.context[identity] == last[identity]) }
        whole.checkInvariants()
        var survivor = whole
        survivor.write(dot: replica(9)(1), payload: nil, observed: whole.context)
        #expect(survivor.isMarker && survivor.context.count == 301, "nor when the key is deleted")
    }

    /// Design, section 4, rule 13 (directed schedule 4): a fallback that mints twice on one key, the second time without
    /// the first at hand.
    @Test func aFallbackThatHandedItsHintOverMintsUnderANewIdentity() {
        let fallback = replica(9)
        var hint = CausalObject()
        hint.write(dot: fallback(1), payload: first, observed: nothing)
        let delivered = hint
        var next = CausalObject()
        next.write(dot: replica(9, sub: 1)(2), payload: second, observed: nothing)
        #expect(values(next.merged(with: delivered)) == ["first", "second"])

        var mutant = CausalObject()
        mutant.write(dot: fallback(2), payload: second, observed: nothing)
        #expect(values(mutant.merged(with: delivered)) == ["second"], "mutant: it covers the first, which it never saw")
    }
}
