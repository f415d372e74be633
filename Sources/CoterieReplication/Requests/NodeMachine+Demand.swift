// An update that needs something of another owner first: a bounded counter takes a unit to which another replica has the
// right (`TypeDemand`). The other owner performs what it is asked for as any update, under a dot of its own; what it
// answers is merged here, and the update begins anew.
//
// Nothing is applied here meanwhile: where nobody gives, or nobody can be reached, the update is refused.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire

extension NodeMachine {
    /// Asks the first that was not asked and can be reached.
    mutating func demand(
        _ demands: [TypeDemand], _ why: String, _ coordination: Coordination, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) throws(Failure) {
        let next = demands.first { demand in
            let member = demand.replica.member
            return member != me && coordination.plan.owners.contains(member) && isReachable(member)
                && !coordination.demanded.contains(member)
        }
        guard let next else { throw Failure(.operationRefused, why) }
        let owner = next.replica.member
        coordination.demanded.append(owner)
        nextForward += 1
        let id = RequestID(origin: nonce, sequence: nextForward)
        var options = coordination.request.options
        options.returnBody = true
        options.floor = nil
        let request = ClientRequest(
            key: coordination.request.key, operation: .update(next.operation, context: nil, id: nil), options: options)
        counters.demands += 1
        forwards[id] = slot
        coordination.phase = .demanding(Demanding(id: id, owner: owner, why: why, round: rounds.current))
        requests.put(coordination, at: slot)
        effects.append(
            .send(
                .request(
                    Request(
                        id: id, epoch: layout.epoch, timeLeft: coordination.deadline - now.monotonic, forwarded: true,
                        request: request)), to: owner))
    }

    /// The owner that was asked has answered.
    mutating func demandAnswered(
        _ response: Response, _ coordination: Coordination, _ demanding: Demanding, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) {
        forwards[demanding.id] = nil
        if case .stored(_, let object?) = response.reply.result {
            // What it could not give with one dot is asked of others.
            coordination.found = (object, demanding.round == 0 ? 0 : demanding.round - 1)
        }
        goOn(coordination, slot, now, &effects)
    }

    /// It does not give, or not in this life: the next one is asked.
    mutating func demandFailed(
        _ coordination: Coordination, _ demanding: Demanding, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        forwards[demanding.id] = nil
        goOn(coordination, slot, now, &effects)
    }

    /// The update's time is up. Nothing of it was applied.
    mutating func demandIsDue(
        _ coordination: Coordination, _ demanding: Demanding, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        guard coordination.deadline <= now.monotonic else {
            requests.put(coordination, at: slot)
            return
        }
        forwards[demanding.id] = nil
        hasTimedOut(demanding.owner)
        reject(
            coordination, slot,
            Failure(.timeout, "request timed out: \(demanding.why), and \(demanding.owner) has not answered"), now,
            &effects)
    }

    private mutating func goOn(
        _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        coordination.phase = .arrived
        if service == .serving {
            startWrite(coordination, slot, now, &effects)
        } else {
            startForward(coordination, slot, now, &effects)
        }
    }
}
