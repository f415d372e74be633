import CoterieMembership
import CoteriePrimitives
import Testing

@Suite struct ProbeTests {
    @Test func eachPeriodOneMemberIsProbedAndEachComesOnceInAPass() {
        var subject = Subject(members: 9)
        subject.pass(.seconds(8), answering: Subject.everybody)
        #expect(subject.probes.map(\.to).sorted() == (2 ... 9).map { MemberNumber($0) })
        #expect(subject.changes == [])
    }

    @Test func oneThatDoesNotAnswerIsProbedThroughThreeOthers() {
        var subject = Subject()
        subject.pass(.milliseconds(1_499)) { message, _ in
            if case .exchange = message { return .exchange(table: [], wantsReply: false) }
            return nil
        }
        let target = subject.probes[0].to
        #expect(subject.requests.map(\.target) == [target, target, target])
        #expect(Set(subject.requests.map(\.to)) == Set((2 ... 5).map { MemberNumber($0) }).subtracting([target]))
        #expect(subject.requests.map(\.patience) == Array(repeating: .milliseconds(500), count: 3))
        #expect(subject.requests.map(\.sequence) == Array(repeating: subject.probes[0].sequence, count: 3))
    }

    @Test func anAnswerThroughARelayIsAnAnswer() {
        var subject = Subject()
        subject.pass(.seconds(30)) { message, member in
            if case .probe = message { return nil }
            return Subject.everybody(message, member)
        }
        #expect(subject.requests.count > 30)
        #expect(subject.changes == [])
        #expect(subject.machine.healthMultiplier == 1)
    }

    @Test func oneThatNobodyReachesIsSuspectThenDead() {
        var subject = Subject()
        subject.pass(.seconds(8), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) == .suspect)
        #expect(subject.changes.map(\.cause) == [.probeFailed])
        // Nobody confirmed it: the longest time.
        subject.pass(.seconds(15), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) == .suspect)
        subject.pass(.seconds(10), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) == .dead)
        #expect(subject.changes.map(\.cause) == [.suspicionRanOut])
        #expect([2, 4, 5].allSatisfy { subject.status(of: $0) == .alive })
    }

    @Test func theDeadAreProbedSeldom() {
        var subject = Subject()
        subject.pass(.seconds(40), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) == .dead)
        subject.pass(.seconds(300), answering: Subject.everybody(but: 3))
        #expect((9 ... 11).contains(subject.probes.count { $0.to.rawValue == 3 }))
    }

    @Test func withoutAConnectionOthersAreAskedAtOnceAndTheirWordIsEnough() {
        var subject = Subject()
        subject.feed(.disconnected(MemberNumber(3)))
        #expect(subject.probes.isEmpty)
        #expect(subject.requests.map(\.target.rawValue) == [3, 3, 3])
        #expect(subject.status(of: 3) == .alive)
        let sequence = subject.requests[0].sequence
        subject.receive(.noAnswer(sequence: sequence), from: 2)
        subject.receive(.noAnswer(sequence: sequence), from: 2)
        subject.receive(.noAnswer(sequence: sequence), from: 4)
        #expect(subject.status(of: 3) == .alive)
        subject.receive(.noAnswer(sequence: sequence), from: 5)
        #expect(subject.status(of: 3) == .suspect)
        #expect(subject.machine.healthMultiplier == 1)
    }

    @Test func aBrokenConnectionToOneThatOthersReachMeansNothing() {
        var subject = Subject()
        subject.feed(.disconnected(MemberNumber(3)))
        subject.receive(.answer(sequence: subject.requests[0].sequence, news: []), from: 4)
        subject.pass(.seconds(60), answering: Subject.everybody)
        #expect(subject.changes == [])
    }

    @Test func aProbeThatDidNotLeaveGoesThroughOthersAtOnce() {
        var subject = Subject()
        subject.feed(.requestTimedOut(MemberNumber(3)))
        let probe = MembershipMessage.probe(sequence: subject.probes[0].sequence, news: [])
        subject.feed(.unsent(probe, to: MemberNumber(3)))
        #expect(subject.requests.map(\.target.rawValue) == [3, 3, 3])
        // A relay that could not be asked is not expected to speak.
        let lost = MembershipMessage.probeFor(
            target: MemberNumber(3), sequence: subject.requests[0].sequence, patience: .zero, news: [])
        for relay in subject.requests { subject.feed(.unsent(lost, to: relay.to)) }
        subject.pass(.milliseconds(1_000), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) == .suspect)
        #expect(subject.machine.healthMultiplier == 2)
    }

    @Test func requestsThatTimeOutMakeOneProbeAPeriodAndNoVerdict() {
        var subject = Subject(members: 30)
        for _ in 0 ..< 5 {
            subject.feed(.requestTimedOut(MemberNumber(3)))
            subject.pass(.milliseconds(10), answering: Subject.everybody)
        }
        #expect(subject.machine.counters.probes == 1)
        subject.pass(.milliseconds(1_000), answering: Subject.everybody)
        subject.feed(.requestTimedOut(MemberNumber(3)))
        #expect(subject.probes.map(\.to.rawValue) == [3])
        #expect(subject.status(of: 3) == .alive)
        // And no more than so many at once.
        for member in 2 ... 30 { subject.feed(.requestTimedOut(MemberNumber(UInt32(member)))) }
        #expect(subject.machine.counters.probes < 12)
    }

    @Test func anAnswerOnTheDataPathIsAsGoodAsOneToTheProbe() {
        var subject = Subject()
        subject.feed(.requestTimedOut(MemberNumber(3)))
        subject.feed(.answered(MemberNumber(3), at: subject.now))
        subject.pass(.milliseconds(2_000)) { message, member in
            member.rawValue == 3 ? nil : Subject.everybody(message, member)
        }
        #expect(subject.status(of: 3) == .alive)
        #expect(subject.requests.isEmpty || subject.probes.contains { $0.to.rawValue == 3 })
    }

    @Test func aSuspectThatAnswersOnTheDataPathIsToldOfItsSuspicion() {
        var subject = Subject()
        subject.receive(.gossip(news: [.suspect(MemberNumber(3), 0, by: MemberNumber(2))]), from: 2)
        subject.feed(.answered(MemberNumber(3), at: subject.now))
        #expect(subject.probes.map(\.to.rawValue) == [3])
        #expect(subject.sent[0].message.claims.first == .suspect(MemberNumber(3), 0, by: MemberNumber(2)))
        #expect(subject.status(of: 3) == .suspect)
    }

    @Test func anAnswerThatIsOlderThanTheProbeAnswersItNot() {
        var subject = Subject()
        let before = subject.now
        subject.pass(.milliseconds(1))
        subject.feed(.requestTimedOut(MemberNumber(3)))
        subject.feed(.answered(MemberNumber(3), at: before))
        subject.pass(.milliseconds(2_000)) { message, member in
            if case .probeFor(_, let sequence, _, _) = message { return .noAnswer(sequence: sequence) }
            return member.rawValue == 3 ? nil : Subject.everybody(message, member)
        }
        #expect(subject.status(of: 3) == .suspect)
    }

    /// Two that hold each other dead have nobody else to hear it from.
    @Test func theDeadAreToldByAProbeInAnyCase() {
        var settings = MembershipSettings()
        settings.tellsTheAccused = false
        var subject = Subject(members: 2, settings: settings)
        subject.pass(.seconds(60))
        #expect(subject.status(of: 2) == .dead)
        subject.pass(.seconds(30))
        #expect(subject.sent.contains { $0.message.claims == [.dead(MemberNumber(2), 0)] && $0.to.rawValue == 2 })
    }

    @Test func anAnswerOfAStrangerToTheProbeIsNone() {
        var subject = Subject()
        subject.feed(.requestTimedOut(MemberNumber(3)))
        let sequence = subject.probes[0].sequence
        subject.receive(.answer(sequence: sequence, news: []), from: 4)
        subject.receive(.answer(sequence: sequence &+ 1, news: []), from: 3)
        subject.pass(.milliseconds(1_000), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) == .suspect)
    }

    @Test func aProberThatFailsIsSlowerAndRecovers() {
        var subject = Subject(members: 4)
        subject.pass(.seconds(60)) { _, _ in nil }
        #expect(subject.machine.healthMultiplier == 8)
        #expect(subject.machine.counters.probes < 30)
        for member in 2 ... 4 as ClosedRange<UInt32> {
            subject.receive(.gossip(news: [.alive(MemberNumber(member), 1)]), from: member)
        }
        subject.pass(.seconds(60), answering: Subject.everybody)
        #expect(subject.machine.healthMultiplier == 1)
    }

    @Test func aLoneMemberHasNothingToDo() {
        var subject = Subject(members: 1)
        subject.pass(.seconds(600))
        #expect(subject.sent.isEmpty)
        #expect(subject.changes == [])
    }
}

