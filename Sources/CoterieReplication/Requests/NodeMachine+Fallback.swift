// A write whose key no owner can take: this node, a fallback, mints its dot (design, section 4, rule 13).
//
// What must hold: no owner can have received the write, so that it has one dot (INV 5). The new dot goes over the merge of
// all hints of the key that are kept here, under an identity that only mints as a fallback: within it, what is known of
// a key only grows. When a hint that holds one of its dots is delivered and deleted, that would end: the next dot would
// cover one that the owners show and this node does not know. So the identity ends there, and with each hint that is lost
// (`FallbackMinter`). The count of its dots need not survive a restart, because the identity does not.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire

extension NodeMachine {
    /// Whether this node may write it as a fallback, where no owner has it. What must be read first is left to owners.
    func mayStandIn(_ coordination: Coordination) -> Bool {
        guard coordination.plan.options.sloppy, service == .serving, !coordination.plan.owners.contains(me) else {
            return false
        }
        if case .member = coordination.target { return false }
        let operation = coordination.request.operation
        return !operation.needsRead && !coordination.plan.rule.needsOwner(operation)
    }

    mutating func startFallbackWrite(
        _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        if let failure = outOfReach(coordination) {
            reject(coordination, slot, failure, now, &effects)
            return
        }
        coordination.phase = .loading
        let (plan, key) = (coordination.plan, coordination.request.key)
        requests.put(coordination, at: slot)
        collect(
            HintCollection(reader: .write(slot), group: plan.group, key: key, left: plan.owners[...]), now, &effects)
    }

    /// All hints of the key that are kept here are known.
    mutating func fallbackWrite(_ slot: UInt64, over found: HintContent, _ now: Now, _ effects: inout Effects) {
        guard let coordination = requests.take(slot) else { return }
        guard case .loading = coordination.phase else {
            requests.put(coordination, at: slot)
            return
        }
        guard service == .serving else {
            reject(coordination, slot, Failure(.notInSync, "this fallback does not serve now"), now, &effects)
            return
        }
        let owners = coordination.plan.owners
        let target = owners.first { !isReachable($0) } ?? owners[0]
        do throws(Failure) {
            let local = found.object ?? CausalObject()
            let (object, event): (CausalObject, Store.Event?)
            switch try mint(coordination, over: local, asFallback: true, now, &effects) {
            case .event(let written, let minted): (object, event) = (written, minted)
            case .repeated:
                counters.repeatedUpdates += 1
                (object, event) = (local, nil)
            case .behind(let observed):
                throw Failure(
                    .insufficientReplicas,
                    "no owner can be reached, and the update acts on what its client saw (\(observed)), which is not "
                        + "known here")
            case .demands(let why, _): throw Failure(.operationRefused, why)
            }
            let encoded = object.encoded()
            let (key, partition) = (coordination.request.key, coordination.plan.group.partition)
            try putHint(
                encoded, round: min(found.round ?? rounds.current, rounds.current), for: target, key, partition,
                over: hint(for: target, key, partition), now, &effects)
            counters.fallbackWrites += 1
            spread(coordination, object, encoded, event, keptFor: target, slot, now, &effects)
        } catch {
            reject(coordination, slot, error, now, &effects)
        }
    }
}
