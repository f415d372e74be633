// The replica: what other coordinators ask of this node's store, and every touch of the store itself.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// What a read of the own store found, as an object.
enum LocalObject {
    case object(CausalObject)
    case absent
    case pending(LoadTicket)
    case corrupt
}

/// The own replica's answer to a read, now or when the disk has answered.
enum OwnAnswer {
    case now(ReplicaAnswer)
    case later(LoadTicket)
}

extension NodeMachine {
    /// Reads the own store. A record that cannot be read back is a loss of state: the identity dies with it.
    mutating func load(_ group: Group, _ key: ObjectKey, _ effects: inout Effects) -> LocalObject {
        interpret(engine.get(group, key.bytes), key, &effects)
    }

    mutating func interpret(_ result: ReadResult, _ key: ObjectKey, _ effects: inout Effects) -> LocalObject {
        switch result {
        case .absent: return .absent
        case .pending(let ticket): return .pending(ticket)
        case .found(let bytes):
            do throws(ObjectCodecError) {
                return .object(try CausalObject(decoding: bytes))
            } catch {
                let fault = RecordFault(file: "", offset: 0, reason: "the record of \(key) is no object: \(error)")
                lost(key, fault, &effects)
                return .corrupt
            }
        case .corrupt(let fault):
            lost(key, fault, &effects)
            return .corrupt
        }
    }

    private mutating func lost(_ key: ObjectKey, _ fault: RecordFault, _ effects: inout Effects) {
        guard corruptKeys.insert(key).inserted else { return }
        counters.faults += 1
        if let type = layout.bucketType(named: key.type) { knowledge.recordLost(in: layout.group(for: key, n: type.n)) }
        effects.append(.note(.recordCorrupt(fault)))
        renewIdentity("a record that it minted on is lost", &effects)
    }

    /// Takes a new identity: nothing is minted under the old one any more.
    mutating func renewIdentity(_ reason: String, _ effects: inout Effects) {
        guard !settings.omitted.contains(.renewal) else { return }
        minter.renew()
        counters.renewals += 1
        effects.append(.note(.identityRenewed(reason: reason)))
    }

    /// Stores an encoded object. The record names the events beside it that are handled with it, none of which was.
    mutating func apply(
        _ object: CausalObject, _ encoded: ByteBuffer, _ fresh: [Dot], _ group: Group, _ key: ObjectKey
    ) throws(StorageFailure) {
        let note = fresh.isEmpty ? ByteBuffer() : KnowledgeNote(.handled(fresh)).encoded()
        try engine.apply(Batch([Change(group: group, key: key.bytes, action: .put(encoded), note: note)]))
        knowledge.handle(fresh, of: key.bytes, in: group)
        loads.changed(key)
        noteStored(object, group, key.bytes)
        if !corruptKeys.isEmpty { corruptKeys.remove(key) }
    }

    /// The coordinator's own part of a read.
    mutating func ownAnswer(_ group: Group, _ key: ObjectKey, _ effects: inout Effects) -> OwnAnswer {
        guard service == .serving else { return .now(.failed(.notInSync)) }
        let local = load(group, key, &effects)
        if case .pending(let ticket) = local { return .later(ticket) }
        return .now(local.answer)
    }

