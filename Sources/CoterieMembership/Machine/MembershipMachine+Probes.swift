// Probes of this member's own: in turn, because of hints, and of the dead.

import CoteriePrimitives

extension MembershipMachine {
    /// The period's probe.
    mutating func probeNext(_ now: Instant, _ effects: inout [MembershipEffect]) {
        exchangeIfWanted(now, &effects)
        if let target = nextInTurn() { probe(target, isHinted: false, now, &effects) }
        schedule.probe = now + settings.probeInterval * Int64(health.multiplier)
    }

    /// (A function of its own, so that its copies are gone before anything is changed.)
    private mutating func nextInTurn() -> MemberNumber? {
        let (table, probes) = (table, probes)
        return order.advance(using: &generator) { member in
            guard let index = table.index(of: member), table[index].status != .dead else { return false }
            return !probes.contains { $0.target == member }
        }
    }

    /// One of the dead, in case it is there again and nobody noticed. It is told so in any case: two that hold each other
    /// dead would have nobody else to hear it from.
    mutating func probeDead(_ now: Instant, _ effects: inout [MembershipEffect]) {
        schedule.deadProbe = now + settings.deadProbeInterval
        guard probes.count(where: \.isHinted) <= settings.maxHintedProbes else { return }
        let dead = table.members.filter { $0.status == .dead && $0.isConnected && $0.member != me }.map(\.member)
        if let target = generator.pick(dead) {
            probe(target, isHinted: true, tellsTheAccused: true, now, &effects)
        }
    }

    /// A hint that a member may be gone, or be back.
    mutating func doubt(_ member: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]) {
        guard phase == .running, member != me, let index = table.index(of: member) else { return }
        if let last = table[index].lastProbe, now - last < settings.probeInterval { return }
        guard probes.count(where: \.isHinted) < settings.maxHintedProbes else { return }
        probe(member, isHinted: true, now, &effects)
    }

    private mutating func probe(
        _ target: MemberNumber, isHinted: Bool, tellsTheAccused: Bool = false, _ now: Instant,
        _ effects: inout [MembershipEffect]
    ) {
        guard let index = table.index(of: target), !probes.contains(where: { $0.target == target }) else { return }
        table[index].lastProbe = now
        counters.probes += 1
        lastSequence &+= 1
        let scale = Int64(health.multiplier)
        var probe = Probe(
            sequence: lastSequence, target: target, isHinted: isHinted, until: now + settings.probeInterval * scale)
        if table[index].isConnected {
            probe.directUntil = now + settings.probeTimeout * scale
            effects.append(
                .send(
                    .probe(sequence: probe.sequence, news: takeNews(for: target, tellsTheAccused: tellsTheAccused)),
                    to: target))
        } else {
            askRelays(for: &probe, now, &effects)
        }
        probes.append(probe)
    }

    /// Has others probe. Those asked are alive, so that their silence says something.
    private mutating func askRelays(for probe: inout Probe, _ now: Instant, _ effects: inout [MembershipEffect]) {
        probe.directUntil = nil
        let target = probe.target
        probe.relays = choose(settings.indirectProbes) { $0.status == .alive && $0.member != target }
        for relay in probe.relays {
            let request = MembershipMessage.probeFor(
                target: target, sequence: probe.sequence, patience: max(.zero, probe.until - now),
                news: takeNews(for: relay))
            effects.append(.send(request, to: relay))
        }
    }

    /// Probes whose time for a direct answer, or for any, is over.
    mutating func expireProbes(_ now: Instant, _ effects: inout [MembershipEffect]) {
        for sequence in probes.filter({ $0.deadline <= now }).map(\.sequence) {
            guard let index = probes.firstIndex(where: { $0.sequence == sequence }) else { continue }
            if probes[index].directUntil != nil, probes[index].until > now {
                goIndirect(index, now, &effects)
            } else {
                fail(probes.remove(at: index), now, &effects)
            }
        }
    }

    private mutating func goIndirect(_ index: Int, _ now: Instant, _ effects: inout [MembershipEffect]) {
        var probe = probes[index]
        askRelays(for: &probe, now, &effects)
        probes[index] = probe
    }

    /// An answer, from the target itself or from a relay.
    mutating func receiveAnswer(
        _ sequence: UInt32, from sender: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]
    ) {
        if let index = probes.firstIndex(where: {
            $0.sequence == sequence && ($0.target == sender || $0.relays.contains(sender))
        }) {
            succeed(index, now)
        } else if let index = relays.firstIndex(where: { $0.sequence == sequence && $0.target == sender }) {
            passOn(index, now, &effects)
        } else if let index = table.index(of: sender) {
            // Late, but alive.
            table[index].lastAnswer = now
        }
    }

    /// The data path had an answer of this member. A probe that began later wants an answer of its own.
    mutating func answered(
        _ member: MemberNumber, at time: Instant, _ now: Instant, _ effects: inout [MembershipEffect]
    ) {
        guard let index = table.index(of: member), member != me else { return }
        table[index].lastAnswer = max(time, table[index].lastAnswer ?? time)
        let isOlder = table[index].lastProbe.map { time < $0 } ?? false
        if let probe = probes.firstIndex(where: { $0.target == member }), table[index].status == .alive {
            if !isOlder { succeed(probe, time) }
        } else if table[index].status != .alive {
            // It is there, but only itself may say so to all: it is told what it has to refute.
            doubt(member, now, &effects)
        }
    }

    private mutating func succeed(_ index: Int, _ now: Instant) {
        let probe = probes.remove(at: index)
        if let member = table.index(of: probe.target) {
            table[member].lastAnswer = max(now, table[member].lastAnswer ?? now)
        }
        health.improve()
    }

    private mutating func fail(_ probe: Probe, _ now: Instant, _ effects: inout [MembershipEffect]) {
        counters.failedProbes += 1
        guard let index = table.index(of: probe.target), table[index].status != .dead else { return }
        // Relays that kept silent, though they are to speak whatever they find, cast doubt on the way to here.
        health.worsen(by: probe.relays.isEmpty ? 1 : probe.relays.count - probe.silent.count)
        let claim = Claim.suspect(probe.target, table[index].refutation, by: me)
        learn(claim, from: me, .ownProbe, now, &effects)
    }

    mutating func receiveNoAnswer(
        _ sequence: UInt32, from sender: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]
    ) {
        guard let index = probes.firstIndex(where: { $0.sequence == sequence }),
            probes[index].relays.contains(sender), !probes[index].silent.contains(sender)
        else { return }
        probes[index].silent.append(sender)
        // Without a connection nothing else can come.
        let isHopeless =
            probes[index].silent.count == probes[index].relays.count
            && !(standing(of: probes[index].target)?.isConnected ?? false)
        if isHopeless { fail(probes.remove(at: index), now, &effects) }
    }

    /// What did not leave is not waited for.
    mutating func unsent(
        _ message: MembershipMessage, to member: MemberNumber, _ now: Instant, _ effects: inout [MembershipEffect]
    ) {
        switch message {
        case .probe(let sequence, _):
            if let index = probes.firstIndex(where: { $0.sequence == sequence }), probes[index].directUntil != nil {
                goIndirect(index, now, &effects)
            } else if let index = relays.firstIndex(where: { $0.sequence == sequence }) {
                giveUp(index, &effects)
            }
        case .probeFor(_, let sequence, _, _):
            if let index = probes.firstIndex(where: { $0.sequence == sequence }) {
                probes[index].relays.removeAll { $0 == member }
            }
        case .exchange(_, wantsReply: true): wantsExchange = true
        case .answer, .noAnswer, .gossip, .exchange: break
        }
    }
}
