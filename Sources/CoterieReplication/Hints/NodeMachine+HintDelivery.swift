// The delivery of hints to owners that are there again: at ticks, as far as the budget for background work goes,
// acknowledged one by one. It needs no memory: whatever was on its way when a connection broke or a process died is sent again.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// Sets the next tick, where there is a target that could be reached; not before one that wants to be left alone.
    mutating func wakeHints(_ now: Now, _ effects: inout Effects) {
        guard !hints.isEmpty else { return }
        let soon = now.monotonic + settings.hintInterval
        if let hintTimer, hintTimer <= soon { return }
        let next = hints.targets.filter { isReachable($0) }.map { max(soon, deliveries[$0]?.until ?? soon) }.min()
        guard let next, hintTimer.map({ next < $0 }) ?? true else { return }
        hintTimer = next
        effects.append(.setTimer(.hints, at: next))
    }

    /// The tick.
    mutating func deliverHints(_ now: Now, _ effects: inout Effects) {
        hintTimer = nil
        guard !isStopping else { return }
        let targets = hints.targets.filter { isWell($0) }
        // Each is the first in its turn: the budget may not last for all.
        hintTicks += 1
        for place in targets.indices {
            let target = targets[(place + hintTicks) % targets.count]
            giveUpUnanswered(target, now)
            deliver(to: target, now, &effects)
        }
        wakeHints(now, &effects)
    }

    private mutating func deliver(to target: MemberNumber, _ now: Now, _ effects: inout Effects) {
        let delivery = deliveries[target] ?? HintDelivery()
        guard !delivery.isWaiting(at: now.monotonic) else { return }
        let window = settings.omitted.contains(.yielding) ? settings.hintsAtOnce : delivery.window.size
        let room = min(window, settings.hintsAtOnce) - delivery.sent.count
        guard room > 0 else { return }
        let may = mayBegin(.hints, now)
        deliveries[target, default: HintDelivery()].waitsForBudget = !may
        guard may else { return }
        let places = nextPlaces(of: target, behind: delivery, atMost: room, now)
        deliveries[target, default: HintDelivery()].position = places.next
        for place in places.found {
            switch engine.get(HintKey.group(place.partition), place.name.encoded) {
            case .pending(let ticket):
                deliveries[target]?.reading(place, at: now.monotonic)
                hintLoads.insert(.deliver, place.partition, place.name, ticket)
            case let result: deliver(result, of: place, now, &effects)
            }
        }
    }

    /// The next hints of the walk that are neither on their way nor left alone, as far as the budget goes, and where it
    /// goes on. One always fits.
    private mutating func nextPlaces(
        of target: MemberNumber, behind delivery: HintDelivery, atMost room: Int, _ now: Now
    ) -> (found: [HintPlace], next: HintPlace?) {
        let prefix = HintKey.prefix(target)
        var found: [HintPlace] = []
        var start = delivery.position
        for partition in (hints.waiting[target]?.partitions.keys ?? [:].keys).sorted() {
            if let start, partition < start.partition { continue }
            var from = start.map { $0.partition == partition ? $0.name.successor : prefix } ?? prefix
            while true {
                let keys = engine.keys(in: HintKey.group(partition), from: from, limit: Self.keysPerWalk)
                for bytes in keys {
                    guard let name = HintKey(encoded: bytes), name.target == target else { break }
                    let place = HintPlace(partition: partition, name: name)
                    if delivery.isBusy(place, at: now.monotonic) { continue }
                    let hasRoom = found.isEmpty || background.hasCredit(.hints)
                    if found.count >= room || !hasRoom { return (found, found.last ?? start) }
                    found.append(place)
                    background.spend(.hints, bytes: Int(name.bytes))
                }
                guard keys.count == Self.keysPerWalk, let last = keys.last.flatMap(HintKey.init(encoded:)),
                    last.target == target
                else { break }
                from = last.successor
            }
            start = nil
        }
        return (found, nil)
    }

    private static let keysPerWalk = 256

    /// Sends a hint that was read.
    mutating func deliver(_ result: ReadResult, of place: HintPlace, _ now: Now, _ effects: inout Effects) {
        let (name, target) = (place.name, place.name.target)
        _ = deliveries[target]?.end(place)
        guard isReachable(target), let object = content(of: result, at: place, now, &effects) else { return }
        guard let type = layout.bucketType(named: name.key.type) else {
            deliveries[target, default: HintDelivery()].setAside(
                place, .unknownBucketType, at: now.monotonic, settings)
            return
        }
        let group = Group(partition: place.partition, n: UInt8(type.n))
        let exchange = exchanges.nextExchange()
        hintExchanges[exchange] = place
        deliveries[target, default: HintDelivery()].send(
            place, exchange,
            isMintedHere: fallbackMinter.identity(in: group).map { object.context[$0] > 0 } ?? false, at: now.monotonic)
        let store = Store(
            exchange: exchange, epoch: layout.epoch, round: rounds.current, group: group, key: name.key,
            object: object.encoded(),
            event: nil, durable: true)
        effects.append(.send(.store(store), to: target))
    }

    /// Takes the answer to a hint; false where it answers something else.
    mutating func hintIsAnswered(
        _ reply: StoreReply, by member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) -> Bool {
        guard !hintExchanges.isEmpty, let place = hintExchanges[reply.exchange], place.name.target == member,
            let sent = endDelivery(of: place, reply.exchange)
        else { return false }
        deliveries[member]?.window.answered(sentAt: sent.at, at: now.monotonic, atMost: settings.hintsAtOnce)
        switch reply.status {
        case .stored(durable: true):
            deliveries[member]?.succeeded()
            // What came meanwhile is still to be delivered.
            guard sent.isCurrent else { return true }
            counters.hintsDelivered += 1
            if sent.isMintedHere, !settings.omitted.contains(.fallbackIdentity) {
                fallbackMinter.renew(in: place.partition)
            }
            remove(place, now, &effects)
        case .stored(durable: false): deliveries[member]?.failed(.internalError, at: now.monotonic, settings)
        case .refused(let code):
            counters.hintsRefused += 1
            if code.speaksOfTheHint {
                // What was stored over it is another hint.
                guard sent.isCurrent else { return true }
                deliveries[member]?.setAside(place, code, at: now.monotonic, settings)
                effects.append(.note(.hintRefused(place.name.key, by: member, code)))
            } else {
                deliveries[member]?.failed(code, at: now.monotonic, settings)
            }
        }
        return true
    }

    /// A hint certainly did not leave; false where the message was something else.
    mutating func hintIsUnsent(_ exchange: UInt64, to member: MemberNumber, _ now: Now) -> Bool {
        guard !hintExchanges.isEmpty, let place = hintExchanges[exchange], place.name.target == member else {
            return false
        }
        _ = endDelivery(of: place, exchange)
        deliveries[member]?.failed(.insufficientReplicas, at: now.monotonic, settings)
        return true
    }

    private mutating func endDelivery(of place: HintPlace, _ exchange: UInt64) -> HintDelivery.Sent? {
        hintExchanges[exchange] = nil
        return deliveries[place.name.target]?.end(place)
    }

    private mutating func giveUpUnanswered(_ target: MemberNumber, _ now: Now) {
        guard let delivery = deliveries[target] else { return }
        let lost = delivery.unanswered(for: settings.repairTimeout, at: now.monotonic)
        for place in lost {
            if let exchange = delivery.sent[place]?.exchange { _ = endDelivery(of: place, exchange) }
        }
        if !lost.isEmpty { deliveries[target]?.failed(.timeout, at: now.monotonic, settings) }
    }

    /// The target is gone; when it is there again, all begins anew.
    mutating func interruptHints(to target: MemberNumber) {
        for exchange in deliveries[target]?.interrupt() ?? [] { hintExchanges[exchange] = nil }
        deliveries[target] = nil
    }
}

extension ErrorCode {
    /// Whether a target that refuses a hint for this reason refuses this one, and may well take others.
    fileprivate var speaksOfTheHint: Bool {
        switch self {
        case .badRequest, .unknownBucketType, .nMismatch, .notOwner, .keyTooLarge, .valueTooLarge, .contextTooLarge,
            .tooManySiblings, .corrupt, .causalityFault:
            true
        default: false
        }
    }
}
