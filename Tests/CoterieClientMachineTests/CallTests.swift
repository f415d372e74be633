import CoteriePrimitives
import CoterieWire
import Testing

@testable import CoterieClientMachine

@Suite struct CallTests {
    @Test func aCallBeforeTheFirstConnectionWaitsForIt() {
        var rig = Rig()
        #expect(rig.start() == ["connect 1"])
        #expect(rig.get() == [])
        #expect(rig.up(1) == ["layout? e0 → 1", "get #1 → 1"])
        #expect(rig.found(1, 1) == ["1 found by 1"])
    }

    @Test func aSecondAnswerToOneRequestIsNobodys() {
        var rig = Rig.connected()
        let node = Rig.owners("k")[0]
        #expect(rig.put() == ["put #1 → \(node)"])
        #expect(rig.stored(node, 1) == ["1 stored by \(node)"])
        #expect(rig.stored(node, 1) == [])
        #expect(rig.refuses(node, 1, .timeout, .unknown) == [])
    }

    @Test func anAnswerFromANodeThatWasNotAskedIsIgnored() {
        var rig = Rig.connected()
        let owners = Rig.owners("k")
        #expect(rig.put() == ["put #1 → \(owners[0])"])
        #expect(rig.stored(owners[1], 1) == [])
        #expect(rig.stored(owners[0], 1) == ["1 stored by \(owners[0])"])
    }

    @Test func theFullTableRefusesWithoutSending() {
        var rig = Rig.connected { $0.maxPending = 2 }
        _ = rig.put()
        _ = rig.put()
        #expect(rig.put() == ["3 overloaded notApplied"])
        #expect(rig.machine.pending == 2)
    }

    @Test func theBytesOfWaitingWritesAreBounded() {
        var rig = Rig.connected { $0.maxPendingBytes = 10 }
        let node = Rig.owners("k")[0]
        #expect(
            rig.put("k", "a value longer than ten bytes") == ["put #1 → \(node)"], "an idle client takes any one value")
        #expect(rig.put("k", "v") == ["2 overloaded notApplied"])
        #expect(rig.get("k")[0].hasPrefix("get #2"), "reads hold no values")
        _ = rig.stored(node, 1)
        #expect(rig.put("k", "v") == ["put #3 → \(node)"])
    }

    @Test func whatAConnectionCannotTakeWaitsInOrder() {
        var rig = Rig(seeds: [1]) { $0.maxInFlightPerConnection = 2 }
        _ = rig.start()
        _ = rig.up(1)
        #expect(rig.put() == ["put #1 → 1"])
        #expect(rig.put() == ["put #2 → 1"])
        #expect(rig.put() == [])
        #expect(rig.put() == [])
        #expect(rig.stored(1, 2) == ["2 stored by 1", "put #3 → 1"])
        #expect(rig.stored(1, 1) == ["1 stored by 1", "put #4 → 1"])
    }

    @Test func anUnsentWriteAtItsDeadlineIsNotApplied() {
        var rig = Rig { $0.maxInFlightPerConnection = 1 }
        _ = rig.start()
        _ = rig.up(1)
        _ = rig.put(timeout: 10_000)
        #expect(rig.put(timeout: 100) == [])
        #expect(rig.wait(299) == [])
        #expect(rig.wait(1) == ["2 deadline notApplied"], "the timeout and the grace for an answer")
    }

    @Test func aSentWriteAtItsDeadlineIsUnknown() {
        var rig = Rig.connected()
        _ = rig.put(timeout: 100)
        #expect(rig.wait(300) == ["1 deadline unknown"])
        #expect(rig.stored(Rig.owners("k")[0], 1) == [], "its late answer is nobody's")
    }

    @Test func aSentReadAtItsDeadlineHasChangedNothing() {
        var rig = Rig.connected { $0.hedgeAfter = nil }
        _ = rig.get(timeout: 100)
        #expect(rig.wait(300) == ["1 deadline notApplied"])
    }

    @Test func aCancelledWriteIsUnknownOnceSent() {
        var rig = Rig.connected()
        let id = rig.machine.nextRequestID
        _ = rig.put()
        #expect(rig.feed(.cancel(id)) == ["1 cancelled unknown"])
        #expect(rig.feed(.cancel(id)) == [])
    }

    @Test func aCancelledCallLeavesItsPlaceToTheNext() {
        var rig = Rig { $0.maxInFlightPerConnection = 1 }
        _ = rig.start()
        _ = rig.up(1)
        let id = rig.machine.nextRequestID
        _ = rig.get()
        _ = rig.get()
        #expect(rig.feed(.cancel(id)) == ["1 cancelled notApplied", "get #2 → 1"])
    }

    @Test func aClosingClientAnswersWhatItHasAndTakesNoMore() {
        var rig = Rig.connected(Rig.layout(members: 3))
        let node = Rig.owners("k", in: Rig.layout(members: 3))[0]
        _ = rig.put()
        #expect(rig.feed(.close) == [])
        #expect(rig.put() == ["2 closing notApplied"])
        let end = rig.stored(node, 1)
        #expect(end.first == "1 stored by \(node)")
        #expect(end.last == "closed")
        #expect(end.filter { $0.hasPrefix("disconnect") }.count == 3)
        #expect(rig.timers.isEmpty, "a closed client leaves no timer: \(rig.timers)")
    }

    @Test func anAbortAnswersEverythingAtOnce() {
        var rig = Rig { $0.maxInFlightPerConnection = 1 }
        _ = rig.start()
        _ = rig.up(1)
        _ = rig.put()
        _ = rig.put()
        #expect(
            rig.feed(.abort) == ["1 closing unknown", "2 closing notApplied", "disconnect 1", "closed"])
        #expect(rig.machine.pending == 0)
    }

    @Test func theTableKeepsACallThatOutlivesThousandsOfOthers() {
        var table = CallTable()
        func call(_ sequence: UInt64) -> Call {
            let t = Instant(nanoseconds: 0)
            return Call(
                sequence: sequence, id: CallID(sequence), request: ClientRequest(key: Rig.key("k"), operation: .get),
                bytes: 1, started: t, nodeDeadline: t, deadline: t)
        }
        let stuck = table.next
        table.insert(call(stuck))
        for _ in 0 ..< 10_000 {
            let next = table.next
            table.insert(call(next))
            #expect(table.remove(next)?.sequence == next)
            #expect(table.remove(next) == nil)
        }
        #expect(table[stuck]?.sequence == stuck)
        #expect(table.capacity == 64, "two calls at once need no more")
        #expect(table.bytes == 1)
        let many = (0 ..< 1000).map { _ in
            let next = table.next
            table.insert(call(next))
            return next
        }
        #expect(table.sequences { _ in true } == [stuck] + many)
    }
}
