// The end of a group's scans: the taker has merged every object that its sources had, and adopts what they had handled
// when the scans began (design, section 4, rules 11 and 16).
//
// Before it does, it looks at its own keys that some source did not send:
//
// - What they hold has to enter the clock and the index, so that the others can be offered it.
// - A replica that is refilled may hold what left a store before everybody deleted it, and came here before it was too
//   old. A live event that a source has handled and has nothing of was deleted, and its marker reclaimed: it is dropped.
//   It stays where another source that has handled it holds it: then the first has lost a record, which is not to become
//   everybody's loss. What is dropped leaves no marker: absence means nothing, and kills nothing elsewhere.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// A group whose scans are complete.
struct Adoption: Equatable {
    let group: Group
    /// How often the own knowledge had been given up.
    let giveUps: Int
}

/// A walk over the own keys that a scan did not bring.
struct Sweep {
    let group: Group
    let scans: [Refill.Scanning]
    /// What the sources had handled.
    let clock: PartitionClock
    /// How often the own knowledge had been given up when the sweep began.
    let giveUps: Int
    /// Those left, the next one first.
    var keys: ArraySlice<ByteBuffer>

    /// The live events of an own object that some source knows to be deleted, and none holds.
    func deleted(of object: CausalObject, _ key: ByteBuffer) -> [Dot] {
        object.liveDots.filter { dot in
            let knowing = scans.filter { $0.hasHandled(dot) }
            return !knowing.isEmpty && knowing.allSatisfy { $0.hasLost(dot, of: key) }
        }
    }
}

extension NodeMachine {
    /// All objects of a group's scans have come. Those that wait for a record on disk are merged first: a clock must not
    /// vouch for what is not stored yet.
    mutating func adopt(_ group: Group, _ effects: inout Effects) {
        sweeps += 1
        adoptions.append(Adoption(group: group, giveUps: knowledge.giveUps))
        resumeAdoptions(&effects)
    }

    /// Adopts what can be adopted now.
    mutating func resumeAdoptions(_ effects: inout Effects) {
        guard !adoptions.isEmpty else { return }
        let ready = adoptions.filter { !loads.isMerging(into: $0.group) }
        adoptions.removeAll { ready.contains($0) }
        for adoption in ready {
            // Where nothing is left it was given up meanwhile, and is asked for again.
            let scans = adoption.giveUps == knowledge.giveUps ? refill?.take(adoption.group) ?? [] : []
            if scans.isEmpty { sweeps -= 1 } else { beginSweep(adoption.group, scans, &effects) }
        }
        if !ready.isEmpty { askForMore(&effects) }
    }

    /// What the own objects of a group hold enters the clock again, without anybody's telling.
    mutating func sweepAlone(_ group: Group, _ effects: inout Effects) {
        let keys = engine.keys(in: group, from: ByteBuffer(), limit: engine.count(in: group))
        guard !keys.isEmpty else { return }
        sweeps += 1
        go(
            Sweep(group: group, scans: [], clock: PartitionClock(), giveUps: knowledge.giveUps, keys: keys[...]),
            &effects)
    }

    private mutating func beginSweep(_ group: Group, _ scans: [Refill.Scanning], _ effects: inout Effects) {
        var clock = PartitionClock()
        for scan in scans { clock.merge(scan.clock ?? PartitionClock()) }
        let count = engine.count(in: group)
        let keys = engine.keys(in: group, from: ByteBuffer(), limit: count).filter { key in
            scans.contains { !$0.seen.contains(key) || $0.lacking[key] != nil }
        }
        go(
            Sweep(group: group, scans: scans, clock: clock, giveUps: knowledge.giveUps, keys: keys[...]), &effects)
    }

    mutating func sweepLoaded(_ result: ReadResult, _ sweep: Sweep, _ effects: inout Effects) {
        var sweep = sweep
        if let bytes = sweep.keys.popFirst(), let key = ObjectKey(encoded: bytes) {
            look(at: interpret(result, key, &effects), of: key, sweep, &effects)
        }
        go(sweep, &effects)
    }

    private mutating func go(_ sweep: Sweep, _ effects: inout Effects) {
        var sweep = sweep
        while sweep.giveUps == knowledge.giveUps, let bytes = sweep.keys.first {
            guard let key = ObjectKey(encoded: bytes) else { preconditionFailure("a stored key is encoded") }
            switch engine.get(sweep.group, bytes) {
            case .pending(let ticket):
                loads.insert(.sweep(sweep), sweep.group, key, ticket)
                return
            case let result: look(at: interpret(result, key, &effects), of: key, sweep, &effects)
            }
            sweep.keys.removeFirst()
        }
        sweeps -= 1
        if sweep.giveUps == knowledge.giveUps { finish(sweep, &effects) }
        askForMore(&effects)
    }

    private mutating func look(
        at local: LocalObject, of key: ObjectKey, _ sweep: Sweep, _ effects: inout Effects
    ) {
        guard sweep.giveUps == knowledge.giveUps, case .object(let object) = local else { return }
        let deleted =
            service == .refilling && !settings.omitted.contains(.dropping)
            ? sweep.deleted(of: object, key.bytes) : []
        if deleted.isEmpty {
            handled(object.namedDots, of: key, sweep.group, &effects)
        } else {
            drop(deleted, of: object, key, sweep, &effects)
        }
    }

    private mutating func drop(
        _ deleted: [Dot], of object: CausalObject, _ key: ObjectKey, _ sweep: Sweep, _ effects: inout Effects
    ) {
        var kept = object
        kept.retain { !deleted.contains($0.dot) }
        do throws(StorageFailure) {
            if kept.siblings.isEmpty, sweep.clock.hasLastDots(of: kept.context) {
                try remove(key, covered: kept.context, sweep.group)
            } else {
                let fresh = knowledge.unhandled(kept.namedDots, in: sweep.group)
                try apply(kept, kept.encoded(), fresh, sweep.group, key)
            }
            counters.dropped += deleted.count
            barriers.await(.told, strength(forcedDurable: false))
        } catch {
            refillFailed(sweep.group)
            effects.append(.note(.writesRefused(error)))
        }
    }

    private mutating func finish(_ sweep: Sweep, _ effects: inout Effects) {
        let group = sweep.group
        knowledge.update(group) { $0.adopt(sweep.clock) }
        recordAdoption(of: sweep.clock, group, &effects)
    }

    /// Until an adopted clock is durable it is not told, and nobody forgets what it says: it is tried again.
    private mutating func recordAdoption(of clock: PartitionClock, _ group: Group, _ effects: inout Effects) {
        do throws(StorageFailure) {
            try engine.apply(Batch(metadata: [knowledge.summary(of: group)]))
            barriers.await(.adopted(group, clock), .durable)
        } catch {
            unrecordedAdoptions.append((group, clock))
            effects.append(.note(.writesRefused(error)))
        }
    }

    mutating func retryAdoptions(_ effects: inout Effects) {
        let again = unrecordedAdoptions
        unrecordedAdoptions = []
        for (group, clock) in again where clock.isSubset(of: knowledge[group].clock) {
            recordAdoption(of: clock, group, &effects)
        }
    }
}
