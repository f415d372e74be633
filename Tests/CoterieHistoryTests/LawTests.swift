// Each law on the smallest histories that keep it and break it.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import Testing

private let a1 = Dot(a, 1)
private let a2 = Dot(a, 2)
private let b1 = Dot(b, 1)
private let c1 = Dot(c, 1)

@Suite struct CausalityLawTests {
    @Test func siblingsAndTheirSuccessorAreExplained() {
        var s = Situation()
        s.put(1, a1)
        s.put(2, b1, acknowledgedBy: [2, 3])
        s.get(shows([(a1, 1), (b1, 2)], vector(a1, b1)))
        s.put(3, c1, over: vector(a1, b1))
        s.get(shows([(c1, 3)], vector(a1, b1, c1)))
        s.final = shows([(c1, 3)], vector(a1, b1, c1))
        s.expectNothing()
    }

    @Test func aSiblingThatNobodyReplacedMayNotVanish() {
        var s = Situation()
        let first = s.put(1, a1)
        s.put(2, b1, acknowledgedBy: [2, 3])
        s.get(shows([(a1, 1)], vector(a1)), by: [1])
        let read = s.get(shows([(b1, 2)], vector(a1, b1)))
        s.expect(.causality, [read, first])
    }

    @Test func nothingStandsBesideWhatReplacedIt() {
        var s = Situation()
        s.put(1, a1)
        let second = s.put(2, b1, over: vector(a1))
        let read = s.get(shows([(a1, 1), (b1, 2)], vector(a1, b1)), by: [1])
        s.expect(.causality, [read, second])
    }

    @Test func aRefusedWriteIsNeverShown() {
        var s = Situation()
        let put = s.put(1, a1, outcome: .notApplied)
        let read = s.get(shows([(a1, 1)], vector(a1)))
        s.expect(.causality, [read, put])
    }

    @Test func anUnknownWriteMayBeShownOrNot() {
        var s = Situation()
        s.put(1, a1, outcome: .unknown)
        s.get(shows([(a1, 1)], vector(a1)), by: [1])
        s.get(shows([], VersionVector()), by: [2])
        s.expectNothing()
    }

    @Test func aValueOfTheFutureIsNotExplained() {
        var s = Situation()
        let read = s.get(shows([(a1, 1)], vector(a1)))
        let put = s.put(1, a1)
        #expect(s.judged(.causality).allSatisfy { Set($0.records) == Set([read, put]) })
        #expect(!s.judged(.causality).isEmpty)
    }

    @Test func aContextIsClosed() {
        var s = Situation()
        s.put(1, a1)
        s.put(2, b1, over: vector(a1))
        let read = s.get(shows([(b1, 2)], vector(b1)))
        s.expect(.causality, [read])
    }

    @Test func theRuleLwwMayDiscardTheEarlierOnly() {
        func reply(_ dot: Dot, _ value: UInt64, _ time: Int64, _ context: VersionVector) -> Reply {
            let written = HybridTime(milliseconds: time)
            return Reply(context: context, siblings: [SeenValue(dot: dot, value: ValueID(value), written: written)])
        }
        for (winner, isFine) in [(2 as UInt64, true), (1, false)] {
            var s = Situation(.lww)
            s.put(1, a1)
            s.get(reply(a1, 1, 100, vector(a1)), by: [1])
            s.put(2, b1, acknowledgedBy: [2, 3])
            s.get(reply(b1, 2, 200, vector(b1)), by: [3])
            s.get(reply(winner == 2 ? b1 : a1, winner, winner == 2 ? 200 : 100, vector(a1, b1)))
            #expect(s.judged(.causality, .lostWrites).isEmpty == isFine)
        }
    }
}

@Suite struct QuorumLawTests {
    @Test func aReadThatSharesAnOwnerSeesTheWrite() {
        var s = Situation()
        let put = s.put(1, a1, acknowledgedBy: [1, 2])
        let read = s.get(shows([], VersionVector()), by: [2, 3])
        s.expect(.regularity, [read, put])
    }

    @Test func aReadThatSharesNoOwnerMayMissIt() {
        var s = Situation()
        s.put(1, a1, acknowledgedBy: [1, 2])
        s.get(shows([], VersionVector()), by: [3])
        s.expectNothing()
    }

    @Test func aReadThatBeganBeforeTheAcknowledgementMayMissIt() {
        var s = Situation()
        let put = s.call(1)
        let read = s.history.call(.get, key: s.key, by: ProcessNumber(5), at: s.now())
        s.finish(put, a1)
        s.history.complete(
            read, .ok, reply: shows([], VersionVector()), receipt: Situation.receipt(b, [2, 3], isWrite: false),
            at: s.now())
        s.expectNothing()
    }

    @Test func copiesWithoutFsyncArePromisedNothingUnderCrashes() {
        var s = Situation()
        let put = s.call(1)
        var receipt = Situation.receipt(a, [1, 2], isWrite: true)
        receipt.written = a1
        receipt.asked.durable = 0
        receipt.metDurable = 0
        for index in receipt.responders.indices { receipt.responders[index].answer = .stored }
        s.history.complete(put, .ok, reply: Reply(context: vector(a1)), receipt: receipt, at: s.now())
        s.get(shows([], VersionVector()), by: [2, 3])
        s.final = shows([], VersionVector())
        s.expectNothing()
        s.promise.copies = .stored
        #expect(s.judged(.regularity).count == 1)
        #expect(s.judged(.lostWrites).count == 1)
    }

