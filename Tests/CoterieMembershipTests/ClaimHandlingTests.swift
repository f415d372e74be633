import CoterieMembership
import CoteriePrimitives
import Testing

@Suite struct ClaimHandlingTests {
    private let three = MemberNumber(3)

    private func gossip(_ claims: Claim...) -> MembershipMessage { .gossip(news: claims) }

    @Test func anAccusedMemberRefutesWithAGreaterNumberAndDoubtsItself() {
        var subject = Subject()
        subject.receive(.probe(sequence: 1, news: [.suspect(Subject.me, 4, by: three)]), from: 2)
        #expect(subject.sent.map(\.message) == [.answer(sequence: 1, news: [.alive(Subject.me, 5)])])
        #expect(subject.machine.refutation == 5)
        #expect(subject.machine.healthMultiplier == 2)
        subject.receive(gossip(.dead(Subject.me, 5)), from: 2)
        #expect(subject.machine.refutation == 6)
        #expect(subject.status(of: 1) == .alive)
    }

    @Test func anAccusationRefutedLongAgoIsAnsweredWithTheRefutation() {
        var subject = Subject()
        subject.receive(gossip(.suspect(Subject.me, 4, by: three)), from: 2)
        subject.pass(.seconds(20), answering: Subject.everybody)
        #expect(subject.machine.pendingNews == 0)
        subject.receive(.probe(sequence: 1, news: [.suspect(Subject.me, 3, by: three)]), from: 2)
        #expect(subject.sent.map(\.message) == [.answer(sequence: 1, news: [.alive(Subject.me, 5)])])
    }

    @Test func aMemberThatForgotItsNumberTakesItUpAgain() {
        var subject = Subject()
        subject.receive(.exchange(table: [.alive(Subject.me, 9)], wantsReply: false), from: 2)
        #expect(subject.machine.refutation == 9)
        subject.receive(gossip(.suspect(Subject.me, 9, by: three)), from: 2)
        #expect(subject.machine.refutation == 10)
    }

