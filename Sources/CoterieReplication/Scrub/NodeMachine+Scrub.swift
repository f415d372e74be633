// The scrub: everything that is stored is read again at a low rate, and compared with what the next owner has.
//
// What must hold:
//   - Each record of each group that this node owns is read once in a pass. One that cannot be read is taken from the
//     other owners.
//   - The engine's index of each group is what its vouching digest says, once in a pass; else what is here vouches for
//     nothing (rule 11).
//   - Each range is compared with the next owner on the ring, by one digest; where the digests differ, by each key's.
//     All owners walk, so that where every owner equals its next one, all are equal.
//   - The walk itself changes nothing. A key that differs is read at all owners, and a read repairs what is stale: so a
//     record that was lost, or went back to an older one, meets rule 5 at its own replica, which is quarantined.
//   - A difference is no proof: a write may be on its way. It costs a read.
//
// The hash tree of the design has two levels that are made when they are needed, a range and its keys: what is read
// anyway is hashed on the way, and no write has a tree to keep. Markers are left out: they are reclaimed at each owner in
// its own time.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// So many keys that differ are read at all owners at one tick.
    private static let repairsPerTick = 8
    /// So many intervals are waited after each pass.
    private static let restAfterAPass: Int64 = 16
    /// So many of one range are looked at; the next pass finds the rest.
    private static let differingPerRange = 1_024

    /// The tick of the scrub.
    mutating func scrubIsDue(_ now: Now, _ effects: inout Effects) {
        guard !hasStopped else { return }
        // A small store is not walked without a break.
        let pause = scrub.takeRest() ? Self.restAfterAPass : 1
        effects.append(.setTimer(.scrub, at: now.monotonic + settings.scrubInterval * pause))
        if pause > 1 { return }
        guard service == .serving, !isStopping else {
            scrub.interrupt()
            scrub.differing = []
            return
        }
        if repairDiffering(now, &effects) { return }
        switch scrub.phase {
        case .reading: break
        case .comparing(let comparing):
            // The answer is lost: the next pass compares this range again.
            if now.monotonic - comparing.since >= settings.repairTimeout {
                scrub.advance(to: comparing.range.end, at: now.monotonic)
            }
        case .idle:
            let may = mayBegin(.scrub, now)
            scrub.waitsSince = may ? nil : scrub.waitsSince ?? now.monotonic
            if may { readNextRange(now, &effects) }
        }
    }

    private mutating func repairDiffering(_ now: Now, _ effects: inout Effects) -> Bool {
        guard !scrub.differing.isEmpty else { return false }
        let count = min(Self.repairsPerTick, scrub.differing.count)
        let taken = scrub.differing[..<count]
        scrub.differing.removeFirst(count)
        for (group, key) in taken { restore(group, key, now, &effects) }
        return true
    }

    private mutating func readNextRange(_ now: Now, _ effects: inout Effects) {
        // Groups without a key cost no tick of their own; a whole pass over nothing costs one.
        var skipped = 0
        while let group = scrub.group(layout, me), skipped < scrub.groupCount {
            if scrub.start.readableBytes == 0, !audit(group, &effects) { return }
            var keys = engine.keys(in: group, from: scrub.start, limit: settings.scrubKeys + 1)
            if keys.isEmpty {
                scrub.advance(to: nil, at: now.monotonic)
                skipped += 1
                continue
            }
            let end = keys.count > settings.scrubKeys ? keys.removeLast() : nil
            scrub.phase = .reading
            collect(
                RangeInProgress(purpose: .own, group: group, start: scrub.start, end: end, keys: keys[...]), now,
                &effects)
            return
        }
    }

    /// Reads records until the range is complete; stops where one lies on disk, and goes on when it has come.
    private mutating func collect(_ progress: RangeInProgress, _ now: Now, _ effects: inout Effects) {
        var progress = progress
        while let bytes = progress.keys.first {
            if progress.bytes >= Int(settings.scanBatchBytes) {
                progress.end = bytes
                progress.keys = []
                break
            }
            guard let key = ObjectKey(encoded: bytes) else { preconditionFailure("a stored key is encoded") }
            switch engine.get(progress.group, bytes) {
            case .pending(let ticket):
                loads.insert(.range(progress), progress.group, key, ticket)
                return
            case let result: add(result, key, to: &progress, now, &effects)
            }
        }
        complete(progress, now, &effects)
    }

    mutating func rangeLoaded(
        _ result: ReadResult, _ key: ObjectKey, _ progress: RangeInProgress, _ now: Now, _ effects: inout Effects
    ) {
        var progress = progress
        add(result, key, to: &progress, now, &effects)
        collect(progress, now, &effects)
    }

    private mutating func add(
        _ result: ReadResult, _ key: ObjectKey, to progress: inout RangeInProgress, _ now: Now,
        _ effects: inout Effects
    ) {
        progress.keys.removeFirst()
        counters.scrubbedKeys += 1
        background.spend(.scrub, bytes: result.size)
        switch interpret(result, key, &effects) {
        case .object(let object):
            if case .found(let bytes) = result { progress.bytes += bytes.readableBytes }
            if !object.isMarker { progress.entries.append(Comparison.Entry(key: key, digest: object.digest)) }
        case .corrupt:
            if case .own = progress.purpose { scrub.differing.append((progress.group, key)) }
        case .absent, .pending: break
        }
    }

    private mutating func complete(_ progress: RangeInProgress, _ now: Now, _ effects: inout Effects) {
        switch progress.purpose {
        case .answer(let compare, let member): answer(compare, progress, member, &effects)
        case .own:
            // Interrupted meanwhile: it begins anew.
            guard case .reading = scrub.phase else { return }
            guard let partner = partner(in: progress.group), !settings.omitted.contains(.comparison) else {
                scrub.advance(to: progress.end, at: now.monotonic)
                return
            }
            let compare = Compare(
                exchange: exchanges.nextExchange(), epoch: layout.epoch, group: progress.group, start: progress.start,
                end: progress.end, keys: UInt32(progress.entries.count), digest: progress.digest,
                maxKeys: UInt32(4 * settings.scrubKeys), maxBytes: settings.scanBatchBytes)
            scrub.phase = .comparing(
                ScrubState.Comparing(
                    exchange: compare.exchange, partner: partner, since: now.monotonic, range: progress))
            effects.append(.send(.compare(compare), to: partner))
        }
    }

    /// The next owner on the ring that can be asked now; nil where there is none, or where this node knows that it lacks
    /// something: then anti-entropy comes first.
    private func partner(in group: Group) -> MemberNumber? {
        guard !exchanges.suspects.contains(group) else { return nil }
        let owners = layout.preferenceList(for: group).primaries
        guard let place = owners.firstIndex(of: me), owners.count > 1 else { return nil }
        let next = owners[(place + 1) % owners.count]
        return isReachable(next) ? next : nil
    }

    /// What the other owner has.
    mutating func receive(_ comparison: Comparison, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        noteEpoch(comparison.epoch, of: member, &effects)
        guard case .comparing(let comparing) = scrub.phase, comparing.exchange == comparison.exchange,
            comparing.partner == member
        else { return }
        let range = comparing.range
        switch comparison.status {
        case .refused: scrub.advance(to: range.end, at: now.monotonic)
        case .same:
            counters.comparedRanges += 1
            scrub.advance(to: range.end, at: now.monotonic)
        case .differs(let entries, let end):
            counters.comparedRanges += 1
            let differing = Self.differing(range.entries, entries, before: end)
            counters.differingKeys += differing.count
            scrub.differing += differing.prefix(Self.differingPerRange).map { (range.group, $0) }
            scrub.advance(to: end ?? range.end, at: now.monotonic)
        }
    }

    /// The keys that only one has, or both in different states; `end`: where the other's list was cut off.
    private static func differing(
        _ own: [Comparison.Entry], _ others: [Comparison.Entry], before end: ByteBuffer?
    ) -> [ObjectKey] {
        var found: [ObjectKey] = []
        var (i, j) = (0, 0)
        while i < own.count || j < others.count {
            if j == others.count || (i < own.count && own[i].key < others[j].key) {
                if end.map({ own[i].key.bytes.isOrderedBefore($0) }) ?? true { found.append(own[i].key) }
                i += 1
            } else if i == own.count || others[j].key < own[i].key {
                found.append(others[j].key)
                j += 1
            } else {
                if own[i].digest != others[j].digest { found.append(own[i].key) }
                i += 1
                j += 1
            }
        }
        return found
    }
}

