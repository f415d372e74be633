// INV 5 and INV 25: one client write is one dot, and unknown stays unknown.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore
import Testing

@testable import CoterieClientMachine

@Suite struct OutcomeTests {
    let owners = Rig.owners("k")

    /// A write sent to the first owner, over a connection that has been of use.
    private func sent() -> Rig {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        _ = rig.put()
        _ = rig.stored(owners[0], 1)
        #expect(rig.put() == ["put #2 → \(owners[0])"])
        return rig
    }

    @Test("INV 5: a write whose connection is lost is repeated, under its id, to the same life of the same node")
    func sameLife() {
        var rig = sent()
        #expect(rig.down(owners[0]) == ["connect \(owners[0])"])
        #expect(rig.up(owners[0], life: 1) == ["put #2 → \(owners[0])"])
        #expect(rig.stored(owners[0], 2) == ["2 stored by \(owners[0])"])
    }

    @Test("INV 5, schedule 6: a node that has restarted is not asked again; the write is unknown")
    func anotherLife() {
        var rig = sent()
        _ = rig.down(owners[0])
        #expect(rig.up(owners[0], life: 2) == ["2 lost unknown"])
    }

    @Test("INV 5: a node that cannot be reached again leaves the write unknown, never sent elsewhere")
    func noLife() {
        var rig = sent()
        _ = rig.down(owners[0])
        #expect(rig.refuse(owners[0]) == ["2 lost unknown"])
    }

    @Test("INV 11: an update with an operation's id whose connection is lost is made again through another node")
    func repeatableUpdate() {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        #expect(rig.addition() == ["put #1 → \(owners[0])"])
        #expect(rig.down(owners[0]) == ["put #1 → \(owners[1])"])
        #expect(rig.stored(owners[1], 1) == ["1 stored by \(owners[1])"])
    }

    @Test("INV 11: an update that nobody can take any more after a lost answer is unknown, whatever the refusal says")
    func repeatableUpdateRefused() {
        var rig = Rig.connected {
            $0.hedgeAfter = nil
            $0.maxAttempts = 2
        }
        _ = rig.addition()
        _ = rig.down(owners[0])
        #expect(rig.refuses(owners[1], 1, .overloaded) == ["1 overloaded unknown by \(owners[1])"])
    }

    @Test func anUpdateWithoutAnIdIsAsAWrite() {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        _ = rig.put()
        _ = rig.stored(owners[0], 1)
        #expect(rig.addition(id: nil) == ["put #2 → \(owners[0])"])
        _ = rig.down(owners[0])
        #expect(rig.refuse(owners[0]) == ["2 lost unknown"])
    }

    @Test func aLostWriteWaitsNoLongerThanItsDeadline() {
        var rig = Rig.connected { $0.connectTimeout = .seconds(30) }
        _ = rig.put()
        _ = rig.stored(owners[0], 1)
        _ = rig.put(timeout: 100)
        _ = rig.down(owners[0])
        #expect(rig.wait(300) == ["2 deadline unknown"])
    }

    @Test func aLostWriteGoesOnOverAnotherConnectionToTheSameLife() {
        var rig = Rig { $0.connectionsPerNode = 2 }
        _ = rig.start()
        _ = rig.up(1)
        guard let first = rig.machine.nodes[0].links[0]?.id else { return }
        #expect(rig.put() == ["put #1 → \(first)"])
        _ = rig.up(1)
        #expect(rig.feed(.linkDown(first, .lost("x"))).contains("put #1 → 1"))
        #expect(rig.stored(1, 1) == ["1 stored by 1"])
    }

    @Test("INV 25: the refusal of a repeat says nothing about the first attempt")
    func refusedRepeat() {
        var rig = sent()
        _ = rig.down(owners[0])
        _ = rig.up(owners[0], life: 1)
        #expect(rig.refuses(owners[0], 2, .preconditionFailed) == ["2 precondition_failed unknown by \(owners[0])"])
    }

