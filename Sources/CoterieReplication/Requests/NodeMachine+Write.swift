// The write path at an owner: load, drop what the client has seen, mint, join, apply in one batch; send it to the other
// owners at once, before the own barrier; count acknowledgements, the own one behind its barrier like everybody's. A
// fallback that mints a write goes the same way from the minting on (NodeMachine+Fallback.swift).

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore

extension NodeMachine {
    /// Writes here, as an owner that serves.
    mutating func startWrite(
        _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        let local = load(coordination.plan.group, coordination.request.key, &effects)
        write(coordination, over: local, slot, now, &effects)
    }

    /// The own record came from disk, and is as it was read: what was stored meanwhile was looked at again.
    mutating func writeLoaded(_ slot: UInt64, _ local: LocalObject, _ now: Now, _ effects: inout Effects) {
        guard let coordination = requests.take(slot) else { return }
        guard case .loading = coordination.phase else {
            requests.put(coordination, at: slot)
            return
        }
        if coordination.deadline <= now.monotonic {
            expire(coordination, slot, nil, now, &effects)
        } else if service == .serving {
            write(coordination, over: local, slot, now, &effects)
        } else {
            startForward(coordination, slot, now, &effects)
        }
    }

    private mutating func write(
        _ coordination: Coordination, over local: LocalObject, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        switch local {
        case .object(let object): write(coordination, over: object, slot, now, &effects)
        case .absent: write(coordination, over: CausalObject(), slot, now, &effects)
        case .pending(let ticket):
            coordination.phase = .loading
            requests.put(coordination, at: slot)
            loads.insert(.write(slot), coordination.plan.group, coordination.request.key, ticket)
        case .corrupt:
            // A failed read is never treated as absent (INV 1): another owner takes it, and this one is restored.
            restore(coordination.plan.group, coordination.request.key, now, &effects)
            startForward(coordination, slot, now, &effects)
        }
    }

    /// The one step of rule 2, then the spreading.
    private mutating func write(
        _ coordination: Coordination, over local: CausalObject, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) {
        if let failure = outOfReach(coordination) {
            reject(coordination, slot, failure, now, &effects)
            return
        }
        if let found = coordination.found {
            takeIn(found, over: local, coordination, slot, now, &effects)
            return
        }
        do throws(Failure) {
            switch try mint(coordination, over: local, asFallback: false, now, &effects) {
            case .event(let object, let event):
                let encoded = object.encoded()
                try store(object, encoded, event, coordination)
                spread(coordination, object, encoded, event, keptFor: nil, slot, now, &effects)
            case .repeated:
                counters.repeatedUpdates += 1
                spread(coordination, local, local.encoded(), nil, keptFor: nil, slot, now, &effects)
            case .behind(let observed): try fetchWhatWasSeen(observed, coordination, slot, now, &effects)
            case .demands(let why, let demands): try demand(demands, why, coordination, slot, now, &effects)
            }
        } catch {
            reject(coordination, slot, error, now, &effects)
        }
    }

    private mutating func store(
        _ object: CausalObject, _ encoded: ByteBuffer, _ event: Store.Event, _ coordination: Coordination
    ) throws(Failure) {
        // What a delete covers is everywhere before its marker goes: also what only its client had seen.
        let minted = settings.omitted.contains(.wholeRuns) ? [event.dot] : event.run.dots
        let fresh =
            object.isMarker
            ? knowledge.unhandled(minted + object.namedDots, in: coordination.plan.group) : minted
        do throws(StorageFailure) {
            try apply(object, encoded, fresh, coordination.plan.group, coordination.request.key)
        } catch {
            throw Failure(error.code, "nothing was written: \(error)")
        }
    }

    /// Sends the write to the other owners and begins to count. `event`: nil of an update that was applied before.
    /// `target`: for whom this node, a fallback, keeps it.
    mutating func spread(
        _ coordination: Coordination, _ object: CausalObject, _ encoded: ByteBuffer, _ event: Store.Event?,
        keptFor target: MemberNumber?, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        let plan = coordination.plan
        let durable = plan.options.asked.durable > 0
        let store = Store(
            exchange: slot, epoch: layout.epoch, round: rounds.current, group: plan.group,
            key: coordination.request.key,
            object: encoded, event: event, durable: durable)
        var machine = WriteMachine(
            owners: plan.owners, fallbacks: fallbacks(for: plan.group, plan.options), object: object, run: event?.run,
            observed: coordination.request.operation.context ?? VersionVector(),
            quorum: WriteQuorum(asked: plan.options.asked, durableOwnersOnly: plan.options.durableOwnersOnly))
        if let target { machine.standIn(me, for: target) }
        var verdict = Verdict.waiting
        var areAllWell = true
        for owner in plan.owners where owner != me {
            if isWell(owner) {
                effects.append(.send(.store(store), to: owner))
                continue
            }
            areAllWell = false
            if isReachable(owner) { effects.append(.send(.store(store), to: owner)) }
            if owner != target { standIn(for: owner, &machine, coordination, slot, &effects) }
        }
        if !areAllWell {
            for owner in plan.owners where owner != me && !isReachable(owner) {
                verdict = machine.add(.failed, from: owner)
            }
        }
        barriers.await(.ownWrite(slot), strength(forcedDurable: durable))
        progress(coordination, machine, verdict, slot, now, &effects)
    }