    /// A read that went through the disk came back. What was stored meanwhile counts, not what was read: then it is
    /// looked at again.
    mutating func loaded(_ result: ReadResult, _ ticket: LoadTicket, _ now: Now, _ effects: inout Effects) {
        guard let entry = loads.remove(ticket) else {
            hintLoaded(result, ticket, now, &effects)
            return
        }
        let isCurrent = entry.isCurrent || settings.omitted.contains(.reloading)
        let current = isCurrent ? result : engine.get(entry.group, entry.key.bytes)
        if case .pending(let next) = current {
            loads.insert(entry.awaited, entry.group, entry.key, next)
            return
        }
        switch entry.awaited {
        case .scan(let scan): scanLoaded(current, scan, &effects)
        case .offer(let offer): offerLoaded(current, offer, &effects)
        case .offered(let offered):
            take(offered, of: entry.group, over: interpret(current, entry.key, &effects), now, &effects)
        case .reclaim(let marker): reclaim(marker, entry.key, current, &effects)
        case .walk: walkLoaded(current, of: entry.key, entry.group, now, &effects)
        case .scanned(let store, let source):
            merge(store, over: interpret(current, entry.key, &effects), scanned: true, source, now, &effects)
            resumeAdoptions(&effects)
        case .inspect(let token): inspectLoaded(current, entry.group, entry.key, for: token, &effects)
        case .sweep(let sweep): sweepLoaded(current, sweep, &effects)
        case .range(let range): rangeLoaded(current, entry.key, range, now, &effects)
        case .fetch(let fetch, let member): answerFetch(fetch, from: member, current, &effects)
        case .read(let slot):
            readAnswered(slot, by: me, interpret(current, entry.key, &effects).answer, now, &effects)
        case .write(let slot): writeLoaded(slot, interpret(current, entry.key, &effects), now, &effects)
        case .store(let store, let member):
            merge(store, over: interpret(current, entry.key, &effects), member, now, &effects)
            resumeAdoptions(&effects)
        }
    }
}

extension LocalObject {
    /// As an answer to a read; it must not be pending.
    var answer: ReplicaAnswer {
        switch self {
        case .object(let object): .object(object)
        case .absent: .absent
        case .corrupt: .failed(.corrupt)
        case .pending: preconditionFailure("a pending read is no answer")
        }
    }
}

extension NodeMachine {
    /// An object of another coordinator: merged, made durable, then acknowledged.
    mutating func receive(_ store: Store, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        counters.stores += 1
        if let target = store.hintFor {
            keep(store, for: target, from: member, now, &effects)
            return
        }
        if let code = objection(to: store.group, store.key, epoch: store.epoch, from: member, &effects) {
            refuse(store, code, member, &effects)
            return
        }
        if refuses(store.round) {
            refuseOld(store, member, &effects)
            return
        }
        merge(store, over: load(store.group, store.key, &effects), member, now, &effects)
    }

    /// An object of a scan.
    mutating func receive(scanned store: Store, from source: MemberNumber, _ now: Now, _ effects: inout Effects) {
        counters.stores += 1
        merge(store, over: load(store.group, store.key, &effects), scanned: true, source, now, &effects)
    }

    /// What left a store so long ago is not looked at: all owners may have overwritten and forgotten it since.
    mutating func refuseOld(_ store: Store, _ member: MemberNumber, _ effects: inout Effects) {
        counters.tooOld += 1
        refuse(store, .notInSync, member, &effects)
    }

    /// `dots`: events that anti-entropy says the object holds or covers. `scanned`: it is part of a scan.
    mutating func merge(
        _ store: Store, over local: LocalObject, also dots: [Dot] = [], scanned: Bool = false, _ member: MemberNumber,
        _ now: Now, _ effects: inout Effects
    ) {
        do throws(ObjectCodecError) {
            let incoming = try CausalObject(decoding: store.object)
            if case .pending(let ticket) = local {
                let awaited: AwaitedLoad = scanned ? .scanned(store, from: member) : .store(store, from: member)
                loads.insert(awaited, store.group, store.key, ticket)
                return
            }
            if refuses(store.round) {
                // It has waited for the disk while rounds moved.
                if store.exchange == 0 { refillFailed(store.group) }
                refuseOld(store, member, &effects)
                return
            }
            switch local {
            case .pending: break
            case .object(let own):
                if scanned { refill?.compare(own, with: incoming, of: store.key, store.group, member) }
                merge(incoming, into: own, store, also: dots, member, now, &effects)
            case .absent: merge(incoming, into: nil, store, also: dots, member, now, &effects)
            case .corrupt:
                // A lost replica of the key stays one until it has what all other owners have: with this object alone
                // it would answer for writes that it acknowledged and does not hold any more.
                refuse(store, .corrupt, member, &effects)
                if member != me { restore(store.group, store.key, now, &effects) }
            }
        } catch {
            faulty(store, member, "its object cannot be read: \(error)", &effects)
        }
    }

