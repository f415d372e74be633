// A write at a node that cannot mint its dot goes to an owner, with the request's id: one client write gets one dot,
// whatever is retried (INV 5). It goes to another owner only if the first one was certainly not reached, or said that
// it applied nothing; otherwise it comes back to the same life of the same owner, or its outcome is unknown. Where no
// owner is left that could have it or take it, this node writes it as a fallback (NodeMachine+Fallback.swift).

import CoteriePrimitives
import CoterieRing
import CoterieWire

extension NodeMachine {
    /// Passes a write to the first owner that can be reached; suspects last.
    mutating func startForward(
        _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        if case .member = coordination.target {
            // An owner never passes on what was passed to it.
            let owns = coordination.plan.owners.contains(me)
            let failure =
                owns
                ? Failure(service == .serving ? .corrupt : .notInSync, "this owner cannot write the key now")
                : Failure(.notOwner, "\(me) does not own \(coordination.plan.group)")
            reject(coordination, slot, failure, now, &effects)
            return
        }
        nextForward += 1
        let id = coordination.target.requestID ?? RequestID(origin: nonce, sequence: nextForward)
        forward(coordination, slot, id: id, avoiding: [me], now, &effects)
    }

    private mutating func forward(
        _ coordination: Coordination, _ slot: UInt64, id: RequestID, avoiding unreached: [MemberNumber],
        _ now: Now, _ effects: inout Effects
    ) {
        let candidates = coordination.plan.owners.filter { isReachable($0) && !unreached.contains($0) }
        let writesItself = mayStandIn(coordination)
        guard let owner = candidates.first(where: { isWell($0) }) ?? (writesItself ? nil : candidates.first),
            let nonce = peers[owner]?.nonce
        else {
            if writesItself {
                startFallbackWrite(coordination, slot, now, &effects)
                return
            }
            let asked = coordination.plan.options.asked
            let shortfall = WriteQuorum(asked: asked).shortfall
            let failure = Failure(
                .insufficientReplicas, "\(shortfall) (no owner of \(coordination.plan.group) takes the write)")
            reject(coordination, slot, failure, now, &effects)
            return
        }
        counters.forwarded += 1
        forwards[id] = slot
        effects.append(.send(.request(message(coordination, id, now)), to: owner))
        coordination.phase = .forwarded(
            Forwarding(id: id, owner: owner, nonce: nonce, unreached: unreached, lostUntil: nil))
        requests.put(coordination, at: slot)
    }

    private func message(_ coordination: Coordination, _ id: RequestID, _ now: Now) -> Request {
        Request(
            id: id, epoch: layout.epoch, timeLeft: coordination.deadline - now.monotonic, forwarded: true,
            request: coordination.request)
    }

    /// An owner's answer to a write that was passed to it.
    mutating func receive(
        _ response: Response, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        noteEpoch(response.reply.receipt.epoch, of: member, &effects)
        guard let slot = forwards[response.id], let coordination = requests.take(slot) else { return }
        if case .demanding(let demanding) = coordination.phase, demanding.owner == member {
            demandAnswered(response, coordination, demanding, slot, now, &effects)
            return
        }
        guard case .forwarded(let forwarding) = coordination.phase, forwarding.owner == member else {
            requests.put(coordination, at: slot)
            return
        }
        forwards[response.id] = nil
        if case .failed(let failure) = response.reply.result, failure.outcome == .notApplied,
            failure.code.isForAnotherOwner
        {
            let unreached = forwarding.unreached + [member]
            forward(coordination, slot, id: response.id, avoiding: unreached, now, &effects)
            return
        }
        var receipt = response.reply.receipt
        receipt.duration = now.monotonic - coordination.started
        answer(coordination, response.reply.result, receipt, &effects)
        end(slot, coordination)
    }

    /// A request that certainly did not leave goes to the next owner.
    mutating func unsentForward(_ request: Request, to member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        guard let slot = forwards[request.id], let coordination = requests.take(slot) else { return }
        if case .demanding(let demanding) = coordination.phase, demanding.owner == member {
            demandFailed(coordination, demanding, slot, now, &effects)
            return
        }
        guard case .forwarded(let forwarding) = coordination.phase, forwarding.owner == member,
            forwarding.lostUntil == nil
        else {
            requests.put(coordination, at: slot)
            return
        }
        if forwarding.mayHaveArrived {
            forwardLost(coordination, forwarding, slot, now)
            return
        }
        forwards[request.id] = nil
        forward(
            coordination, slot, id: request.id, avoiding: forwarding.unreached + [member], now, &effects)
    }