    @Test("INV 25: the refusal of a repeat sends it nowhere else")
    func refusedRepeatStays() {
        var rig = sent()
        _ = rig.down(owners[0])
        _ = rig.up(owners[0], life: 1)
        #expect(rig.refuses(owners[0], 2, .shuttingDown) == ["2 shutting_down unknown by \(owners[0])"])
    }

    @Test("INV 25: a write that a node calls unknown is asked nowhere else", arguments: ErrorCode.allCases)
    func unknownStays(code: ErrorCode) {
        var rig = sent()
        #expect(rig.refuses(owners[0], 2, code, .unknown) == ["2 \(code) unknown by \(owners[0])"])
    }

    @Test func aWriteThatANodeSurelyDidNotApplyGoesToAnotherOwner() {
        var rig = sent()
        #expect(rig.refuses(owners[0], 2, .shuttingDown) == ["put #2 → \(owners[1])"])
        #expect(rig.stored(owners[1], 2) == ["2 stored by \(owners[1])"])
        #expect(rig.put() == ["put #3 → \(owners[1])"], "a node that is stopping is asked last")
    }

    @Test("INV 25: a refusal that comes twice is not that of the attempt after it")
    func refusalTwice() {
        var rig = Rig()
        _ = rig.start()
        _ = rig.up(1)
        _ = rig.put()
        guard let link = rig.links[1] else { return }
        let first = RequestID(origin: 77, sequence: 1 << 3)
        let no = ClientReply(
            result: .failed(Failure(.wrongEpoch, "no")), receipt: Receipt(coordinator: MemberNumber(1), epoch: Epoch(1))
        )
        #expect(rig.feed(.received(link, .response(Response(id: first, reply: no)))) == [])
        #expect(rig.tell(1, Rig.layout(members: 3)).contains("put #1 → 1"))
        #expect(rig.feed(.received(link, .response(Response(id: first, reply: no)))) == [])
        #expect(rig.stored(1, 1) == ["1 stored by 1"])
    }