    /// All that the other owners have of a key whose record here was lost.
    mutating func restored(_ store: Store, _ effects: inout Effects) {
        do throws(StorageFailure) {
            guard !refuses(store.round), let object = try? CausalObject(decoding: store.object) else { return }
            let fresh = knowledge.unhandled(object.namedDots, in: store.group)
            try apply(object, store.object, fresh, store.group, store.key)
        } catch {
            effects.append(.note(.writesRefused(error)))
        }
    }

    private mutating func merge(
        _ incoming: CausalObject, into own: CausalObject?, _ store: Store, also dots: [Dot], _ member: MemberNumber,
        _ now: Now, _ effects: inout Effects
    ) {
        let forgotten = incoming.siblings.first { sibling in
            knowledge.hasHandled(sibling.dot, in: store.group) && !(own?.holdsOrCovers(sibling.dot) ?? false)
        }
        if let forgotten, !settings.omitted.contains(.regression) {
            // Rule 5: the own clock vouches for an event that the own object does not know. The object went back.
            faulty(store, member, "the own object has lost \(forgotten.dot)", &effects)
            quarantine(&effects)
            return
        }
        if minter.isAhead(incoming.context, in: store.group) {
            renewIdentity("\(member) knows an event of it that it does not", &effects)
        }
        do throws(StorageFailure) {
            if let own {
                if let event = store.event, let live = own.liveDot(forgottenBy: event.dot, after: event.previous),
                    !settings.omitted.contains(.memory)
                {
                    faulty(store, member, "it forgot \(live) when it wrote \(event.dot)", &effects)
                    return
                }
                var merged = own
                merged.merge(incoming)
                let joined = merged
                let rule = rule(of: store.key)
                counters.discardedSiblings += rule.settle(&merged)
                counters.discardedSiblings += max(0, rule.hidden(in: merged) - rule.hidden(in: own))
                let fresh = fresh(merged, store, dots)
                if !merged.isInTheState(of: own) {
                    let isIncoming = merged.isInTheState(of: incoming)
                    try apply(merged, isIncoming ? store.object : merged.encoded(), fresh, store.group, store.key)
                    if !isIncoming, mergeMemory.isOn {
                        mergeMemory.remember(
                            RememberedMerge(
                                of: store.key, at: now.monotonic, from: member, event: store.event?.dot, own: own,
                                incoming: incoming, joined: joined, settled: merged))
                    }
                } else {
                    handled(fresh, of: store.key, store.group, &effects)
                }
            } else if hasGone(incoming, store.group) {
                try handledAbsent(fresh(incoming, store, dots), store.group)
            } else {
                // A hint may bring several values that nobody has settled yet.
                var settled = incoming
                let discarded = rule(of: store.key).settle(&settled)
                counters.discardedSiblings += discarded
                let encoded = discarded == 0 ? store.object : settled.encoded()
                try apply(settled, encoded, fresh(settled, store, dots), store.group, store.key)
            }
        } catch {
            refillFailed(store.group)
            refuse(store, error.code, member, &effects)
            return
        }
        guard store.exchange != 0 else { return }
        if service == .serving {
            barriers.await(
                .store(exchange: store.exchange, to: member), strength(forcedDurable: store.durable))
        } else {
            // It has it, and counts in nothing until it is refilled.
            refuse(store, .notInSync, member, &effects)
        }
    }

    /// Rule 10: a marker of which everything was handled, and nothing is left: it was reclaimed here.
    private func hasGone(_ incoming: CausalObject, _ group: Group) -> Bool {
        incoming.siblings.isEmpty && !settings.omitted.contains(.absence)
            && knowledge[group].clock.hasLastDots(of: incoming.context)
    }

    /// The events that are handled with a merged object and were not before (rule 4): those that it names, all of the
    /// write's own, and those of anti-entropy that it holds or covers.
    private func fresh(_ merged: CausalObject, _ store: Store, _ dots: [Dot]) -> [Dot] {
        var candidates = store.event?.run.dots ?? []
        candidates += dots
        if !settings.omitted.contains(.provenEvents) { candidates.removeAll { !merged.holdsOrCovers($0) } }
        if settings.omitted.contains(.namedEvents) {
            candidates += merged.context.entries.flatMap { entry in
                (1 ... entry.counter).map { Dot(entry.replica, $0) }
            }
        }
        return knowledge.unhandled(candidates + merged.namedDots, in: store.group)
    }

