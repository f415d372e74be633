// Reading hints: all of one key, merged, for a read or for a write that is minted here; and what the disk brings back.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire

extension NodeMachine {
    /// Another coordinator asks what is kept here of a key.
    mutating func answerFromHints(
        _ fetch: Fetch, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        let objection = objection(
            to: fetch.group, fetch.key, epoch: fetch.epoch, asFallback: true, from: member, &effects)
        if let objection {
            answer(fetch, .refused(objection), member, &effects)
            return
        }
        let owners = layout.preferenceList(for: fetch.group).primaries
        collect(
            HintCollection(
                reader: .fetch(fetch, from: member), group: fetch.group, key: fetch.key, left: owners[...]),
            now, &effects)
    }

    /// Merges the hints of a key; stops where one lies on disk, and goes on when it has come.
    mutating func collect(_ collection: HintCollection, _ now: Now, _ effects: inout Effects) {
        var collection = collection
        let partition = collection.group.partition
        while let target = collection.left.first {
            guard let name = hint(for: target, collection.key, partition) else {
                collection.left.removeFirst()
                continue
            }
            switch engine.get(HintKey.group(partition), name.encoded) {
            case .pending(let ticket):
                hintLoads.insert(.collect(collection), partition, name, ticket)
                return
            case let result: add(result, named: name, to: &collection, now, &effects)
            }
        }
        finish(collection, now, &effects)
    }

    private mutating func add(
        _ result: ReadResult, named name: HintKey, to collection: inout HintCollection, _ now: Now,
        _ effects: inout Effects
    ) {
        collection.left.removeFirst()
        let place = HintPlace(partition: collection.group.partition, name: name)
        if let object = content(of: result, at: place, now, &effects) { collection.found.add(object, name.round) }
    }

    private mutating func finish(_ collection: HintCollection, _ now: Now, _ effects: inout Effects) {
        let found = collection.found
        switch collection.reader {
        case .write(let slot): fallbackWrite(slot, over: found, now, &effects)
        case .read(let slot):
            readAnswered(
                slot, by: me, found.object.map { .object($0) } ?? .absent, round: rounds.current, now, &effects)
        case .fetch(let fetch, let member):
            let status: FetchReply.Status = found.object.map { .object($0.encoded()) } ?? .absent
            answer(fetch, status, member, &effects)
        }
    }

    /// A hint came from disk. Where one of its key was changed meanwhile, what was read is out of date: once more.
    mutating func hintLoaded(_ result: ReadResult, _ ticket: LoadTicket, _ now: Now, _ effects: inout Effects) {
        guard let entry = hintLoads.remove(ticket) else { return }
        switch entry.purpose {
        case .keep(let store, let member):
            guard let target = store.hintFor else { preconditionFailure("a hint is kept for nobody") }
            if entry.isCurrent {
                keep(store, for: target, over: result, named: entry.name, from: member, now, &effects)
            } else {
                keep(store, for: target, from: member, now, &effects)
            }
        case .collect(var collection):
            if entry.isCurrent {
                add(result, named: entry.name, to: &collection, now, &effects)
            } else {
                collection.left = layout.preferenceList(for: collection.group).primaries[...]
                collection.found = HintContent()
            }
            collect(collection, now, &effects)
        case .deliver:
            let place = HintPlace(partition: entry.partition, name: entry.name)
            if entry.isCurrent {
                deliver(result, of: place, now, &effects)
            } else {
                _ = deliveries[entry.name.target]?.end(place)
            }
        }
    }
}

extension HintContent {
    mutating func add(_ more: CausalObject, _ moreRound: UInt64) {
        if object == nil { object = more } else { object?.merge(more) }
        round = min(round ?? moreRound, moreRound)
    }
}