@Suite struct RelayTests {
    private let request = MembershipMessage.probeFor(
        target: MemberNumber(3), sequence: 77, patience: .milliseconds(500), news: [])

    @Test func anAnswerIsPassedOn() {
        var subject = Subject()
        subject.receive(request, from: 2)
        #expect(subject.probes.map(\.to.rawValue) == [3])
        subject.receive(.answer(sequence: subject.probes[0].sequence, news: []), from: 3)
        #expect(subject.sent.map(\.to.rawValue) == [2])
        #expect(subject.sent[0].message == .answer(sequence: 77, news: []))
    }

    @Test func silenceIsToldBeforeThePatienceEnds() {
        var subject = Subject()
        subject.receive(request, from: 2)
        subject.pass(.milliseconds(399), answering: Subject.everybody(but: 3))
        #expect(!subject.sent.contains { $0.message == .noAnswer(sequence: 77) })
        subject.pass(.milliseconds(2), answering: Subject.everybody(but: 3))
        #expect(subject.sent.contains { $0.message == .noAnswer(sequence: 77) && $0.to.rawValue == 2 })
        // A relay accuses nobody.
        #expect(subject.status(of: 3) == .alive)
    }

    @Test func withoutAConnectionToTheTargetItSaysSoAtOnce() {
        var subject = Subject()
        subject.feed(.disconnected(MemberNumber(3)))
        subject.receive(request, from: 2)
        #expect(subject.sent.map(\.message) == [.noAnswer(sequence: 77)])
        subject = Subject()
        subject.receive(request, from: 2)
        subject.feed(.disconnected(MemberNumber(3)))
        #expect(subject.sent.contains { $0.message == .noAnswer(sequence: 77) })
    }

    @Test func moreThanItCanDoItRefuses() {
        var settings = MembershipSettings()
        settings.maxRelays = 1
        var subject = Subject(settings: settings)
        subject.receive(request, from: 2)
        subject.receive(request, from: 4)
        #expect(subject.sent.map(\.message) == [.noAnswer(sequence: 77)])
    }

    @Test func askedForItselfItAnswers() {
        var subject = Subject()
        subject.receive(.probeFor(target: Subject.me, sequence: 5, patience: .zero, news: []), from: 2)
        #expect(subject.sent.map(\.message) == [.answer(sequence: 5, news: [])])
    }
}
