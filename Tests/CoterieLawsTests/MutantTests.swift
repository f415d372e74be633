// A check that rejects nothing proves nothing: each law has a broken type that must be rejected by it, with a short story.

import CoterieLaws
import CoterieTypes
import Testing

@Suite struct MutantTests {
    /// The breach that a type is rejected with.
    private func breach<T: Lawful>(of type: T.Type, histories: Int = 3000, steps: Int = 30) -> LawBreach? {
        do {
            let report = try ResolverLaws.check(type, histories: histories, steps: steps)
            Issue.record("\(type.name) was not rejected: \(report)")
            return nil
        } catch {
            return error
        }
    }

    private func expect<T: Lawful>(_ type: T.Type, breaks laws: Set<Law>, within lines: Int = 8, steps: Int = 30) {
        guard let breach = breach(of: type, steps: steps) else { return }
        #expect(laws.contains(breach.law), "\(breach)")
        #expect(breach.story.count <= lines, "\(breach)")
    }

    @Test func oneOfEqualElementsDoesNotStandForBoth() {
        expect(KeepsOneOfEqualElements.self, breaks: [.associative, .convergent, .delta, .value])
        expect(KeepsOneUnspecified.self, breaks: [.associative, .convergent, .delta])
    }

    @Test func aDiscardedContentMustNotDependOnTheWayItCame() {
        expect(DiscardsEarlier.self, breaks: [.associative, .convergent, .delta])
    }

    @Test func whatTheClientDidNotSeeIsNotRemoved() { expect(RemovesUnseen.self, breaks: [.value]) }
    @Test func whatTheMinterDoesNotHaveIsNotVouchedFor() { expect(VouchesForTheUnseen.self, breaks: [.value]) }
    @Test func onlyWhatIsLiveIsDropped() { expect(DropsTheDead.self, breaks: [.operation]) }
    @Test func settlingIsDoneAtOnce() {
        expect(SettlesByHalves.self, breaks: [.idempotent, .associative, .convergent])
    }

    @Test func aMergeHasNoMemory() { expect(Moody.self, breaks: [.commutative, .idempotent, .delta]) }

    @Test func anEventAloneDoesWhatTheObjectDoes() {
        expect(NeedsItsNeighbour.self, breaks: [.delta, .convergent, .associative])
    }

    @Test func aRetryCountsOnce() { expect(CountsRetries.self, breaks: [.value]) }
    @Test func aFoldDoesNotUndoAReset() { expect(FoldsWithoutAnchor.self, breaks: [.value], within: 12, steps: 48) }
    @Test func aFoldTakesOnlyWhatIsEverywhere() { expect(FoldsTooEarly.self, breaks: [.value], within: 12, steps: 48) }
    @Test func aFoldForgetsNothing() { expect(FoldsAway.self, breaks: [.value, .fold], within: 12, steps: 48) }
    @Test func bytesAreReadOnlyIfTheyWouldBeWritten() { expect(ReadsAnything.self, breaks: [.codec]) }
    @Test func nothingIsTakenWithoutARight() { expect(TakesAnyway.self, breaks: [.value]) }

    @Test func aSeedTellsTheSameStoryTwice() throws {
        let first = breach(of: KeepsOneOfEqualElements.self)
        let second = breach(of: KeepsOneOfEqualElements.self)
        #expect(first?.description == second?.description)
        let seed = try #require(first?.seed)
        do {
            try ResolverLaws.check(KeepsOneOfEqualElements.self, histories: 1, seed: seed)
            Issue.record("seed \(seed) alone was not rejected")
        } catch {
            #expect(error.description == first?.description)
        }
    }
}
