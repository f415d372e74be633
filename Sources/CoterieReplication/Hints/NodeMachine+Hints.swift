// The hints that this node keeps for owners: taken in, merged, removed (design, section 6).
//
// What must hold: a hint is acknowledged behind a barrier, like anything else. It dies only when its target has
// acknowledged durably what it holds; what came meanwhile keeps it alive. It is in no clock: it vouches for nothing. At the
// quota new ones are not taken (the coordinator asks the next fallback, and anti-entropy brings the owner what it lacks);
// none that was acknowledged is ever dropped for it.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// The hint for a target and a key; nil where there is none. O(log hints), O(1) where the partition has none for it.
    func hint(for target: MemberNumber, _ key: ObjectKey, _ partition: PartitionIndex) -> HintKey? {
        guard hints.has(target, in: partition) else { return nil }
        let prefix = HintKey.prefix(target, key)
        let next = engine.keys(in: HintKey.group(partition), from: prefix, limit: 1).first
        return next.flatMap(HintKey.init(encoded:)).flatMap { $0.target == target && $0.key == key ? $0 : nil }
    }

    /// A coordinator wants an object kept for an owner.
    mutating func keep(
        _ store: Store, for target: MemberNumber, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        let (group, key) = (store.group, store.key)
        let objection = objection(to: group, key, epoch: store.epoch, asFallback: true, from: member, &effects)
        if let objection {
            refuse(store, objection, member, &effects)
        } else if !layout.isOwner(target, of: group) {
            refuse(store, .badRequest, member, &effects)
        } else if service != .serving {
            refuse(store, .notInSync, member, &effects)
        } else if let name = hint(for: target, key, group.partition) {
            switch engine.get(HintKey.group(group.partition), name.encoded) {
            case .pending(let ticket):
                hintLoads.insert(.keep(store, from: member), group.partition, name, ticket)
            case let result: keep(store, for: target, over: result, named: name, from: member, now, &effects)
            }
        } else {
            keep(store, for: target, over: nil, from: member, now, &effects)
        }
    }

    /// The hint that is there was read.
    mutating func keep(
        _ store: Store, for target: MemberNumber, over result: ReadResult, named name: HintKey,
        from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        let place = HintPlace(partition: store.group.partition, name: name)
        let own = content(of: result, at: place, now, &effects)
        keep(store, for: target, over: own.map { (name, $0) }, from: member, now, &effects)
    }

    private mutating func keep(
        _ store: Store, for target: MemberNumber, over existing: (name: HintKey, object: CausalObject)?,
        from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        if refuses(store.round) {
            refuseOld(store, member, &effects)
            return
        }
        let incoming: CausalObject
        do throws(ObjectCodecError) {
            incoming = try CausalObject(decoding: store.object)
        } catch {
            faulty(store, member, "its object cannot be read: \(error)", &effects)
            return
        }
        // What the target makes of siblings is its own matter: here all of them stay.
        var merged = incoming
        if let existing { merged.merge(existing.object) }
        let round = min(store.round, existing?.name.round ?? store.round)
        do throws(Failure) {
            if existing?.object.digest != merged.digest || existing?.name.round != round {
                let encoded = merged.digest == incoming.digest ? store.object : merged.encoded()
                try putHint(
                    encoded, round: round, for: target, store.key, store.group.partition, over: existing?.name, now,
                    &effects)
            }
            guard store.exchange != 0 else { return }
            barriers.await(
                .store(exchange: store.exchange, to: member), strength(forcedDurable: store.durable))
        } catch {
            refuse(store, error.code, member, &effects)
        }
    }

    /// Stores a hint in place of the one that is there. Throws `overloaded` where the quota is used up.
    mutating func putHint(
        _ object: ByteBuffer, round: UInt64, for target: MemberNumber, _ key: ObjectKey, _ partition: PartitionIndex,
        over old: HintKey?, _ now: Now, _ effects: inout Effects
    ) throws(Failure) {
        let value = HintValue.encode(object)
        let name = HintKey(target: target, key: key, round: round, bytes: value.readableBytes)
        try checkQuota(name, over: old, &effects)
        let group = HintKey.group(partition)
        var changes: [Change] = []
        if let old, old != name { changes.append(Change(group: group, key: old.encoded, action: .remove)) }
        changes.append(Change(group: group, key: name.encoded, action: .put(value)))
        do throws(StorageFailure) {
            try engine.apply(Batch(changes))
        } catch {
            throw Failure(error.code, "nothing was written: \(error)")
        }
        counters.hintsKept += 1
        hints.add(name, partition, at: now.monotonic)
        if let old {
            hints.replaced(old, partition)
            deliveries[target]?.changed(HintPlace(partition: partition, name: old))
        }
        hintLoads.changed(key)
        wakeHints(now, &effects)
    }

    private mutating func checkQuota(
        _ name: HintKey, over old: HintKey?, _ effects: inout Effects
    ) throws(Failure) {
        let count = hints.count + (old == nil ? 1 : 0)
        let growth = Int(name.bytes) - Int(old?.bytes ?? 0)
        let fits = count <= settings.maxHints && hints.bytes + growth <= settings.maxHintBytes
        if fits || (old != nil && growth <= 0) {
            hintsRefusedFor.remove(name.target)
            return
        }
        counters.hintsDropped += 1
        if hintsRefusedFor.insert(name.target).inserted {
            effects.append(.note(.hintsDropped(name.target, waiting: hints.count, bytes: hints.bytes)))
        }
        throw Failure(
            .overloaded,
            "\(hints.count) hints of \(hints.bytes) bytes are kept: no more are taken "
                + "(maxHints=\(settings.maxHints), maxHintBytes=\(settings.maxHintBytes))")
    }

    /// The object in a hint that was read; nil where it is lost, or gone.
    mutating func content(
        of result: ReadResult, at place: HintPlace, _ now: Now, _ effects: inout Effects
    ) -> CausalObject? {
        switch result {
        case .absent: return nil
        case .pending: preconditionFailure("a pending read is no content")
        case .found(let bytes):
            if let object = HintValue.object(in: bytes), let decoded = try? CausalObject(decoding: object) {
                return decoded
            }
            isLost(place, RecordFault(file: "", offset: 0, reason: "the hint is no object"), now, &effects)
            return nil
        case .corrupt(let fault):
            isLost(place, fault, now, &effects)
            return nil
        }
    }

    /// A hint's record cannot be read. What it had is at another store, or was acknowledged by none but this one.
    private mutating func isLost(
        _ place: HintPlace, _ fault: RecordFault, _ now: Now, _ effects: inout Effects
    ) {
        counters.hintsLost += 1
        counters.faults += 1
        effects.append(.note(.recordCorrupt(fault)))
        fallbackMinter.renew(in: place.partition)
        remove(place, now, &effects)
    }

    /// Removes a hint. Where the store takes nothing now, it is left alone for a while, and then delivered once more.
    mutating func remove(_ place: HintPlace, _ now: Now, _ effects: inout Effects) {
        do throws(StorageFailure) {
            let change = Change(
                group: HintKey.group(place.partition), key: place.name.encoded, action: .remove)
            try engine.apply(Batch([change]))
            hints.remove(place.name, place.partition)
            hintLoads.changed(place.name.key)
            deliveries[place.name.target]?.isGone(place)
            barriers.await(.hintsGone(hints.removals), .durable)
        } catch {
            deliveries[place.name.target, default: HintDelivery()].setAside(
                place, error.code, at: now.monotonic, settings)
        }
    }

    /// At each retry: removals whose barrier has failed.
    mutating func releaseHints() {
        if hints.hasLeaving { barriers.await(.hintsGone(hints.removals), .durable) }
    }

    /// The store has lost records, and which cannot be told: hints may be among them.
    mutating func hintsAreDoubtful(_ effects: inout Effects) {
        fallbackMinter.renewAll()
        hints.recount(engine)
        for target in deliveries.keys.sorted() { interruptHints(to: target) }
    }

    /// The oldest round of any content that is kept here for others (design, section 4, rule 8), as far as a crash could
    /// bring it back; nil where there is none.
    var oldestHintRound: UInt64? { hints.oldestRound }
}
