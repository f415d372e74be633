// What a write, a delete and a merge do to one key's state, situation by situation.

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct CausalObjectTests {
    let none = VersionVector()
    let apple = ByteBuffer(string: "apple")
    let pear = ByteBuffer(string: "pear")

    /// A key that `dot` wrote and nothing else.
    func written(_ dot: Dot, _ payload: ByteBuffer = ByteBuffer(string: "apple")) -> CausalObject {
        var object = CausalObject()
        object.write(dot: dot, payload: payload, observed: none)
        return object
    }

    @Test func aKeyThatWasNeverWrittenIsEmptyAndNoMarker() {
        let object = CausalObject()
        #expect(object.isEmpty && !object.isMarker && object.digest == 0)
        #expect(!object.holdsOrCovers(a(1)) && !object.holds(a(1)))
    }

    @Test func aFirstWriteIsTheOnlySibling() {
        let object = written(a(5))
        #expect(object.siblings == [Sibling(dot: a(5), payload: apple)])
        #expect(object.context == vector(a(5)))
        #expect(!object.isEmpty && !object.isMarker)
        #expect(object.holds(a(5)) && object.holdsOrCovers(a(3)) && !object.holds(a(3)))
    }

    @Test func aWriteThatSawTheValueReplacesIt() {
        var object = written(a(1))
        object.write(dot: a(2), payload: pear, observed: vector(a(1)))
        #expect(object.siblings == [Sibling(dot: a(2), payload: pear)])
        #expect(object.context == vector(a(2)))
    }

    @Test func aWriteThatSawNothingStandsBesideTheValue() {
        var object = written(a(1))
        object.write(dot: a(2), payload: pear, observed: none)
        #expect(object.liveDots == [a(1), a(2)])
        object.write(dot: b(1), payload: pear, observed: vector(a(1)))
        #expect(object.liveDots == [a(2), b(1)])
    }

    @Test func aWriteMayReplaceWhatThisReplicaHasNotSeen() {
        var object = CausalObject()
        object.write(dot: a(1), payload: apple, observed: vector(b(4)))
        #expect(object.context == vector(a(1), b(4)))
        object.merge(written(b(4), pear))
        #expect(object.liveDots == [a(1)], "the late value was replaced before it came")
    }

    @Test func aDeleteMintsADotOfItsOwn() {
        var object = written(a(1))
        object.write(dot: b(1), payload: nil, observed: vector(a(1)))
        #expect(object.isMarker && object.context == vector(a(1), b(1)))
    }

    @Test func aDeleteLeavesWhatItHasNotSeen() {
        var object = written(a(1))
        object.write(dot: a(2), payload: pear, observed: none)
        object.write(dot: b(1), payload: nil, observed: vector(a(1)))
        #expect(object.liveDots == [a(2)])
        #expect(object.holdsOrCovers(b(1)) && !object.holds(b(1)))
    }

    @Test func siblingsStayOrderedWhoeverWritesThem() {
        var object = written(b(3))
        object.write(dot: c(1), payload: pear, observed: none)
        object.write(dot: a(9), payload: pear, observed: none)
        object.write(dot: b(4), payload: pear, observed: none)
        #expect(object.liveDots == [a(9), b(3), b(4), c(1)])
        object.checkInvariants()
    }

    @Test func aDotThatWasSeenCannotBeMintedAgain() {
        let object = written(a(3))
        #expect(!object.canMint(a(3), observed: none))
        #expect(!object.canMint(a(2), observed: none))
        #expect(!object.canMint(a(4), observed: vector(a(4))), "the client met this identity beyond what it holds")
        #expect(object.canMint(a(4), observed: vector(a(3))))
        #expect(object.canMint(replica(1, life: 2)(1), observed: vector(a(9))))
    }

    @Test func mergeKeepsWhatTheOtherHasNotSeenAndDropsWhatItOverwrote() {
        let first = written(a(1))
        var second = first
        second.write(dot: b(1), payload: pear, observed: vector(a(1)))
        #expect(first.merged(with: second) == second)
        #expect(second.merged(with: first) == second)
        var third = first
        third.write(dot: c(1), payload: pear, observed: none)
        #expect(second.merged(with: third).liveDots == [b(1), c(1)])
    }

    @Test func aMarkerRemovesWhatItSawAndNothingElse() {
        var marker = written(a(1))
        marker.write(dot: a(2), payload: nil, observed: vector(a(1)))
        #expect(written(a(1)).merged(with: marker) == marker)
        var other = written(a(1))
        other.write(dot: b(1), payload: pear, observed: none)
        let merged = marker.merged(with: other)
        #expect(merged.liveDots == [b(1)] && merged.context == vector(a(2), b(1)))
    }

    @Test func whatIsDroppedByARuleDoesNotComeBack() {
        var object = written(a(1))
        object.write(dot: b(1), payload: pear, observed: none)
        let before = object
        let dropped = object.retain { $0.dot == b(1) }
        #expect(dropped.map(\.dot) == [a(1)])
        #expect(object.liveDots == [b(1)] && object.context == before.context)
        #expect(object.merged(with: before) == object && before.merged(with: object) == object)
        #expect(before.compare(with: object) == .before && object.compare(with: before) == .after)
        #expect(object.retain { _ in true }.isEmpty)
    }

    @Test func equalContextsDoNotMakeEqualStates() {
        let both = object(vector(a(1), b(1)), live: [a(1), b(1)])
        let onlyA = object(vector(a(1), b(1)), live: [a(1)])
        let onlyB = object(vector(a(1), b(1)), live: [b(1)])
        #expect(onlyA.compare(with: onlyB) == .concurrent)
        #expect(onlyA.merged(with: onlyB).isMarker)
        #expect(both.compare(with: onlyA) == .before)
        #expect(both.compare(with: both) == .same)
        #expect(both.digest != onlyA.digest && onlyA.digest != onlyB.digest)
    }

    @Test func anObjectNamesItsLiveDotsAndTheLastDotOfEachEntry() {
        let state = object(vector(a(4), b(2)), live: [a(2), b(2)])
        #expect(state.namedDots == [a(2), a(4), b(2)], "never the dots in between")
        #expect(CausalObject().namedDots.isEmpty)
    }

    /// Design, section 4, rule 3: the minter of a(5) names a(1) as its previous event of this key.
    @Test func aLiveDotBetweenTheMintersTwoEventsBetraysAForgottenOne() {
        let state = object(vector(a(3), b(4)), live: [a(1), a(3), b(4)])
        #expect(state.liveDot(forgottenBy: a(5), after: 1) == a(3))
        #expect(state.liveDot(forgottenBy: a(5), after: 3) == nil)
        #expect(state.liveDot(forgottenBy: a(3), after: 1) == nil)
        #expect(state.liveDot(forgottenBy: b(5), after: 4) == nil)
        #expect(state.liveDot(forgottenBy: b(5), after: 0) == b(4))
    }

    @Test func statesPrintWhatIsLiveAndWhatWasSeen() {
        #expect(written(a(1)).description == "(m1:1#1[5]; {m1:1≤1})")
        #expect(object(vector(a(1))).description == "(nothing live; {m1:1≤1})")
    }
}
