// The end of a scan: the taker has merged every object that the source had, and adopts what the source had handled when
// the scan began (design, section 4, rules 11 and 16).
//
// Before it does, it looks at its own keys that did not come: what they hold has to enter the clock and the index, so that
// the others can be offered it. Nothing is dropped: as long as no marker is reclaimed, an event that the source has
// handled and has no object of is a loss at the source.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// A complete scan whose clock is to be adopted.
struct Adoption {
    let part: Refill.Part
    let scanning: Refill.Scanning
    let giveUps: Int
}

/// A walk over the own keys that a scan did not bring.
struct Sweep {
    let group: Group
    /// What the source had handled.
    let clock: PartitionClock
    /// How often the own knowledge had been given up when the sweep began.
    let giveUps: Int
    /// Those left, the next one first.
    var keys: ArraySlice<ByteBuffer>
}

extension NodeMachine {
    /// All objects of a scan have come. Those that wait for a record on disk are merged first: a clock must not vouch for
    /// what is not stored yet.
    mutating func adopt(_ part: Refill.Part, _ scanning: Refill.Scanning, _ effects: inout Effects) {
        sweeps += 1
        adoptions.append(Adoption(part: part, scanning: scanning, giveUps: knowledge.giveUps))
        resumeAdoptions(&effects)
    }

    /// Adopts what can be adopted now.
    mutating func resumeAdoptions(_ effects: inout Effects) {
        guard !adoptions.isEmpty else { return }
        let ready = adoptions.filter { !loads.isMerging(into: $0.part.group) }
        adoptions.removeAll { adoption in ready.contains { $0.part == adoption.part } }
        for adoption in ready {
            if adoption.giveUps == knowledge.giveUps {
                beginSweep(adoption.part, adoption.scanning, &effects)
            } else {
                sweeps -= 1  // Nothing that was known then is believed any more.
            }
        }
        if !ready.isEmpty { askForMore(&effects) }
    }

    private mutating func beginSweep(
        _ part: Refill.Part, _ scanning: Refill.Scanning, _ effects: inout Effects
    ) {
        guard let clock = scanning.clock else { preconditionFailure("a complete scan has told its clock") }
        let count = engine.count(in: part.group)
        let keys = engine.keys(in: part.group, from: ByteBuffer(), limit: count).filter { !scanning.seen.contains($0) }
        go(Sweep(group: part.group, clock: clock, giveUps: knowledge.giveUps, keys: keys[...]), &effects)
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
        while let bytes = sweep.keys.first {
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
        guard case .object(let object) = local else { return }
        handled(object.namedDots, of: key, sweep.group, &effects)
    }

    private mutating func finish(_ sweep: Sweep, _ effects: inout Effects) {
        let group = sweep.group
        knowledge.update(group) { $0.adopt(sweep.clock) }
        do throws(StorageFailure) {
            try engine.apply(Batch(metadata: [knowledge.summary(of: group)]))
            barriers.await(.adopted(group, sweep.clock), .durable)
        } catch {
            // It is in the next checkpoint's summary; until then it is not told, and a restart asks again.
            effects.append(.note(.writesRefused(error)))
        }
    }
}
