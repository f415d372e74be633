// Anti-entropy by partition clocks (design, section 4, rules 6 and 7): what it costs is what is missing.
//
// At each tick a node tells the other owners of a group what it has handled, if that has grown. Whoever lacks something
// that a peer had already at the tick before asks for it: until then it is probably on its way. A dot that every owner
// has advertised is forgotten by the index.
//
// What must hold: nobody advertises what a crash could take back, and nothing is forgotten that some owner has not
// advertised. So whoever lacks an event finds it in some owner's index; where it does not (a store was lost, an index
// overflowed), it takes the group's whole content.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import DequeModule

extension NodeMachine {
    /// The tick of anti-entropy.
    mutating func exchange(_ now: Now, _ effects: inout Effects) {
        guard !hasStopped else { return }
        effects.append(.setTimer(.exchange, at: now.monotonic + settings.exchangeInterval))
        tendRounds(now, &effects)
        guard service == .serving else { return }
        exchanges.giveUp(olderThan: settings.repairTimeout, at: now.monotonic)
        // Repairs ask for no barrier of their own, and only what is durable is told.
        if knowledge.hasJournal { barriers.await(.told, .durable) }
        let grown = knowledge.unadvertised
        for group in grown { knowledge.update(group) { $0.isUnadvertised = false } }
        for member in peers.keys.sorted() where isConnected(member) { advertise(grown, to: member, &effects) }
        for group in grown { forget(group) }
        lookForLacking(now, &effects)
        tendMarkers(now, &effects)
        watchExchange(now)
    }

    /// A peer is connected: it hears all.
    mutating func advertiseAll(to member: MemberNumber, _ effects: inout Effects) {
        guard service == .serving else { return }
        advertise(knowledge.known, to: member, &effects)
    }

    private mutating func advertise(_ groups: [Group], to member: MemberNumber, _ effects: inout Effects) {
        let shared = groups.filter { $0.n > 1 && layout.isOwner(member, of: $0) && layout.isOwner(me, of: $0) }
        guard !shared.isEmpty else { return }
        exchanges.adverts += 1
        let adverts = shared.map { Adverts.Advert(group: $0, clock: told(of: $0)) }
        counters.adverts += adverts.count
        effects.append(
            .send(.adverts(Adverts(epoch: layout.epoch, number: exchanges.adverts, adverts: adverts)), to: member))
    }

    private func told(of group: Group) -> PartitionClock {
        settings.omitted.contains(.durableClock) ? knowledge[group].clock : knowledge[group].durable
    }

    /// What another owner has.
    mutating func receive(_ adverts: Adverts, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        noteEpoch(adverts.epoch, of: member, &effects)
        guard adverts.epoch == layout.epoch, let life = peers[member]?.nonce else { return }
        for advert in adverts.adverts where isSharedGroup(advert.group, with: member) {
            let isNews = knowledge.update(advert.group) { known in
                if let heard = known.heard[member], heard.life == life, heard.number >= adverts.number { return false }
                known.heard[member] = HeardClock(life: life, number: adverts.number, clock: advert.clock)
                return true
            }
            guard isNews else { continue }
            if !advert.clock.isSubset(of: knowledge[advert.group].clock) { exchanges.suspects.insert(advert.group) }
            forget(advert.group)
        }
    }

    func isSharedGroup(_ group: Group, with member: MemberNumber) -> Bool {
        group.n > 0 && Int(group.n) <= layout.replicas && Int(group.partition.rawValue) < layout.partitionCount
            && layout.isOwner(me, of: group) && layout.isOwner(member, of: group)
    }

    private mutating func forget(_ group: Group) {
        let others = layout.preferenceList(for: group).primaries.filter { $0 != me }
        if settings.omitted.contains(.forgetting) {
            knowledge.update(group) { $0.forgetEarly(heldByAnyOf: others) }
        } else {
            knowledge.update(group) { $0.forget(heldBy: others) }
        }
    }

    /// Asks for what is lacking and not just on its way.
    private mutating func lookForLacking(_ now: Now, _ effects: inout Effects) {
        exchanges.due.removeAll(keepingCapacity: true)
        for group in exchanges.suspects.sorted() {
            let known = knowledge[group]
            let before = exchanges.settled[group] ?? [:]
            var settled: [MemberNumber: PartitionClock] = [:]
            for (member, heard) in known.heard where !heard.clock.isSubset(of: known.clock) {
                settled[member] = heard.clock
            }
            exchanges.settled[group] = settled.isEmpty ? nil : settled
            if settled.isEmpty {
                exchanges.suspects.remove(group)
                continue
            }
            guard !exchanges.isPulling(group) else { continue }
            let source = before.keys.sorted().first { member in
                guard let clock = before[member], isReachable(member) else { return false }
                return !clock.isSubset(of: known.clock)
            }
            if let source { exchanges.due.append((group, source)) }
        }
        pullDue(now, &effects)
    }
}
