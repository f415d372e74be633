// What ends a request that the answers did not end: its deadline, a message that did not leave, a peer that went away.

import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire

extension NodeMachine {
    /// Sets the timer to the earliest deadline, where it changed.
    mutating func scheduleDeadlines(_ now: Now, _ effects: inout Effects) {
        deadlines.prune(live: requests.count) { requests.contains($0) }
        var next = deadlines.earliest
        // One that was behind soon looks whether it still is.
        if lateness.isBehind {
            let soon = now.monotonic + Lateness.lookAgain
            next = min(next ?? soon, soon)
        }
        guard let earliest = next else {
            if deadlineTimer != nil { effects.append(.cancelTimer(.deadlines)) }
            deadlineTimer = nil
            return
        }
        if let set = deadlineTimer, set <= earliest { return }
        deadlineTimer = earliest
        effects.append(.setTimer(.deadlines, at: earliest))
    }

    mutating func deadlinesDue(_ now: Now, _ effects: inout Effects) {
        if let due = deadlineTimer { lateness.fired(due: due, at: now.monotonic) }
        deadlineTimer = nil
        while let slot = deadlines.popDue(at: now.monotonic) { due(slot, now, &effects) }
        if hasNewTimeout {
            hasNewTimeout = false
            tell(nil, now, &effects)
        }
        scheduleDeadlines(now, &effects)
    }

    private mutating func due(_ slot: UInt64, _ now: Now, _ effects: inout Effects) {
        guard let coordination = requests.take(slot) else { return }
        if let lookAt = coordination.lookAt, lookAt <= now.monotonic {
            coordination.lookAt = nil
            deadlines.insert(slot, at: coordination.deadline)
            lookForSilent(coordination, slot, now, &effects)
            return
        }
        let isDue = coordination.deadline <= now.monotonic
        switch coordination.phase {
        case .forwarded(let forwarding): forwardIsDue(coordination, forwarding, slot, now, &effects)
        case .demanding(let demanding): demandIsDue(coordination, demanding, slot, now, &effects)
        case .parked where isDue:
            let connected = coordination.plan.owners.count { $0 == me || isReachable($0) }
            let failure = Failure(
                .insufficientReplicas,
                "\(connected) of \(coordination.plan.owners.count) owners were connected in time")
            expire(coordination, slot, failure, now, &effects)
        case .parked where coordination.parkedUntil.map { $0 <= now.monotonic } ?? true:
            dispatch(coordination, slot, now, &effects)
        // It was parked once; that instant means nothing now.
        case _ where !isDue: requests.put(coordination, at: slot)
        case .reading(let machine, let then): readIsDue(coordination, machine, then, slot, now, &effects)
        case .writing(let machine): writeIsDue(coordination, machine, slot, now, &effects)
        case .loading, .arrived, .parked: expire(coordination, slot, nil, now, &effects)
        }
    }

    /// Its time is up, and nothing was written.
    mutating func expire(
        _ coordination: Coordination, _ slot: UInt64, _ failure: Failure?, _ now: Now, _ effects: inout Effects
    ) {
        counters.expired += 1
        let usual = Failure(.timeout, "request timed out before anything was written")
        reject(coordination, slot, failure ?? usual, now, &effects)
    }

    /// A message certainly did not leave.
    mutating func unsent(_ message: Message, to member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        switch message {
        case .store(let store):
            if store.exchange != 0, !hintIsUnsent(store.exchange, to: member, now) {
                acknowledged(store.exchange, by: member, .failed, now, &effects)
            }
        case .fetch(let fetch):
            readAnswered(fetch.exchange, by: member, .failed(.insufficientReplicas), now, &effects)
        case .request(let request): unsentForward(request, to: member, now, &effects)
        case .gossip(let gossip): unsent(gossip, to: member, now, &effects)
        case .scan(let scan): refill?.unsent(scan.exchange)
        case .pull(let pull): _ = exchanges.end(pull.exchange, from: member)
        case .compare(let compare):
            let status = Comparison.Status.refused(.insufficientReplicas)
            let refusal = Comparison(exchange: compare.exchange, epoch: layout.epoch, status: status)
            receive(refusal, from: member, now, &effects)
        case .roundReport: rounds.untold.insert(member)
        case .adverts(let adverts):
            for advert in adverts.adverts { knowledge.update(advert.group) { $0.isUnadvertised = true } }
        default: break  // Said again, or asked for again, when the member is connected again.
        }
    }

    /// A member went away: what it was asked in this request will not be answered.
    mutating func lost(_ member: MemberNumber, for slot: UInt64, _ now: Now, _ effects: inout Effects) {
        guard let coordination = requests[slot] else { return }
        switch coordination.phase {
        case .reading(let machine, _):
            if machine.isWaiting(for: member) {
                readAnswered(slot, by: member, .failed(.insufficientReplicas), now, &effects)
            }
        case .writing(let machine):
            if machine.isWaiting(for: member) { acknowledged(slot, by: member, .failed, now, &effects) }
        case .forwarded(let forwarding):
            guard forwarding.owner == member, forwarding.lostUntil == nil, let taken = requests.take(slot) else {
                return
            }
            forwardLost(taken, forwarding, slot, now)
        case .demanding(let demanding):
            guard demanding.owner == member, let taken = requests.take(slot) else { return }
            demandFailed(taken, demanding, slot, now, &effects)
        case .loading, .arrived, .parked: break
        }
    }
}

extension NodeMachine {
    /// Refuses what is new, and says `stopped` when all that is under way is answered and durable.
    mutating func stop(_ now: Now, _ effects: inout Effects) {
        guard !isStopping else { return }
        isStopping = true
        tell(.stop, now, &effects)
        // `tickEnded` finishes it, as soon as nothing is under way.
        effects.append(.setTimer(.stop, at: now.monotonic + settings.stopTimeout))
    }

    /// Takes the last barrier, once.
    mutating func finishStopping(_ effects: inout Effects) {
        guard !hasTakenLastBarrier else { return }
        hasTakenLastBarrier = true
        barriers.await(.stopped, .durable)
    }
}