    @Test func theAccusedIsToldFirst() {
        var subject = Subject()
        subject.receive(gossip(.suspect(three, 0, by: MemberNumber(2))), from: 2)
        subject.pass(.seconds(10)) { message, member in
            member.rawValue == 3 ? nil : Subject.everybody(message, member)
        }
        let told = subject.sent.filter { $0.to == three }
        #expect(told.count > 3)
        for (message, _) in told { #expect(message.claims.first?.member == three) }
        var settings = MembershipSettings()
        settings.tellsTheAccused = false
        subject = Subject(settings: settings)
        subject.receive(gossip(.suspect(three, 0, by: MemberNumber(2))), from: 2)
        subject.pass(.seconds(15), answering: Subject.everybody)
        subject.receive(.probe(sequence: 1, news: []), from: 3)
        #expect(subject.sent.map(\.message) == [.answer(sequence: 1, news: [])])
    }

    @Test func aRefutationEndsASuspicion() {
        var subject = Subject()
        subject.receive(gossip(.suspect(three, 2, by: MemberNumber(2))), from: 2)
        #expect(subject.changes.map(\.to) == [.suspect])
        subject.receive(gossip(.alive(three, 2)), from: 2)
        #expect(subject.status(of: 3) == .suspect)
        subject.receive(gossip(.alive(three, 3)), from: 2)
        #expect(subject.changes.map(\.to) == [.alive])
        #expect(subject.machine.suspicion(of: three) == nil)
        subject.receive(gossip(.suspect(three, 2, by: MemberNumber(4))), from: 4)
        #expect(subject.status(of: 3) == .alive)
        subject.pass(.seconds(60), answering: Subject.everybody)
        #expect(subject.status(of: 3) == .alive)
    }

    @Test func confirmationsShortenASuspicionAndAreToldOn() throws {
        var subject = Subject()
        subject.receive(gossip(.suspect(three, 0, by: MemberNumber(2))), from: 2)
        let first = try #require(subject.machine.suspicion(of: three))
        subject.pass(.seconds(3), answering: Subject.everybody)
        subject.receive(.probe(sequence: 1, news: [.suspect(three, 0, by: MemberNumber(4))]), from: 4)
        let second = try #require(subject.machine.suspicion(of: three))
        #expect(second.accusers.map(\.rawValue) == [2, 4])
        #expect(second.deadline < first.deadline)
        #expect(subject.sent[0].message.claims == [.suspect(three, 0, by: MemberNumber(4))])
        // The same accuser again, from elsewhere: nothing new.
        subject.receive(gossip(.suspect(three, 0, by: MemberNumber(4))), from: 5)
        #expect(subject.machine.suspicion(of: three)?.accusers.count == 2)
        subject.receive(gossip(.suspect(three, 0, by: MemberNumber(5))), from: 5)
        subject.pass(.milliseconds(1_100)) { message, member in
            member == three ? nil : Subject.everybody(message, member)
        }
        #expect(subject.status(of: 3) == .dead)
    }

    @Test func aDeathThatIsGossipedIsBelieved() {
        var subject = Subject()
        subject.receive(gossip(.dead(three, 0)), from: 2)
        #expect(subject.changes.map(\.to) == [.dead])
        #expect(subject.changes.map(\.cause) == [.toldBy(MemberNumber(2))])
    }

    @Test func aDeathOfOneThatAnsweredLatelyIsOnlyASuspicion() {
        var subject = Subject()
        subject.feed(.answered(three, at: subject.now))
        subject.receive(gossip(.dead(three, 0)), from: 2)
        #expect(subject.status(of: 3) == .suspect)
        subject = Subject()
        subject.feed(.answered(three, at: subject.now))
        subject.pass(.seconds(5), answering: Subject.everybody(but: 3))
        #expect(subject.status(of: 3) != .dead)
        subject.receive(gossip(.dead(three, 0)), from: 2)
        #expect(subject.status(of: 3) == .dead)
    }

    @Test func aDeathInAnothersTableIsOnlyASuspicion() {
        var subject = Subject()
        subject.receive(.exchange(table: [.dead(three, 0)], wantsReply: false), from: 2)
        #expect(subject.status(of: 3) == .suspect)
        #expect(subject.machine.suspicion(of: three)?.accusers.map(\.rawValue) == [2])
    }

    @Test func whoStopsIsDeadByItsOwnWord() {
        var subject = Subject()
        subject.feed(.answered(three, at: subject.now))
        subject.feed(.message(gossip(.dead(three, 0)), from: three))
        #expect(subject.status(of: 3) == .dead)
        subject.feed(.stop)
        #expect(subject.sent.map(\.to.rawValue) == [2, 4, 5])
        for (message, _) in subject.sent { #expect(message == gossip(.dead(Subject.me, 0))) }
        subject.receive(.probe(sequence: 1, news: []), from: 2)
        #expect(subject.effects.isEmpty)
    }

    @Test func whoeverTheLayoutDoesNotHaveIsAnsweredAndOtherwiseIgnored() {
        var subject = Subject()
        subject.receive(.probe(sequence: 9, news: [.dead(MemberNumber(50), 3), .alive(MemberNumber(51), 3)]), from: 50)
        #expect(subject.sent.map(\.message) == [.answer(sequence: 9, news: [])])
        #expect(subject.machine.standings.count == 5)
        subject.feed(.connected(MemberNumber(50)))
        subject.feed(.requestTimedOut(MemberNumber(50)))
        subject.feed(.disconnected(MemberNumber(50)))
        #expect(subject.effects.isEmpty)
    }

    @Test func theGreatestNumberTrapsNobody() {
        var subject = Subject()
        subject.receive(gossip(.dead(Subject.me, .max), .suspect(three, .max, by: Subject.me)), from: 2)
        #expect(subject.machine.refutation == Claim.maxRefutation)
        subject.receive(gossip(.dead(Subject.me, .max)), from: 2)
        subject.pass(.seconds(60), answering: Subject.everybody)
        #expect(subject.status(of: 3) == .dead)
    }

    @Test func membersComeAliveAndGoWithoutATrace() {
        var subject = Subject()
        subject.receive(gossip(.suspect(three, 1, by: MemberNumber(2)), .dead(MemberNumber(4), 2)), from: 2)
        subject.feed(.requestTimedOut(three))
        subject.feed(.membersChanged([5, 2, 4, 7, 1].map { MemberNumber($0) }))
        #expect(subject.machine.standings.map(\.member.rawValue) == [1, 2, 4, 5, 7])
        #expect(subject.status(of: 4) == .dead)
        #expect(subject.status(of: 7) == .alive)
        #expect(subject.machine.suspicion(of: three) == nil)
        subject.pass(.seconds(60), answering: Subject.everybody)
        #expect(!subject.sent.contains { $0.to == three || $0.message.claims.contains { $0.member == three } })
    }
}

@Suite struct ExchangeTests {
    @Test func theWholeTableIsAskedForAtTheStartUntilOneComes() {
        var subject = Subject()
        subject.pass(.seconds(5)) { message, member in
            if case .exchange = message { return nil }
            return Subject.everybody(message, member)
        }
        #expect(subject.tables.count == 5)
        #expect(subject.tables.allSatisfy { $0.wantsReply && $0.claims.count == 5 })
        subject.receive(.exchange(table: [], wantsReply: false), from: 2)
        // Then once in thirty seconds.
        subject.pass(.seconds(300), answering: Subject.everybody)
        #expect((9 ... 11).contains(subject.tables.count))
    }

    @Test func aTableIsAnsweredWithWhatBothKnow() {
        var subject = Subject()
        subject.receive(.gossip(news: [.suspect(MemberNumber(4), 2, by: MemberNumber(5))]), from: 5)
        subject.receive(.exchange(table: [.alive(MemberNumber(3), 7)], wantsReply: true), from: 2)
        #expect(subject.tables.map(\.to.rawValue) == [2])
        #expect(!subject.tables[0].wantsReply)
        #expect(
            subject.tables[0].claims == [
                .alive(MemberNumber(1), 0), .alive(MemberNumber(2), 0), .alive(MemberNumber(3), 7),
                .suspect(MemberNumber(4), 2, by: MemberNumber(5)), .alive(MemberNumber(5), 0),
            ])
    }

    @Test func whoWasHeldDeadExchangesTablesWithWhoHeldItSo() {
        var subject = Subject()
        subject.receive(.exchange(table: [], wantsReply: false), from: 5)
        subject.pass(.seconds(2), answering: Subject.everybody)
        subject.receive(.probe(sequence: 3, news: [.dead(Subject.me, 0)]), from: 4)
        subject.pass(.seconds(2), answering: Subject.everybody)
        #expect(subject.tables.first?.to == MemberNumber(4))
    }
}

@Suite struct AbsenceTests {
    @Test func whatWasWaitedForIsWaitedForAgainAfterAnAbsence() {
        var subject = Subject()
        subject.feed(.requestTimedOut(MemberNumber(3)))
        let sequence = subject.probes[0].sequence
        subject.receive(.gossip(news: [.suspect(MemberNumber(4), 0, by: MemberNumber(2))]), from: 2)
        subject.hang(.seconds(60))
        #expect(subject.machine.counters.absences == 1)
        #expect(subject.machine.healthMultiplier == 2)
        #expect(subject.status(of: 3) == .alive)
        #expect(subject.status(of: 4) == .suspect)
        // What came meanwhile is read now.
        subject.receive(.answer(sequence: sequence, news: [.alive(MemberNumber(4), 1)]), from: 3)
        subject.pass(.seconds(3), answering: Subject.everybody)
        #expect(subject.status(of: 3) == .alive)
        #expect(subject.status(of: 4) == .alive)
        #expect(!subject.tables.isEmpty)
    }

    @Test func whoDoesNotNoticeAccusesTheHealthy() {
        var subject = Subject(settings: .withoutLifeguard)
        subject.feed(.requestTimedOut(MemberNumber(3)))
        subject.receive(.gossip(news: [.suspect(MemberNumber(4), 0, by: MemberNumber(2))]), from: 2)
        subject.hang(.seconds(60))
        #expect(subject.status(of: 3) == .suspect)
        #expect(subject.status(of: 4) == .dead)
    }
}