    @Test func aRefusalOfTheRequestItselfIsTheAnswer() {
        var rig = sent()
        #expect(
            rig.refuses(owners[0], 2, .preconditionFailed) == ["2 precondition_failed notApplied by \(owners[0])"])
        _ = rig.put()
        #expect(rig.refuses(owners[0], 3, .insufficientReplicas) == ["put #3 → \(owners[1])"], "it may be cut off")
    }

    @Test func refusalsElsewhereAreBoundedByTheAttempts() {
        var rig = Rig.connected { $0.maxAttempts = 2 }
        _ = rig.put()
        #expect(rig.refuses(owners[0], 1, .overloaded) == ["put #1 → \(owners[1])"])
        #expect(rig.refuses(owners[1], 1, .overloaded) == ["1 overloaded notApplied by \(owners[1])"])
    }

    @Test func refusalsElsewhereAreBoundedByTheBudget() {
        var rig = Rig.connected {
            $0.retryCapacity = 1
            $0.retriesPerHundredCalls = 0
        }
        _ = rig.put()
        _ = rig.put()
        #expect(rig.refuses(owners[0], 1, .overloaded).count == 1)
        #expect(rig.refuses(owners[0], 2, .overloaded) == ["2 overloaded notApplied by \(owners[0])"])
    }

    @Test func callsEarnTheBudgetBack() {
        var budget = RetryBudget(capacity: 2, perHundredCalls: 20)
        #expect([budget.spend(), budget.spend(), budget.spend()] == [true, true, false])
        for _ in 0 ..< 4 { budget.earn() }
        let atFour = budget.spend()
        budget.earn()
        let atFive = budget.spend()
        #expect([atFour, atFive] == [false, true])
        for _ in 0 ..< 1_000 { budget.earn() }
        #expect(budget.hundredths == 200)
    }

    @Test func whatAConnectionDidNotTakeGoesElsewhereAndIsNotApplied() {
        var rig = Rig.connected { $0.maxAttempts = 2 }
        let id = rig.machine.nextRequestID
        #expect(rig.put() == ["put #1 → \(owners[0])"])
        #expect(rig.feed(.notSent(rig.links[owners[0]]!, id)) == ["put #1 → \(owners[1])"])
        #expect(rig.feed(.notSent(rig.links[owners[0]]!, id)) == [], "not over that link any more")
        #expect(rig.feed(.notSent(rig.links[owners[1]]!, id)) == ["1 overloaded notApplied"])
    }

    @Test func aRepeatThatAConnectionDidNotTakeIsUnknown() {
        var rig = sent()
        _ = rig.down(owners[0])
        _ = rig.up(owners[0], life: 1)
        let id = RequestID(origin: 77, sequence: 2 << 3)
        #expect(rig.feed(.notSent(rig.links[owners[0]]!, id)) == ["2 lost unknown"])
    }

    @Test func aReadWhoseConnectionIsLostIsAskedElsewhere() {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        let first = rig.get()
        let asked = owners.first { first == ["get #1 → \($0)"] } ?? 0
        let then = rig.down(asked)
        #expect(owners.contains { then.contains("get #1 → \($0)") && $0 != asked })
    }

    @Test func aReadOfTheOnlyNodeWaitsForItsReturn() {
        var rig = Rig()
        _ = rig.start()
        _ = rig.up(1)
        _ = rig.get()
        _ = rig.found(1, 1)
        _ = rig.get()
        #expect(rig.down(1) == ["connect 1"])
        #expect(rig.up(1, life: 2) == ["layout? e0 → 1", "get #2 → 1"])
        #expect(rig.found(1, 2) == ["2 found by 1"])
    }

    @Test func anUnsentWriteIsFreeToGoElsewhereWhenItsNodeFalls() {
        var rig = Rig.connected { $0.maxInFlightPerConnection = 1 }
        // Fill all owners; the fourth write is queued at one of them.
        for owner in owners { #expect(rig.put() == ["put #\(owners.firstIndex(of: owner)! + 1) → \(owner)"]) }
        #expect(rig.put() == [])
        guard case .queued(let node)? = rig.machine.calls[4]?.phase else {
            Issue.record("not queued")
            return
        }
        let port = rig.machine.nodes[node].address.port
        _ = rig.down(port)
        let other = owners.first { $0 != port } ?? 0
        let number = UInt64((owners.firstIndex(of: other) ?? 0) + 1)
        #expect(rig.machine.calls[4]?.phase != .queued(node: node))
        #expect(rig.stored(other, number).first == "\(number) stored by \(other)")
    }

    @Test func aNewerEpochInAnAnswerMakesItFetchTheLayout() {
        var rig = Rig.connected()
        _ = rig.put()
        #expect(
            rig.answer(owners[0], 1, .stored(context: .init(), object: nil), epoch: 2) == [
                "layout? e1 → \(owners[0])", "1 stored by \(owners[0])",
            ])
        _ = rig.put()
        #expect(
            rig.answer(owners[0], 2, .stored(context: .init(), object: nil), epoch: 2) == ["2 stored by \(owners[0])"],
            "one question at a time")
        #expect(rig.tell(owners[0], Rig.layout(epoch: 2)) == ["learnt e2"])
    }

    @Test func aRefusalForAnOldEpochWaitsForTheLayoutAndGoesOn() {
        var rig = Rig.connected()
        _ = rig.put()
        #expect(rig.refuses(owners[0], 1, .wrongEpoch, epoch: 2) == ["layout? e1 → \(owners[0])"])
        #expect(rig.tell(owners[0], Rig.layout(epoch: 2)) == ["learnt e2", "put #1 → \(owners[0])"])
    }

    @Test func aLayoutThatDoesNotComeIsAskedOfAnotherNode() {
        var rig = Rig()
        _ = rig.start()
        #expect(rig.up(1) == ["layout? e0 → 1"])
        #expect(rig.wait(1_000) == ["layout? e0 → 1"])
        #expect(rig.down(1) == [])
    }

    @Test func bytesThatAreNoLayoutAreNotActedOn() {
        var rig = Rig()
        _ = rig.start()
        _ = rig.up(1)
        guard let link = rig.links[1] else { return }
        #expect(rig.feed(.received(link, .layoutReply(LayoutReply(layout: .init(string: "junk"))))) == [])
        #expect(rig.machine.layout == nil)
    }
}