    /// Another owner's answer to a store.
    mutating func receive(
        _ reply: StoreReply, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        noteEpoch(reply.epoch, of: member, &effects)
        if hintIsAnswered(reply, by: member, now, &effects) { return }
        switch reply.status {
        case .stored(let durable):
            acknowledged(reply.exchange, by: member, durable ? .durable : .stored, now, &effects)
        case .refused(let code):
            if code == .causalityFault {
                // Rules 3 and 5: something has gone here without anybody's noticing.
                renewIdentity("\(member) holds an event of it that it forgot", &effects)
                if let group = requests[reply.exchange]?.plan.group { _ = audit(group, &effects) }
            }
            acknowledged(reply.exchange, by: member, .failed, now, &effects)
        }
    }

    /// Feeds an acknowledgement to the write in `slot`, if there (still) is one.
    mutating func acknowledged(
        _ slot: UInt64, by member: MemberNumber, _ answer: Responder.Answer, _ now: Now, _ effects: inout Effects
    ) {
        guard let coordination = requests.take(slot) else { return }
        guard case .writing(var machine) = coordination.phase else {
            requests.put(coordination, at: slot)
            return
        }
        coordination.phase = .arrived
        if answer == .failed, machine.isWaiting(for: member) {
            let owner = coordination.plan.owners.contains(member) ? member : machine.target(of: member)
            let isCovered = machine.standIns.contains { $0.target == owner && $0.member != member && !$0.hasAnswered }
            if let owner, owner != me, !isCovered { standIn(for: owner, &machine, coordination, slot, &effects) }
        }
        let verdict = machine.add(answer, from: member)
        progress(coordination, machine, verdict, slot, now, &effects)
    }

    private mutating func progress(
        _ coordination: Coordination, _ machine: consuming WriteMachine, _ verdict: Verdict, _ slot: UInt64,
        _ now: Now, _ effects: inout Effects
    ) {
        switch verdict {
        case .waiting:
            coordination.phase = .writing(machine)
            requests.put(coordination, at: slot)
        case .enough:
            let result: ClientResult =
                coordination.plan.options.returnBody
                ? .stored(context: machine.object.context, object: coordination.plan.rule.shown(machine.object))
                : .stored(context: machine.contextForClient, object: nil)
            answer(coordination, result, receipt(coordination, machine, now), &effects)
            end(slot, coordination)
        case .failed:
            let failure = Failure(.insufficientReplicas, machine.quorum.shortfall, outcome: .unknown)
            answer(coordination, .failed(failure), receipt(coordination, machine, now), &effects)
            end(slot, coordination)
        }
    }

    /// A write's time is up: it is applied here and perhaps elsewhere.
    mutating func writeIsDue(
        _ coordination: Coordination, _ machine: WriteMachine, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        for owner in machine.owners where machine.isWaiting(for: owner) { hasTimedOut(owner) }
        let failure = Failure(
            .timeout, "request timed out: \(machine.quorum.shortfall)", outcome: .unknown)
        answer(coordination, .failed(failure), receipt(coordination, machine, now), &effects)
        end(slot, coordination)
    }

    /// Ends a write of which nothing was applied.
    mutating func reject(
        _ coordination: Coordination, _ slot: UInt64, _ failure: Failure, _ now: Now, _ effects: inout Effects
    ) {
        answer(
            coordination, .failed(failure), receipt(of: coordination, coordination.plan.options.asked, now), &effects)
        end(slot, coordination)
    }

    private func receipt(_ coordination: Coordination, _ machine: WriteMachine, _ now: Now) -> Receipt {
        var receipt = receipt(of: coordination, machine.quorum.asked, now)
        receipt.met = machine.quorum.stored
        receipt.metPrimary = machine.quorum.primary
        receipt.metDurable = machine.quorum.durable
        receipt.written = machine.run?.last
        receipt.responders = machine.responders
        return receipt
    }
}
