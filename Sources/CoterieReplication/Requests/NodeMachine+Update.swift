// An update that acts on what its client saw, at an owner that has not seen all of that (INV 8): a quorum is read, what it
// found is merged here, and then the update's dots are minted.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire

extension NodeMachine {
    /// Reads until what the client saw is covered, once.
    mutating func fetchWhatWasSeen(
        _ observed: VersionVector, _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) throws(Failure) {
        guard !coordination.hasFetched else {
            throw Failure(
                .notInSync, "this owner could not take in what the client saw (\(observed)), on which the update acts")
        }
        coordination.hasFetched = true
        counters.updatesBehind += 1
        coordination.request.options.floor = observed
        // Fallbacks may be the only ones that have it.
        var options = coordination.plan.options.readBefore()
        options.sloppy = coordination.plan.options.sloppy
        startRead(coordination, slot, options, .write, now, &effects)
    }

    /// Merges what the read found into the own object, and begins the write anew.
    mutating func takeIn(
        _ found: (object: CausalObject, round: UInt64), over local: CausalObject, _ coordination: Coordination,
        _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        coordination.found = nil
        let (group, key) = (coordination.plan.group, coordination.request.key)
        let store = Store(
            exchange: 0, epoch: layout.epoch, round: found.round, group: group, key: key,
            object: found.object.encoded(), event: nil, durable: false)
        merge(store, over: local.isEmpty ? .absent : .object(local), me, now, &effects)
        if service == .serving {
            startWrite(coordination, slot, now, &effects)
        } else {
            startForward(coordination, slot, now, &effects)
        }
    }
}
