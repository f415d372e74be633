// Probes for others: a relay answers in time whatever it finds, so that its asker can tell a silent target from a bad
// way to the relay (Lifeguard's nack).

import CoteriePrimitives

extension MembershipMachine {
    mutating func relay(
        _ target: MemberNumber, _ sequence: UInt32, _ patience: TimeSpan, for asker: MemberNumber, _ now: Instant,
        _ effects: inout [MembershipEffect]
    ) {
        if target == me {
            let news = takeNews(for: asker)
            return effects.append(.send(.answer(sequence: sequence, news: news), to: asker))
        }
        let isConnected = standing(of: target)?.isConnected ?? false
        guard phase == .running, isConnected, relays.count < settings.maxRelays else {
            return effects.append(.send(.noAnswer(sequence: sequence), to: asker))
        }
        counters.relayed += 1
        lastSequence &+= 1
        // Early enough to be heard in time.
        let wait = TimeSpan(nanoseconds: max(0, patience.nanoseconds) / 5 * 4)
        relays.append(
            Relay(
                sequence: lastSequence, target: target, asker: asker, askersSequence: sequence, until: now + wait))
        effects.append(.send(.probe(sequence: lastSequence, news: takeNews(for: target)), to: target))
    }

    /// The target has answered.
    mutating func passOn(_ index: Int, _ now: Instant, _ effects: inout [MembershipEffect]) {
        let relay = relays.remove(at: index)
        if let member = table.index(of: relay.target) { table[member].lastAnswer = now }
        let news = takeNews(for: relay.asker)
        effects.append(.send(.answer(sequence: relay.askersSequence, news: news), to: relay.asker))
    }

    mutating func giveUp(_ index: Int, _ effects: inout [MembershipEffect]) {
        let relay = relays.remove(at: index)
        effects.append(.send(.noAnswer(sequence: relay.askersSequence), to: relay.asker))
    }

    mutating func expireRelays(_ now: Instant, _ effects: inout [MembershipEffect]) {
        while let index = relays.firstIndex(where: { $0.until <= now }) { giveUp(index, &effects) }
    }
}