    @Test func aDeletedValueDoesNotComeBack() {
        var s = Situation()
        let put = s.put(1, a1)
        let delete = s.put(nil, b1, over: vector(a1))
        let read = s.get(shows([(a1, 1)], vector(a1)))
        s.expect(.resurrection, [read, delete, put])
    }

    @Test func aBlindDeleteRemovesWhatWasAcknowledgedBeforeIt() {
        var s = Situation()
        s.put(1, a1)
        s.put(nil, b1, context: vector(a1))
        s.final = shows([(a1, 1)], vector(a1))
        #expect(s.judged(.resurrection).count == 1)
        s.final = shows([], vector(a1, b1))
        s.expectNothing()
    }

    @Test func aLostWriteIsMissedInTheEnd() {
        var s = Situation()
        let put = s.put(1, a1)
        s.final = shows([], VersionVector())
        s.expect(.lostWrites, [put])
        s.promise.lostDisks = 1
        #expect(s.judged(.lostWrites).count == 1)
        s.promise.lostDisks = 2
        #expect(s.judged(.lostWrites).isEmpty)
    }

    @Test func aReadMayMissWhatAllDisksThatHadItLost() {
        var s = Situation()
        s.put(1, a1, acknowledgedBy: [1, 2])
        s.get(shows([], VersionVector()), by: [1, 3])
        for (lostDisks, isFine) in [(0, false), (1, false), (2, true)] {
            s.promise.lostDisks = lostDisks
            #expect(s.judged(.regularity).isEmpty == isFine, "\(lostDisks) disks lost")
        }
    }

    @Test func afterReclaimingAContextMayBeginAnew() {
        var s = Situation()
        s.put(1, a1)
        s.put(nil, b1, over: vector(a1))
        s.get(shows([], VersionVector()))
        s.put(2, c1, acknowledgedBy: [1, 3])
        s.get(shows([(c1, 2)], vector(c1)))
        s.final = shows([(c1, 2)], vector(c1))
        #expect(!s.judged(.regularity).isEmpty)
        s.promise.reclaimsMarkers = true
        s.expectNothing()
        s.final = shows([], VersionVector())
        #expect(s.judged(.lostWrites).count == 1)
    }
}

extension QuorumLawTests {
    /// Its marker may be gone before the read is answered (sim seed 536364751582).
    @Test func aDeleteBesideAReadMayHaveLeftNothing() {
        var s = Situation()
        s.promise.reclaimsMarkers = true
        s.put(1, a1)
        s.get(shows([], VersionVector())) { s in s.put(nil, b1, over: vector(a1)) }
        s.expectNothing()
        var lost = Situation()
        lost.promise.reclaimsMarkers = true
        lost.put(1, a1)
        lost.get(shows([], VersionVector()))
        lost.put(nil, b1, over: vector(a1))
        #expect(!lost.judged(.regularity).isEmpty)
    }
}

@Suite struct OtherLawTests {
    @Test func oneWriteIsOneDot() {
        var s = Situation()
        let put = s.put(1, a1)
        let read = s.get(shows([(a1, 1), (b1, 1)], vector(a1, b1)))
        s.expect(.dots, [read, put])
    }

    @Test func oneDotIsOneWrite() {
        var s = Situation()
        let first = s.put(1, a1)
        let early = s.get(shows([(a1, 1)], vector(a1)))
        let second = s.put(2, a1, acknowledgedBy: [1, 3])
        let late = s.get(shows([(a1, 2)], vector(a1)))
        let found = s.judged(.dots)
        #expect(!found.isEmpty)
        #expect(Set(found.flatMap(\.records)).isSuperset(of: [first, second, early, late]))
    }

    @Test func aFloorIsMet() {
        var s = Situation()
        s.put(1, a1)
        let read = s.get(shows([], VersionVector()), by: [3], floor: vector(a1))
        s.expect(.sessions, [read])
        s.promise.sessions = .nothing
        #expect(s.judged(.sessions).isEmpty)
    }

    @Test func aSessionNeverSeesLessThanItHasSeen() {
        var s = Situation()
        s.put(1, a1)
        let first = s.get(shows([(a1, 1)], vector(a1)), by: [1], process: 7)
        let second = s.get(shows([], VersionVector()), by: [3], process: 7)
        s.expectNothing()
        s.promise.sessions = .always
        s.expect(.sessions, [second, first])
    }

    @Test func siblingsAreBounded() {
        var s = Situation()
        s.put(1, a1)
        s.put(2, b1)
        let read = s.get(shows([(a1, 1), (b1, 2)], vector(a1, b1)))
        s.promise.maximumSiblings = 1
        s.expect(.siblings, [read])
    }

    @Test func anExcerptHasTheOperationsAndNothingElse() throws {
        var s = Situation()
        let put = s.put(1, a1)
        s.put(2, b1, acknowledgedBy: [2, 3])
        let read = s.get(shows([(b1, 2)], vector(b1)))
        let violation = try #require(s.judged(.regularity).first)
        let lines = violation.excerpt(of: s.history).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("\(put) p0 [1, 2] put v1 -> ok"))
        #expect(lines[2].contains("\(read) p1 [5, 6] get -> ok v2@m2:k#1 context {m2:k≤1} met 2/2 of 3, e1 by m1"))
    }
}
