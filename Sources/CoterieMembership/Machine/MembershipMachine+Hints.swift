// What the transport and the layout tell: connections that come and break, members that join and leave, the end.

import CoteriePrimitives

extension MembershipMachine {
    mutating func connected(_ member: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]) {
        guard let index = table.index(of: member), member != me else { return }
        table[index].isConnected = true
        guard phase == .running else { return }
        // It seems to be back: it is told what it has to refute.
        if table[index].status != .alive { doubt(member, now, &effects) }
        exchangeIfWanted(now, &effects)
    }

    mutating func disconnected(_ member: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]) {
        guard let index = table.index(of: member), member != me, table[index].isConnected else { return }
        table[index].isConnected = false
        for sequence in probes.filter({ $0.target == member }).map(\.sequence) {
            unsent(.probe(sequence: sequence, news: []), to: member, now, &effects)
        }
        for probe in probes.indices {
            probes[probe].relays.removeAll { $0 == member }
            probes[probe].silent.removeAll { $0 == member }
        }
        relays.removeAll { $0.asker == member }
        while let relay = relays.firstIndex(where: { $0.target == member }) { giveUp(relay, &effects) }
        // Others may know more of it; a break alone means nothing.
        if table[index].status == .alive { doubt(member, now, &effects) }
    }

    mutating func adopt(_ numbers: [MemberNumber], _ now: Instant) {
        let all = Self.ordered(numbers, with: me)
        table.adopt(all, at: now)
        order.adopt(all.filter { $0 != me }, using: &generator)
        let isGone: (MemberNumber) -> Bool = { [table] in table.index(of: $0) == nil }
        suspicions.removeAll { isGone($0.member) }
        probes.removeAll { isGone($0.target) }
        relays.removeAll { isGone($0.target) || isGone($0.asker) }
        for item in news.items where isGone(item.claim.member) { news.drop(item.claim.member) }
        wantsExchange = true
    }

    /// Says goodbye to all: each takes it from the dead one's own mouth, and passes it on.
    mutating func stop(_ effects: inout [MembershipEffect]) {
        phase = .stopped
        let farewell = MembershipMessage.gossip(news: [.dead(me, refutation)])
        for standing in table.members where standing.isConnected && standing.status != .dead {
            effects.append(.send(farewell, to: standing.member))
        }
    }
}
