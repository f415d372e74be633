// The accumulators against their definition, for every order of answers that few replicas can give.

import CoteriePrimitives
import CoterieWire
import Testing

@testable import CoterieReplication

@Suite struct QuorumTests {
    /// All sequences of that many answers.
    private func sequences(_ choices: [Responder.Answer], _ count: Int) -> [[Responder.Answer]] {
        count == 0 ? [[]] : sequences(choices, count - 1).flatMap { head in choices.map { head + [$0] } }
    }

    @Test(arguments: 1 ... 4) func aWriteIsEnoughExactlyWhenEachClassIsMet(n: Int) {
        for w in 1 ... n {
            for pw in 0 ... n {
                for dw in 0 ... n {
                    for answers in sequences([.stored, .durable, .failed], n) { follow(n, w, pw, dw, answers) }
                }
            }
        }
    }

    private func follow(_ n: Int, _ w: Int, _ pw: Int, _ dw: Int, _ answers: [Responder.Answer]) {
        var quorum = WriteQuorum(asked: AskedQuorum(n: n, quorum: w, primary: pw, durable: dw))
        for (index, answer) in answers.enumerated() {
            let verdict = quorum.add(answer, role: .primary)
            let seen = answers[0 ... index]
            let stored = seen.count { $0 != .failed }
            let durable = seen.count { $0 == .durable }
            let left = n - index - 1
            let enough = stored >= max(w, pw) && durable >= dw
            let possible = stored + left >= max(w, pw) && durable + left >= dw
            #expect(
                verdict == (enough ? .enough : possible ? .waiting : .failed),
                "n=\(n) w=\(w) pw=\(pw) dw=\(dw) after \(Array(seen))")
        }
    }

    private func expect(
        _ quorum: inout WriteQuorum, _ answer: Responder.Answer, role: Responder.Role, _ verdict: Verdict
    ) {
        let found = quorum.add(answer, role: role)
        #expect(found == verdict)
    }

    private func expect(
        _ quorum: inout ReadQuorum, _ answer: Responder.Answer, role: Responder.Role, _ verdict: Verdict
    ) {
        let found = quorum.add(answer, role: role)
        #expect(found == verdict)
    }

    @Test func fallbacksCountTowardsWAndNotTowardsPW() {
        var quorum = WriteQuorum(asked: AskedQuorum(n: 3, quorum: 2, primary: 2))
        quorum.expectFallback()
        expect(&quorum, .durable, role: .primary, .waiting)
        expect(&quorum, .durable, role: .fallback, .waiting)
        expect(&quorum, .durable, role: .primary, .enough)
    }

    @Test func nodeConfirmsMayAskForMoreThanW() {
        var quorum = WriteQuorum(asked: AskedQuorum(n: 3, quorum: 1, nodeConfirms: 2))
        expect(&quorum, .stored, role: .primary, .waiting)
        expect(&quorum, .stored, role: .primary, .enough)
    }

    @Test(arguments: 1 ... 4) func aReadIsEnoughExactlyWhenRAnswersCount(n: Int) {
        for r in 1 ... n {
            for pr in 0 ... n {
                for answers in sequences([.value, .notFound, .failed], n) {
                    var quorum = ReadQuorum(
                        asked: AskedQuorum(n: n, quorum: r, primary: pr), notfoundOK: true, basicQuorum: false)
                    for (index, answer) in answers.enumerated() {
                        let verdict = quorum.add(answer, role: .primary)
                        let met = answers[0 ... index].count { $0 != .failed }
                        let left = n - index - 1
                        let wanted = max(r, pr)
                        #expect(verdict == (met >= wanted ? .enough : met + left >= wanted ? .waiting : .failed))
                    }
                }
            }
        }
    }

    @Test func withoutNotfoundOKNotFoundIsBelievedOnlyOfAll() {
        var quorum = ReadQuorum(asked: AskedQuorum(n: 3, quorum: 2), notfoundOK: false, basicQuorum: false)
        expect(&quorum, .notFound, role: .primary, .waiting)
        expect(&quorum, .notFound, role: .primary, .waiting)
        expect(&quorum, .notFound, role: .primary, .enough)
        var late = ReadQuorum(asked: AskedQuorum(n: 3, quorum: 1), notfoundOK: false, basicQuorum: false)
        expect(&late, .notFound, role: .primary, .waiting)
        expect(&late, .notFound, role: .primary, .waiting)
        expect(&late, .value, role: .primary, .enough)
    }

    @Test func withBasicQuorumAMajorityOfNotFoundIsBelieved() {
        var quorum = ReadQuorum(asked: AskedQuorum(n: 3, quorum: 1), notfoundOK: false, basicQuorum: true)
        expect(&quorum, .notFound, role: .primary, .waiting)
        expect(&quorum, .notFound, role: .primary, .enough)
    }
}

@Suite struct TableTests {
    @Test func aLateAnswerToAFinishedEntryNamesNothing() {
        var table = SlotTable<String>(life: .max)
        let first = table.reserve()
        table.put("a", at: first)
        #expect(table[first] == "a")
        table.release(first)
        #expect(!table.contains(first))
        let second = table.reserve()
        table.put("b", at: second)
        #expect(second != first)
        let (late, right) = (table.take(first), table.take(second))
        #expect(late == nil)
        #expect(right == "b")
        #expect(table.ids.isEmpty)
    }

    @Test func twoLivesNumberDifferently() {
        var (one, other) = (SlotTable<String>(life: 7), SlotTable<String>(life: 1 << 30))
        let numbers = Set((0 ..< 1_000).flatMap { _ in [one.reserve(), other.reserve()] })
        #expect(numbers.count == 2_000)
    }

    @Test func deadlinesComeInOrderWhateverOrderTheyWereSetIn() {
        var queue = DeadlineQueue()
        let instants: [Int64] = [5, 3, 9, 1, 3, 7]
        for (index, at) in instants.enumerated() {
            queue.insert(UInt64(index), at: .init(nanoseconds: at))
        }
        var order: [UInt64] = []
        while let next = queue.popDue(at: .init(nanoseconds: 7)) { order.append(next) }
        #expect(order == [3, 1, 4, 0, 5])
        #expect(queue.earliest == .init(nanoseconds: 9))
    }

    @Test func finishedRequestsLeaveTheDeadlineQueue() {
        var queue = DeadlineQueue()
        for index in 0 ..< 5_000 { queue.insert(UInt64(index), at: .init(nanoseconds: Int64(index))) }
        queue.prune(live: 10) { $0 % 500 == 0 }
        #expect(queue.count == 10)
        var order: [UInt64] = []
        while let next = queue.popDue(at: .init(nanoseconds: 10_000)) { order.append(next) }
        #expect(order == (0 ..< 10).map { $0 * 500 })
    }

    @Test func percentilesAreWithinOneSixteenth() {
        var histogram = LatencyHistogram()
        for microseconds in 1 ... 10_000 { histogram.record(.microseconds(Int64(microseconds))) }
        for (percent, exact) in [(50.0, 5_000), (90, 9_000), (99, 9_900), (99.9, 9_990)] {
            let found = histogram.percentile(percent)
            #expect(found >= exact && found <= exact + exact / 16 + 1, "p\(percent): \(found)")
        }
        #expect(histogram.max == 10_000)
        #expect(LatencyHistogram().percentile(50) == 0)
    }
}
