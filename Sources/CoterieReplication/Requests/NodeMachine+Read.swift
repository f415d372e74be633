// The read path: the own replica first, then a digest of it to the other owners, the answer at quorum, and the repair
// of whatever turned out to be stale.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// Asks all owners for the key.
    mutating func startRead(
        _ coordination: Coordination, _ slot: UInt64, _ options: ResolvedOptions,
        _ then: Coordination.ThenWhat, _ now: Now, _ effects: inout Effects
    ) {
        let (plan, key) = (coordination.plan, coordination.request.key)
        let quorum = ReadQuorum(
            asked: options.asked, notfoundOK: options.notfoundOK, basicQuorum: options.basicQuorum)
        var machine = ReadMachine(
            owners: plan.owners, fallbacks: fallbacks(for: plan.group, options), quorum: quorum)
        var verdict = Verdict.waiting
        if plan.owners.contains(me) {
            switch ownAnswer(plan.group, key, &effects) {
            case .now(let answer): verdict = ownAnswered(answer, &machine, coordination)
            case .later(let ticket): loads.insert(.read(slot), plan.group, key, ticket)
            }
        }
        var missing = 0
        for owner in plan.owners where owner != me {
            if isReachable(owner) {
                let fetch = Fetch(
                    exchange: slot, epoch: layout.epoch, group: plan.group, key: key, digest: machine.ownDigest,
                    floor: coordination.request.options.floor ?? VersionVector(),
                    timeLeft: coordination.deadline - now.monotonic)
                effects.append(.send(.fetch(fetch), to: owner))
            }
            if !isWell(owner) { missing += 1 }
        }
        let looksAtOwnHints = missing > 0 && mayKeepHints(plan, options)
        if missing > 0 {
            if looksAtOwnHints { machine.askItself(me) }
            askFallbacks(missing, coordination, &machine, slot, now, &effects)
            for owner in plan.owners where owner != me && !isReachable(owner) {
                verdict = machine.add(.failed(.insufficientReplicas), from: owner, rule: plan.rule)
            }
        }
        coordination.phase = .arrived
        progress(coordination, machine, then, verdict, slot, now, &effects)
        if looksAtOwnHints { lookAtOwnHints(plan, key, slot, now, &effects) }
    }

    /// The coordinator's own replica has answered.
    private func ownAnswered(
        _ answer: ReplicaAnswer, _ machine: inout ReadMachine, _ coordination: Coordination
    ) -> Verdict {
        if answer.isOfAStore {
            let floor = coordination.request.options.floor ?? VersionVector()
            machine.note(round: rounds.current, handled: knowledge.handled(of: floor, in: coordination.plan.group))
        }
        return machine.own(answer, of: me, rule: coordination.plan.rule)
    }

    /// One owner's answer to a fetch.
    mutating func receive(
        _ reply: FetchReply, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        noteEpoch(reply.epoch, of: member, &effects)
        guard requests[reply.exchange] != nil else { return }
        let answer: ReplicaAnswer
        switch reply.status {
        case .same: answer = .same
        case .absent: answer = .absent
        case .refused(let code): answer = .failed(code)
        case .object(let bytes):
            do throws(ObjectCodecError) {
                answer = .object(try CausalObject(decoding: bytes))
            } catch {
                answer = .failed(.corrupt)
            }
        }
        readAnswered(
            reply.exchange, by: member, answer, round: reply.round, handled: reply.handled, now, &effects)
    }

    /// Feeds an answer to the read in `slot`, if there (still) is one. `round`: in which it left a store.
    mutating func readAnswered(
        _ slot: UInt64, by member: MemberNumber, _ answer: ReplicaAnswer, round: UInt64 = 0,
        handled: VersionVector = VersionVector(), _ now: Now, _ effects: inout Effects
    ) {
        guard let coordination = requests.take(slot) else { return }
        guard case .reading(var machine, let then) = coordination.phase else {
            requests.put(coordination, at: slot)
            return
        }
        coordination.phase = .arrived
        let owns = coordination.plan.owners.contains(member)
        if owns, answer == .failed(.insufficientReplicas), !machine.isDecided {
            askFallbacks(1, coordination, &machine, slot, now, &effects)
        }
        let verdict: Verdict
        if member == me, owns {
            verdict = ownAnswered(answer, &machine, coordination)
        } else {
            if answer.isOfAStore { machine.note(round: round, handled: handled) }
            verdict = machine.add(answer, from: member, rule: coordination.plan.rule)
        }
        progress(coordination, machine, then, verdict, slot, now, &effects)
    }

    /// Decides what can be decided, and keeps, ends or passes on the request.
    private mutating func progress(
        _ coordination: Coordination, _ machine: consuming ReadMachine, _ then: Coordination.ThenWhat,
        _ verdict: Verdict, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        var looksAtOwnHints = false
        if !machine.isDecided, then != .nothing {
            let isComplete = machine.waiting == 0
            let floor = settings.omitted.contains(.floors) ? nil : coordination.request.options.floor
            let floorIsMet = floor.map(machine.meets) ?? true
            switch verdict {
            case .enough where floorIsMet:
                machine.decide()
                if then == .write {
                    writeAfter(machine, coordination, slot, now, &effects)
                    return
                }
                answerRead(coordination, machine, now, &effects)
            case .enough where isComplete:
                // What the session has seen may be a hint still: the read widens before it fails.
                let widens = then == .answer || coordination.hasFetched
                looksAtOwnHints = widens && widen(coordination, &machine, slot, now, &effects)
                if machine.waiting > 0 { break }
                machine.decide()
                let failure = Failure(
                    .insufficientReplicas, "no \(machine.quorum.asked.quorum) replicas cover the context asked as floor"
                )
                fail(coordination, machine, failure, now, &effects)
            case .failed:
                machine.decide()
                fail(coordination, machine, machine.failure(timedOut: false), now, &effects)
            case .waiting, .enough: break
            }
        }
        if machine.waiting == 0 || !linger(coordination) {
            repair(machine, coordination, now, &effects)
            end(slot, coordination)
        } else {
            let plan = coordination.plan
            let key = coordination.request.key
            coordination.phase = .reading(machine, then)
            requests.put(coordination, at: slot)
            if looksAtOwnHints { lookAtOwnHints(plan, key, slot, now, &effects) }
        }
    }

    /// Whether a request that is answered may stay for late answers; one that is not answered stays anyway.
    private mutating func linger(_ coordination: Coordination) -> Bool {
        guard coordination.isAnswered, !coordination.isLingering else { return true }
        guard lingering < settings.maxLingeringReads else { return false }
        lingering += 1
        coordination.isLingering = true
        return true
    }

    /// Gives up a request's slot.
    mutating func end(_ slot: UInt64, _ coordination: Coordination) {
        if coordination.isLingering { lingering -= 1 }
        requests.release(slot)
    }

    private mutating func answerRead(
        _ coordination: Coordination, _ machine: ReadMachine, _ now: Now, _ effects: inout Effects
    ) {
        if machine.quorum.fallbacks > 0 { counters.fallbackReads += 1 }
        answer(
            coordination, .object(coordination.plan.rule.shown(machine.merged)), receipt(coordination, machine, now),
            &effects)
    }

    private mutating func fail(
        _ coordination: Coordination, _ machine: ReadMachine, _ failure: Failure, _ now: Now,
        _ effects: inout Effects
    ) {
        answer(coordination, .failed(failure), receipt(coordination, machine, now), &effects)
    }

    private func receipt(_ coordination: Coordination, _ machine: ReadMachine, _ now: Now) -> Receipt {
        var receipt = receipt(of: coordination, machine.quorum.asked, now)
        receipt.met = machine.quorum.met
        receipt.metPrimary = machine.quorum.primary
        receipt.responders = machine.responders
        return receipt
    }

    /// The read before a write is decided: checks the condition and writes.
    private mutating func writeAfter(
        _ machine: ReadMachine, _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        let found = coordination.plan.rule.shown(machine.merged)
        switch coordination.request.operation {
        case .get: preconditionFailure("a get is not followed by a write")
        case .put(let content, let context, let condition):
            if let unmet = condition?.unmet(by: found) {
                fail(coordination, machine, Failure(.preconditionFailed, unmet), now, &effects)
                end(slot, coordination)
                return
            }
            let observed = context ?? (condition?.replaces == true ? found.context : nil)
            coordination.request.operation = .put(content, context: observed, condition: nil)
        case .delete(let context, let condition):
            if let unmet = condition?.unmet(by: found) {
                fail(coordination, machine, Failure(.preconditionFailed, unmet), now, &effects)
                end(slot, coordination)
                return
            }
            if context == nil, found.siblings.isEmpty {
                // Nothing to delete: what the client may know about it is the answer.
                answerRead(coordination, machine, now, &effects)
                end(slot, coordination)
                return
            }
            coordination.request.operation = .delete(context: context ?? found.context, condition: nil)
        case .update(_, let context, _):
            // What is met and not covered was deleted, and its marker is gone: nothing of it is left to act on.
            coordination.actsOn = context.map { VersionVector($0.lastDots.filter { found.context.covers($0) }) }
            coordination.found = (machine.merged, machine.round)
        }
        startWrite(coordination, slot, now, &effects)
    }

    /// Sends what was merged to each replica that lacks some of it, within the budget.
    private mutating func repair(
        _ machine: ReadMachine, _ coordination: Coordination, _ now: Now, _ effects: inout Effects
    ) {
        let stale = machine.stale
        guard !stale.isEmpty else { return }
        let encoded = machine.merged.encoded()
        for member in stale {
            guard background.admits(.repairs, at: now.monotonic) else {
                counters.readRepairsSkipped += 1
                continue
            }
            background.spend(.repairs, bytes: encoded.readableBytes)
            counters.readRepairs += 1
            let store = Store(
                exchange: 0, epoch: layout.epoch, round: machine.round, group: coordination.plan.group,
                key: coordination.request.key, object: encoded, event: nil, durable: false)
            if member == me {
                // A lost record is laid over only with all that the other owners have.
                if corruptKeys.contains(store.key) {
                    if machine.isComplete(but: me) { restored(store, &effects) }
                } else {
                    receive(store, from: me, now, &effects)
                }
            } else {
                effects.append(.send(.store(store), to: member))
            }
        }
    }

    /// A read's time is up: it fails, or its repair goes without those that are silent.
    mutating func readIsDue(
        _ coordination: Coordination, _ machine: ReadMachine, _ then: Coordination.ThenWhat, _ slot: UInt64,
        _ now: Now, _ effects: inout Effects
    ) {
        var machine = machine
        if !machine.isDecided, then != .nothing {
            machine.decide()
            fail(coordination, machine, machine.failure(timedOut: true), now, &effects)
        }
        for owner in machine.owners where machine.isWaiting(for: owner) { hasTimedOut(owner) }
        machine.giveUp()
        repair(machine, coordination, now, &effects)
        end(slot, coordination)
    }

    /// Reads all replicas of a key whose own record is lost, for the repair alone.
    mutating func restore(_ group: Group, _ key: ObjectKey, _ now: Now, _ effects: inout Effects) {
        guard let type = layout.bucketType(named: key.type), underWay < limits.maxRequestsInFlight else { return }
        let options = ResolvedOptions(
            asked: AskedQuorum(n: type.n, quorum: type.n), notfoundOK: true, basicQuorum: false, sloppy: false,
            returnBody: false, head: false, timeout: settings.repairTimeout)
        let plan = RequestPlan(
            group: group, owners: layout.preferenceList(for: group).primaries, rule: TypeRule(type.kind, in: types),
            options: options, epoch: layout.epoch)
        let coordination = Coordination(
            target: .none, request: ClientRequest(key: key, operation: .get), plan: plan, started: now.monotonic,
            deadline: now.monotonic + settings.repairTimeout)
        let slot = requests.reserve()
        deadlines.insert(slot, at: coordination.deadline)
        startRead(coordination, slot, options, .nothing, now, &effects)
    }
}
