// What a claim changes: the newer one is taken, told to others, and noted; an accusation of this member is refuted.

import CoteriePrimitives

extension MembershipMachine {
    /// Where a claim comes from.
    enum Source {
        case ownProbe
        case ownSuspicion
        /// News: told by one who took it for news.
        case gossip
        /// Another's table, which may be long out of date.
        case exchange
    }

    mutating func learn(
        _ claim: Claim, from sender: MemberNumber, _ source: Source, _ now: Instant,
        _ effects: inout [MembershipEffect]
    ) {
        if claim.member == me { return defend(against: claim, from: sender) }
        guard let index = table.index(of: claim.member) else { return }
        let known = table[index]
        let claim = softened(claim, from: sender, source, known, now)
        if claim.supersedes(known.status, known.refutation) {
            take(claim, at: index, cause(of: source, sender), now, &effects)
        } else if claim.status == .suspect, known.status == .suspect, claim.refutation == known.refutation {
            confirm(claim)
        }
    }

    private func cause(of source: Source, _ sender: MemberNumber) -> MemberChange.Cause {
        switch source {
        case .ownProbe: .probeFailed
        case .ownSuspicion: .suspicionRanOut
        case .gossip, .exchange: .toldBy(sender)
        }
    }

    /// A death told by a table, or told of a member that answered here lately, is only a suspicion: the table of one who
    /// was cut off says of everybody that they are dead, and to believe it would be to die of its absence.
    private func softened(
        _ claim: Claim, from sender: MemberNumber, _ source: Source, _ known: Standing, _ now: Instant
    ) -> Claim {
        guard claim.status == .dead, known.status != .dead, source != .ownSuspicion, sender != claim.member else {
            return claim
        }
        let confirmed = settings.confirmedSuspicion(members: table.count)
        let answeredLately = known.lastAnswer.map { now - $0 < confirmed } ?? false
        guard source == .exchange || (settings.trustsOwnEyes && answeredLately) else { return claim }
        return .suspect(claim.member, claim.refutation, by: sender)
    }

    private mutating func take(
        _ claim: Claim, at index: Int, _ cause: MemberChange.Cause, _ now: Instant,
        _ effects: inout [MembershipEffect]
    ) {
        let before = table[index].status
        table[index].status = claim.status
        table[index].refutation = claim.refutation
        suspicions.removeAll { $0.member == claim.member }
        if let accuser = claim.accuser {
            let suspicion = Suspicion(
                claim.member, claim.refutation, by: accuser, at: now, members: table.count, settings: settings)
            let place = suspicions.firstIndex { $0.member > claim.member } ?? suspicions.count
            suspicions.insert(suspicion, at: place)
        }
        news.add(claim)
        guard before != claim.status else { return }
        table[index].since = now
        table[index].cause = cause
        if claim.status == .suspect { counters.suspicions += 1 }
        if claim.status == .dead { counters.deaths += 1 }
        let change = MemberChange(
            member: claim.member, from: before, to: claim.status, refutation: claim.refutation, cause: cause)
        effects.append(.changed(change))
    }

    /// Another accuser of one who is suspect already. What counts is told to others again.
    private mutating func confirm(_ claim: Claim) {
        guard let accuser = claim.accuser, accuser != claim.member,
            let index = suspicions.firstIndex(where: { $0.member == claim.member })
        else { return }
        if suspicions[index].confirm(by: accuser) { news.add(claim) }
    }

    mutating func expireSuspicions(_ now: Instant, _ effects: inout [MembershipEffect]) {
        for suspicion in suspicions.filter({ $0.deadline <= now }) {
            learn(.dead(suspicion.member, suspicion.refutation), from: me, .ownSuspicion, now, &effects)
        }
    }

    /// Somebody says something of this member.
    private mutating func defend(against claim: Claim, from sender: MemberNumber) {
        guard let index = table.index(of: me) else { return }
        let own = table[index].refutation
        if claim.status == .alive {
            // Said in an earlier life of this member.
            guard claim.refutation > own else { return }
            table[index].refutation = claim.refutation
            news.add(claim)
        } else if claim.refutation >= own {
            table[index].refutation = min(claim.refutation + 1, Claim.maxRefutation)
            counters.refutations += 1
            health.worsen()
            news.add(.alive(me, table[index].refutation))
            if claim.status == .dead {
                // Whoever held this member dead may hold others dead too, and be held dead by them: they should talk.
                wantsExchange = true
                exchangePartner = sender
            }
        } else if !news.contains(.alive(me, own)) {
            // Refuted already, but the sender has not heard it.
            news.add(.alive(me, own))
        }
    }
}