    /// A read of another coordinator.
    mutating func receive(_ fetch: Fetch, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        counters.fetches += 1
        if let timeLeft = fetch.timeLeft, isOver(timeLeft, now) {
            // Nothing is read for it. That this node lives is told all the same, in a few bytes: a silent one is suspected.
            counters.expired += 1
            answer(fetch, .refused(.overloaded), member, &effects)
            return
        }
        if fetch.hints {
            answerFromHints(fetch, from: member, now, &effects)
            return
        }
        if let code = objection(to: fetch.group, fetch.key, epoch: fetch.epoch, from: member, &effects) {
            answer(fetch, .refused(code), member, &effects)
        } else if service != .serving {
            answer(fetch, .refused(.notInSync), member, &effects)
        } else {
            answerFetch(fetch, from: member, engine.get(fetch.group, fetch.key.bytes), &effects)
        }
    }

    /// Answers from the stored bytes: the object is not taken apart.
    private mutating func answerFetch(
        _ fetch: Fetch, from member: MemberNumber, _ result: ReadResult, _ effects: inout Effects
    ) {
        switch result {
        case .pending(let ticket): loads.insert(.fetch(fetch, from: member), fetch.group, fetch.key, ticket)
        case .absent: answer(fetch, .absent, member, &effects)
        case .corrupt(let fault):
            lost(fetch.key, fault, &effects)
            answer(fetch, .refused(.corrupt), member, &effects)
        case .found(let bytes):
            do throws(ObjectCodecError) {
                // No digest was sent, no digest is needed.
                let isSame =
                    try fetch.digest.map { digest throws(ObjectCodecError) in
                        try CausalObject.digest(ofEncoded: bytes) == digest
                    } ?? false
                if isSame { counters.digestHits += 1 }
                answer(fetch, isSame ? .same : .object(bytes), member, &effects)
            } catch {
                _ = interpret(result, fetch.key, &effects)
                answer(fetch, .refused(.corrupt), member, &effects)
            }
        }
    }

    func answer(
        _ fetch: Fetch, _ status: FetchReply.Status, _ member: MemberNumber,
        _ effects: inout Effects
    ) {
        let reply = FetchReply(
            exchange: fetch.exchange, epoch: layout.epoch, round: rounds.current, status: status,
            handled: knowledge.handled(of: fetch.floor, in: fetch.group))
        effects.append(.send(.fetchReply(reply), to: member))
    }

    func refuse(_ store: Store, _ code: ErrorCode, _ member: MemberNumber, _ effects: inout Effects) {
        guard store.exchange != 0 else { return }
        let reply = StoreReply(exchange: store.exchange, epoch: layout.epoch, status: .refused(code))
        effects.append(.send(.storeReply(reply), to: member))
    }

    mutating func faulty(
        _ store: Store, _ member: MemberNumber, _ text: String, _ effects: inout Effects
    ) {
        counters.causalityFaults += 1
        effects.append(.note(.causalityFault(store.key, peer: member, text: text)))
        refuse(store, .causalityFault, member, &effects)
    }

    /// Why this node does not serve a message for a key, as an owner or as a fallback; nil where it does.
    mutating func objection(
        to group: Group, _ key: ObjectKey, epoch: Epoch, asFallback: Bool = false, from member: MemberNumber,
        _ effects: inout Effects
    ) -> ErrorCode? {
        if epoch < layout.epoch {
            counters.staleEpochs += 1
            sendLayout(to: member, &effects)
            return .wrongEpoch
        }
        if epoch > layout.epoch {
            askForLayout(of: member, &effects)
            return .wrongEpoch
        }
        guard Int(group.n) <= layout.replicas, group.n > 0, Int(group.partition.rawValue) < layout.partitionCount
        else { return .badRequest }
        guard let type = layout.bucketType(named: key.type) else { return .unknownBucketType }
        guard type.n == Int(group.n) else { return .nMismatch }
        return layout.isOwner(me, of: group) != asFallback ? nil : .notOwner
    }

    private func rule(of key: ObjectKey) -> TypeRule {
        layout.bucketType(named: key.type).map { TypeRule($0.kind, in: types) } ?? .siblings
    }
}