    /// The owner's connection went down with the answer outstanding: it may come back in the same life.
    mutating func forwardLost(
        _ coordination: Coordination, _ forwarding: Forwarding, _ slot: UInt64, _ now: Now
    ) {
        var forwarding = forwarding
        let until = min(coordination.deadline, now.monotonic + settings.reconnectGrace)
        forwarding.lostUntil = until
        forwarding.mayHaveArrived = true
        deadlines.insert(slot, at: until)
        coordination.phase = .forwarded(forwarding)
        requests.put(coordination, at: slot)
    }

    /// A member is connected (again): what it was asked in this life is asked again, under the same id.
    mutating func resume(_ member: MemberNumber, nonce: UInt64, _ now: Now, _ effects: inout Effects) {
        for slot in requests.ids {
            guard let looked = requests[slot], case .forwarded(var forwarding) = looked.phase,
                forwarding.owner == member, forwarding.lostUntil != nil, let coordination = requests.take(slot)
            else { continue }
            if forwarding.nonce == nonce {
                forwarding.lostUntil = nil
                effects.append(.send(.request(message(coordination, forwarding.id, now)), to: member))
                coordination.phase = .forwarded(forwarding)
                requests.put(coordination, at: slot)
            } else {
                ownerIsGone(coordination, forwarding, slot, now, &effects)
            }
        }
    }

    /// A forwarded write's time is up, or the owner's time to come back is.
    mutating func forwardIsDue(
        _ coordination: Coordination, _ forwarding: Forwarding, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        if let until = forwarding.lostUntil, until <= now.monotonic {
            ownerIsGone(coordination, forwarding, slot, now, &effects)
        } else if coordination.deadline <= now.monotonic {
            forwards[forwarding.id] = nil
            hasTimedOut(forwarding.owner)
            let failure = Failure(
                .timeout, "request timed out: owner \(forwarding.owner) has not answered", outcome: .unknown)
            answer(
                coordination, .failed(failure), receipt(of: coordination, coordination.plan.options.asked, now),
                &effects)
            end(slot, coordination)
        } else {
            requests.put(coordination, at: slot)  // It came back in time.
        }
    }

    private mutating func ownerIsGone(
        _ coordination: Coordination, _ forwarding: Forwarding, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) {
        forwards[forwarding.id] = nil
        if coordination.plan.rule.mayRepeat(coordination.request.operation), coordination.deadline > now.monotonic {
            // Wherever it is performed, its id makes it count once.
            counters.updatesElsewhere += 1
            coordination.isInDoubt = true
            forward(
                coordination, slot, id: forwarding.id, avoiding: forwarding.unreached + [forwarding.owner], now,
                &effects)
            return
        }
        let failure = Failure(
            .ownerLost, "owner \(forwarding.owner) went away with the write; it may have been applied",
            outcome: .unknown)
        answer(
            coordination, .failed(failure), receipt(of: coordination, coordination.plan.options.asked, now), &effects)
        end(slot, coordination)
    }

    /// Answers a retry of a write from memory, or lets it wait for the first one's answer. True where that was it.
    mutating func replay(_ id: RequestID, for target: ReplyTarget, _ effects: inout Effects) -> Bool {
        switch remembered[id] {
        case nil:
            guard remembered.mayHaveForgotten(id) else { return false }
            let failure = Failure(
                .ownerLost, "the request is older than what this node remembers; it may have been applied",
                outcome: .unknown)
            counters.unknown += 1
            let receipt = Receipt(coordinator: me, epoch: layout.epoch)
            deliver(ClientReply(result: .failed(failure), receipt: receipt), to: target, &effects)
            return true
        case .answered(let reply):
            counters.replayed += 1
            deliver(reply, to: target, &effects)
            return true
        case .underWay(let slot):
            // The connection of the first try is gone, or this is a repetition: the answer goes where it was asked last.
            guard let coordination = requests.take(slot) else { return false }
            counters.replayed += 1
            coordination.target = target
            requests.put(coordination, at: slot)
            return true
        }
    }
}

extension ErrorCode {
    /// Whether an owner that applied nothing for this reason leaves the write to another.
    fileprivate var isForAnotherOwner: Bool {
        switch self {
        case .notOwner, .notInSync, .shuttingDown, .corrupt, .readOnly, .diskFull, .ioError, .overloaded, .wrongEpoch:
            true
        default: false
        }
    }
}
