// How news travels: on probes and answers, in small messages of its own, and once in a while as a whole table.

import CoteriePrimitives

extension MembershipMachine {
    /// The news for one message: what its receiver is accused of, so that it can refute (Lifeguard's buddy system), then
    /// what was told least.
    /// - Parameter tellsTheAccused: tells it even if `MembershipSettings.tellsTheAccused` says that it is not told.
    mutating func takeNews(for receiver: MemberNumber, tellsTheAccused: Bool = false) -> [Claim] {
        var room = settings.maxGossipBytes - MembershipMessage.maxHeadBytes
        let limit = settings.retransmits(members: table.count)
        guard tellsTheAccused || settings.tellsTheAccused, let accusation = accusation(of: receiver) else {
            return news.take(bytes: room, limit: limit)
        }
        room -= accusation.encodedBytes
        return [accusation] + news.take(bytes: room, limit: limit).filter { $0 != accusation }
    }

    private func accusation(of member: MemberNumber) -> Claim? {
        guard let standing = standing(of: member), standing.status != .alive else { return nil }
        return claim(standing)
    }

    /// What this member holds of another, as a claim.
    private func claim(_ standing: Standing) -> Claim {
        switch standing.status {
        case .alive: return .alive(standing.member, standing.refutation)
        case .dead: return .dead(standing.member, standing.refutation)
        case .suspect:
            let accuser = suspicion(of: standing.member)?.accusers.first ?? me
            return .suspect(standing.member, standing.refutation, by: accuser)
        }
    }

    mutating func gossip(_ now: Instant, _ effects: inout [MembershipEffect]) {
        schedule.gossip = nil
        guard !news.isEmpty else { return }
        let patience = settings.gossipToTheDead
        let partners = choose(settings.gossipFanout) { standing in
            standing.status != .dead || now - standing.since < patience
        }
        for partner in partners where !news.isEmpty {
            effects.append(.send(.gossip(news: takeNews(for: partner)), to: partner))
        }
        if partners.isEmpty { news.age(limit: settings.retransmits(members: table.count)) }
        if !news.isEmpty { schedule.gossip = now + settings.gossipInterval }
    }

    /// Different connected members, at most `count`, chosen at random.
    mutating func choose(_ count: Int, where isWanted: (Standing) -> Bool) -> [MemberNumber] {
        var chosen: [MemberNumber] = []
        // As memberlist: so many draws find enough of them unless there are few.
        for _ in 0 ..< 3 * table.count {
            if chosen.count >= count { break }
            let standing = table[generator.below(table.count)]
            guard standing.isConnected, standing.member != me, isWanted(standing),
                !chosen.contains(standing.member)
            else { continue }
            chosen.append(standing.member)
        }
        return chosen
    }

    /// Sends the whole table to one member, which sends its own back. Kept wanted until a table has come.
    mutating func exchangeIfWanted(_ now: Instant, _ effects: inout [MembershipEffect]) {
        guard wantsExchange else { return }
        let asked = exchangePartner.flatMap(standing(of:)).flatMap { $0.isConnected ? $0.member : nil }
        exchangePartner = nil
        guard let partner = asked ?? choose(1, where: { $0.status != .dead }).first else { return }
        effects.append(.send(.exchange(table: wholeTable, wantsReply: true), to: partner))
    }

    /// Whether a claim of a table is in its place here: nearly all are, of thousands.
    private func isHeld(_ claim: Claim, at index: Int) -> Bool {
        guard index < table.count, claim.status == .alive else { return false }
        let standing = table[index]
        return standing.member == claim.member && standing.refutation == claim.refutation
            && standing.status == .alive
    }

    private var wholeTable: [Claim] { table.members.map(claim) }

    mutating func receiveTable(
        _ claims: [Claim], wantsReply: Bool, from sender: MemberNumber, _ now: Instant,
        _ effects: inout [MembershipEffect]
    ) {
        counters.exchanges += 1
        for (index, claim) in claims.enumerated() where !isHeld(claim, at: index) {
            learn(claim, from: sender, .exchange, now, &effects)
        }
        if wantsReply {
            effects.append(.send(.exchange(table: wholeTable, wantsReply: false), to: sender))
        } else if exchangePartner == nil {
            wantsExchange = false
        }
    }
}
