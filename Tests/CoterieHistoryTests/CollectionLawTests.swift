// Sets and counters on small histories.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieWire
import Testing

@Suite struct CollectionLawTests {
    struct Run {
        var history = History()
        let key = ObjectKey(type: "default", bucket: "b", key: "k")

        mutating func did(_ action: Action, _ outcome: Outcome = .ok, quorum: Quorum = .quorum, reply: Reply? = nil) {
            let id = history.call(
                action, key: key, by: ProcessNumber(1),
                asked: Asked(quorum: quorum, durable: action.isWrite ? quorum : nil),
                at: Instant(nanoseconds: 0))
            history.complete(id, outcome, reply: reply, at: Instant(nanoseconds: 0))
        }

        var found: [Violation] { Judge(checkers: [.sets, .counters]).judge(history) }
    }

    @Test func elementsAreStableStaleOrLost() {
        var run = Run()
        run.did(.add(1))
        run.did(.add(2))
        run.did(.add(3))
        run.did(.add(4), .unknown)
        run.did(.get, reply: Reply(elements: [1, 3]))
        run.did(.get, reply: Reply(elements: [1, 2]))
        let summary = Sets.summary(of: run.key, in: run.history)
        #expect(summary == SetSummary(stable: 1, stale: 1, lost: 1, neverRead: 1))
        #expect(run.found.count == 2)
        #expect(run.found[0].text.contains("stale") && run.found[1].text.contains("lost"))
    }

    @Test func aReadDuringTheAddSaysNothingOfLaterReads() {
        var run = Run()
        let now = Instant(nanoseconds: 0)
        let add = run.history.call(.add(1), key: run.key, by: ProcessNumber(2), at: now)
        let during = run.history.call(.get, key: run.key, by: ProcessNumber(3), at: now)
        run.history.complete(add, .ok, at: now)
        run.history.complete(during, .ok, reply: Reply(elements: [1]), at: now)
        #expect(run.found.isEmpty)
        run.did(.get, reply: Reply(elements: []))
        #expect(run.found.count == 1)
    }

    @Test func aReadOfOneReplicaMayMissAnElement() {
        var run = Run()
        run.did(.add(1))
        run.did(.get, quorum: .one, reply: Reply(elements: []))
        #expect(run.found.isEmpty)
    }

    /// Two of three owners have the addition under `dot`, and a remove with this context is acknowledged by two.
    private func removal(_ context: VersionVector, _ outcome: Outcome = .ok) -> Run {
        var run = Run()
        let now = Instant(nanoseconds: 0)
        let add = run.history.call(.add(1), key: run.key, by: ProcessNumber(1), at: now)
        var receipt = Situation.receipt(a, [1, 2], isWrite: true)
        receipt.written = Dot(a, 4)
        run.history.complete(add, .ok, receipt: receipt, at: now)
        let remove = run.history.call(.remove(1), key: run.key, by: ProcessNumber(1), context: context, at: now)
        run.history.complete(remove, outcome, receipt: Situation.receipt(b, [2, 3], isWrite: true), at: now)
        return run
    }

    @Test func anElementThatWasRemovedByOneWhoHadSeenItDoesNotComeBack() {
        var run = removal(vector(Dot(a, 4)))
        run.did(.get, reply: Reply(elements: []))
        #expect(run.found.isEmpty, "nobody is owed it")
        run.did(.get, quorum: .one, reply: Reply(elements: [1]))
        #expect(run.found.isEmpty, "one replica need not have the remove")
        run.did(.get, reply: Reply(elements: [1]))
        #expect(run.found.count == 1 && run.found[0].text.contains("which had seen it"), "\(run.found)")
    }

    @Test(arguments: [(3 as UInt64, Outcome.ok), (4, .unknown)])
    func aRemoveThatHadNotSeenItOrMayNotHaveHappenedPromisesNothing(seen: UInt64, outcome: Outcome) {
        var run = removal(vector(Dot(a, seen)), outcome)
        run.did(.get, reply: Reply(elements: [1]))
        run.did(.get, reply: Reply(elements: []))
        #expect(run.found.isEmpty, "\(run.found)")
    }

    @Test func aBoundedCounterIsNeverBelowZero() {
        var run = Run()
        run.history.rules["default"] = BucketRule(n: 3, kind: .bcounter)
        run.did(.increment(-2), .unknown)
        run.did(.get, reply: Reply(count: 0))
        #expect(run.found.isEmpty)
        run.did(.get, reply: Reply(count: -2))
        #expect(run.found.contains { $0.text.contains("below zero") })
    }

    @Test func aCounterIsWithinWhatIsAcknowledgedAndWhatIsPossible() {
        for (value, isFine) in [(4 as Int64, false), (5, true), (7, true), (8, false)] {
            var run = Run()
            run.did(.increment(5))
            run.did(.increment(2), .unknown)
            run.did(.increment(100), .notApplied)
            run.did(.get, reply: Reply(count: value))
            run.did(.increment(1))
            #expect(run.found.isEmpty == isFine, "\(value)")
        }
    }

    @Test func negativeAmountsTurnTheBoundsRound() {
        for (value, isFine) in [(2 as Int64, false), (3, true), (6, true), (7, false)] {
            var run = Run()
            run.did(.increment(10))
            run.did(.increment(-4))
            run.did(.increment(-3), .unknown)
            run.did(.get, reply: Reply(count: value))
            #expect(run.found.isEmpty == isFine, "\(value)")
        }
    }

    @Test func aReadOfOneReplicaMayBeBehind() {
        var run = Run()
        run.did(.increment(10))
        run.did(.get, quorum: .one, reply: Reply(count: 0))
        #expect(run.found.isEmpty)
    }
}