extension NodeMachine {
    /// So long another owner may take to compare a range before it is said that it is waited for.
    private static let usualComparison = TimeSpan.seconds(1)

    /// The scrub where it does not come on, in the words of the status.
    func scrubWaiting(at now: Instant) -> [Waiting] {
        if case .comparing(let comparing) = scrub.phase, now - comparing.since >= Self.usualComparison {
            return [
                Waiting(
                    what: "scrub", why: obstacle(comparing.partner, at: now) ?? "it compares a range",
                    span: now - comparing.since, member: comparing.partner)
            ]
        }
        return scrub.waitsSince.map { [Waiting(what: "scrub", why: budgetReason, span: max(.zero, now - $0))] } ?? []
    }
}

extension NodeMachine {
    /// Another owner of a group has read a range and wants to know whether it is the same here.
    /// `hasWaited`: for the budget, which has room for it now.
    mutating func receive(
        _ compare: Compare, from member: MemberNumber, hasWaited: Bool = false, _ now: Now, _ effects: inout Effects
    ) {
        if compare.epoch != layout.epoch {
            if compare.epoch < layout.epoch { sendLayout(to: member, &effects) }
            answer(compare, .refused(.wrongEpoch), member, &effects)
        } else if !isSharedGroup(compare.group, with: member) {
            answer(compare, .refused(.notOwner), member, &effects)
        } else if service != .serving || exchanges.suspects.contains(compare.group) {
            answer(compare, .refused(.notInSync), member, &effects)
        } else if hasWaited || mayAnswer(.compare(compare), of: member, now, &effects) {
            let most = min(Int(compare.maxKeys), 4 * settings.scrubKeys)
            var keys = engine.keys(in: compare.group, from: compare.start, limit: most + 1)
            if let end = compare.end { keys.removeAll { !$0.isOrderedBefore(end) } }
            let cut = keys.count > most ? keys.removeLast() : nil
            collect(
                RangeInProgress(
                    purpose: .answer(compare, to: member), group: compare.group, start: compare.start, end: cut,
                    keys: keys[...]), now, &effects)
        }
    }

    private mutating func answer(
        _ compare: Compare, _ range: RangeInProgress, _ member: MemberNumber, _ effects: inout Effects
    ) {
        let isSame = range.end == nil && range.entries.count == Int(compare.keys) && range.digest == compare.digest
        answer(compare, isSame ? .same : .differs(range.entries, end: range.end), member, &effects)
    }

    private func answer(
        _ compare: Compare, _ status: Comparison.Status, _ member: MemberNumber, _ effects: inout Effects
    ) {
        let comparison = Comparison(exchange: compare.exchange, epoch: layout.epoch, status: status)
        effects.append(.send(.comparison(comparison), to: member))
    }
}
