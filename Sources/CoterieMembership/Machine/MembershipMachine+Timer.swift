// The one timer: what is due runs in a fixed order, and the timer is set to what is due next.

import CoteriePrimitives

extension MembershipMachine {
    mutating func start(_ now: Instant) {
        guard phase == .new else { return }
        phase = .running
        for index in table.members.indices { table[index].since = now }
        // Nodes that start together do not go on in step.
        schedule.probe = now + random(below: settings.probeInterval)
        schedule.exchange = now + random(below: settings.exchangeInterval(members: table.count))
        schedule.deadProbe = now + random(below: settings.deadProbeInterval)
    }

    mutating func random(below span: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: Int64(generator.below(Int(max(1, span.nanoseconds)))))
    }

    mutating func runDue(_ now: Instant, _ effects: inout [MembershipEffect]) {
        expireRelays(now, &effects)
        expireProbes(now, &effects)
        expireSuspicions(now, &effects)
        if let due = schedule.probe, due <= now { probeNext(now, &effects) }
        if let due = schedule.deadProbe, due <= now { probeDead(now, &effects) }
        if let due = schedule.exchange, due <= now {
            schedule.exchange = now + settings.exchangeInterval(members: table.count)
            wantsExchange = true
            exchangeIfWanted(now, &effects)
        }
        if let due = schedule.gossip, due <= now { gossip(now, &effects) }
    }

    mutating func setTimer(_ now: Instant, _ effects: inout [MembershipEffect]) {
        if schedule.gossip == nil, !news.isEmpty {
            schedule.gossip = now + random(below: settings.gossipInterval)
        }
        guard let due = earliest.map({ max($0, now) }), due != timer else { return }
        timer = due
        effects.append(.setTimer(at: due))
    }

    private var earliest: Instant? {
        var earliest: Instant?
        func consider(_ instant: Instant?) {
            if let instant, earliest.map({ instant < $0 }) ?? true { earliest = instant }
        }
        consider(schedule.probe)
        consider(schedule.gossip)
        consider(schedule.exchange)
        consider(schedule.deadProbe)
        for probe in probes { consider(probe.deadline) }
        for relay in relays { consider(relay.until) }
        for suspicion in suspicions { consider(suspicion.deadline) }
        return earliest
    }

    /// A timer that comes late by more than an answer may take shows that this process was held up: answers and
    /// refutations may lie unread, so what was waited for is waited for again, and the own health is in doubt.
    mutating func noticeAbsence(_ now: Instant) {
        guard settings.noticesOwnAbsence, let due = timer, now - due > settings.probeTimeout else { return }
        let span = now - due + settings.probeTimeout
        for index in probes.indices {
            probes[index].until = probes[index].until + span
            probes[index].directUntil = probes[index].directUntil.map { $0 + span }
        }
        for index in suspicions.indices { suspicions[index].extend(by: span) }
        // Once an absence: until it is set again the timer counts as due now.
        timer = now
        health.worsen()
        counters.absences += 1
        wantsExchange = true
    }
}
