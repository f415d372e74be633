// The end of anti-entropy that has more: it looks up what the asker lacks, and answers in bounded batches.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// So many events are looked at for one offer.
    private static let dotsPerOffer = 1_024

    /// `hasWaited`: for the budget, which has room for it now.
    mutating func receive(
        _ pull: Pull, from member: MemberNumber, hasWaited: Bool = false, _ now: Now, _ effects: inout Effects
    ) {
        if pull.epoch != layout.epoch {
            if pull.epoch < layout.epoch { sendLayout(to: member, &effects) }
            refuse(pull, .wrongEpoch, member, &effects)
        } else if !isSharedGroup(pull.group, with: member) {
            refuse(pull, .notOwner, member, &effects)
        } else if service != .serving {
            refuse(pull, .notInSync, member, &effects)
        } else if hasWaited || mayAnswer(.pull(pull), of: member, now, &effects) {
            collect(progress(for: pull, of: member), &effects)
        }
    }

    /// What the asker lacks, by key.
    private func progress(for pull: Pull, of member: MemberNumber) -> OfferInProgress {
        let known = knowledge[pull.group]
        let lacking = pull.handled.missing(from: known.clock)
        var keys: [(key: ObjectKey, dots: [Dot])] = []
        var places: [ByteBuffer: Int] = [:]
        var found = 0
        for (replica, counters) in lacking.allRanges {
            for entry in known.index.entries(of: replica, in: counters) where found < Self.dotsPerOffer {
                found += 1
                let dot = Dot(replica, entry.counter)
                if let place = places[entry.key] {
                    keys[place].dots.append(dot)
                } else if let key = ObjectKey(encoded: entry.key) {
                    places[entry.key] = keys.count
                    keys.append((key, [dot]))
                }
            }
        }
        let isCut = found == Self.dotsPerOffer
        return OfferInProgress(
            pull: pull, asker: member, round: rounds.current, keys: keys[...], isCut: isCut,
            forgotten: !isCut && lacking.count > found)
    }

    private mutating func collect(_ progress: OfferInProgress, _ effects: inout Effects) {
        var progress = progress
        while let (key, _) = progress.keys.first, progress.bytes < Int(progress.pull.maxBytes) {
            // The rest waits until there is room again.
            if !progress.items.isEmpty, !background.hasCredit(.exchange) { break }
            switch engine.get(progress.pull.group, key.bytes) {
            case .pending(let ticket):
                loads.insert(.offer(progress), progress.pull.group, key, ticket)
                return
            case let result:
                guard add(result, to: &progress, &effects) else { return }
            }
        }
        answer(progress, &effects)
    }

    mutating func offerLoaded(_ result: ReadResult, _ progress: OfferInProgress, _ effects: inout Effects) {
        var progress = progress
        if add(result, to: &progress, &effects) { collect(progress, &effects) }
    }

    /// Takes one record; false where the offer ends with it.
    private mutating func add(
        _ result: ReadResult, to progress: inout OfferInProgress, _ effects: inout Effects
    ) -> Bool {
        guard let (key, dots) = progress.keys.popFirst() else { return true }
        background.spend(.exchange, bytes: result.size)
        switch interpret(result, key, &effects) {
        case .corrupt, .pending: return true  // The other owners have it; it is restored when it is read.
        case .object(let object)
        where dots.allSatisfy(object.holdsOrCovers) || settings.omitted.contains(.provenEvents):
            guard case .found(let bytes) = result else { return true }
            let isSmall = bytes.readableBytes <= settings.offerInlineBytes
            let isSent = isSmall || progress.pull.wanted.contains(key)
            progress.items.append(
                OfferedObject(key: key, dots: dots, digest: object.digest, object: isSent ? bytes : nil))
            progress.bytes += key.bytes.readableBytes + 32 + (isSent ? bytes.readableBytes : 0)
            return true
        case .object, .absent:
            // The index says that this key had these events, and the object does not know them: it went back.
            effects.append(
                .note(.causalityFault(key, peer: progress.asker, text: "the own object has lost one of \(dots)")))
            refuse(progress.pull, .notInSync, progress.asker, &effects)
            quarantine(&effects)
            return false
        }
    }

    private mutating func answer(_ progress: OfferInProgress, _ effects: inout Effects) {
        let isLast = progress.keys.isEmpty && !progress.isCut
        counters.offersMade += progress.items.count
        let offer = Offer(
            exchange: progress.pull.exchange, epoch: layout.epoch, round: progress.round,
            status: .batch(progress.items, isLast: isLast, forgotten: isLast && progress.forgotten))
        effects.append(.send(.offer(offer), to: progress.asker))
    }

    private func refuse(_ pull: Pull, _ code: ErrorCode, _ member: MemberNumber, _ effects: inout Effects) {
        effects.append(
            .send(.offer(Offer(exchange: pull.exchange, epoch: layout.epoch, status: .refused(code))), to: member))
    }
}
