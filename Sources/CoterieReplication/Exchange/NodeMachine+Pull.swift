// The end of anti-entropy that lacks something: it asks, merges what it is offered, and asks again until nothing is
// left. What every index has forgotten comes with the group's whole content.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import DequeModule
import NIOCore

extension NodeMachine {
    /// Asks for what is lacking, as much at once as is allowed. At each tick, and when an answer leaves room.
    mutating func pullDue(_ now: Now, _ effects: inout Effects) {
        while exchanges.pulls.count < settings.pullsAtOnce, let (group, source) = exchanges.due.popFirst() {
            if isReachable(source), !exchanges.isPulling(group) { pull(group, from: source, now, &effects) }
        }
    }

    mutating func pull(_ group: Group, from source: MemberNumber, _ now: Now, _ effects: inout Effects) {
        let wanted = exchanges.wanted.removeValue(forKey: group) ?? []
        let pull = Pull(
            exchange: exchanges.begin(group, from: source, at: now.monotonic), epoch: layout.epoch, group: group,
            handled: knowledge[group].clock, wanted: wanted, maxBytes: settings.scanBatchBytes)
        counters.pulls += 1
        effects.append(.send(.pull(pull), to: source))
    }

    mutating func receive(_ offer: Offer, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        noteEpoch(offer.epoch, of: member, &effects)
        guard let pulling = exchanges.end(offer.exchange, from: member), service == .serving else { return }
        defer { pullDue(now, &effects) }
        let group = pulling.group
        guard case .batch(let objects, let isLast, let forgotten) = offer.status else { return }
        let before = knowledge[group].clock
        if refuses(offer.round) {
            counters.tooOld += 1  // It is asked for again at the next tick.
            return
        }
        for object in objects {
            let taken = Offered(object: object, round: offer.round, source: member)
            take(taken, of: group, over: load(group, object.key, &effects), now, &effects)
        }
        let isGettingOn = knowledge[group].clock != before || exchanges.wanted[group] != nil
        if !isLast || exchanges.wanted[group] != nil {
            // Whatever cannot be taken now (a full disk, a corrupt record) is looked at again at a later tick.
            if isGettingOn { pull(group, from: member, now, &effects) }
        } else if forgotten {
            fetchContent(of: group, from: member, &effects)
        }
    }

    /// One key of an offer. The own record is known, or lies on disk.
    mutating func take(
        _ taken: Offered, of group: Group, over local: LocalObject, _ now: Now, _ effects: inout Effects
    ) {
        let offered = taken.object
        if case .pending(let ticket) = local {
            loads.insert(.offered(taken), group, offered.key, ticket)
            return
        }
        if let object = offered.object {
            let store = Store(
                exchange: 0, epoch: layout.epoch, round: taken.round, group: group, key: offered.key, object: object,
                event: nil, durable: false)
            counters.offersTaken += 1
            merge(store, over: local, also: offered.dots, taken.source, now, &effects)
        } else if case .object(let own) = local, own.digest == offered.digest {
            handled(offered.dots.filter(own.holdsOrCovers), of: offered.key, group, &effects)
        } else {
            exchanges.wanted[group, default: []].append(offered.key)
        }
    }

    /// Events that this object here holds or covers already: a record of their own tells of them.
    mutating func handled(_ dots: [Dot], of key: ObjectKey, _ group: Group, _ effects: inout Effects) {
        let fresh = knowledge.unhandled(dots, in: group)
        guard !fresh.isEmpty else { return }
        let note = KnowledgeNote(.handled(fresh, key: key.bytes)).encoded()
        do throws(StorageFailure) {
            try engine.apply(
                Batch([Change(group: group, key: KnowledgeNote.bareKey, action: .remove, note: note)]))
            knowledge.handle(fresh, of: key.bytes, in: group)
            barriers.await(.told, strength(forcedDurable: false))
        } catch {
            refillFailed(group)
            effects.append(.note(.writesRefused(error)))
        }
    }

    /// Events of a key of which nothing is left here, and nothing shall be: a record of their own tells of them.
    mutating func handledAbsent(_ dots: [Dot], _ group: Group) throws(StorageFailure) {
        guard !dots.isEmpty else { return }
        let note = KnowledgeNote(.handledAbsent(dots)).encoded()
        try engine.apply(Batch([Change(group: group, key: KnowledgeNote.bareKey, action: .remove, note: note)]))
        knowledge.handleAbsent(dots, in: group)
        barriers.await(.told, strength(forcedDurable: false))
    }

    /// Takes the whole content of a group from an owner.
    private mutating func fetchContent(of group: Group, from source: MemberNumber, _ effects: inout Effects) {
        var refill = refill ?? Refill()
        refill.add(Refill.Part(group: group, source: source))
        self.refill = refill
        askForMore(&effects)
    }
}
