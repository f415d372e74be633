// Reclaiming markers: looking whether all owners have their events, and removing those that have rested (design,
// section 4, rules 9 and 10; INV 13, 14).
//
// What must hold: **a marker goes only when nothing that could contradict it can arrive any more.** All owners have
// handled the last event of each entry of its context, so each of them holds or has held what covers all that the marker
// covers; and what left a store before that is refused everywhere, since all members are rounds further. Then nothing is
// left of the key, and its absence means nothing.
//
// It is done in small steps with pauses between them, as far as the budget for background work goes, so that requests do
// not wait. Each record that is read for it is counted there.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// So many markers or keys are looked at in one step.
    private static let step = 256
    /// So many that wait are looked at again at each tick.
    private static let looks = 4_096
    /// Between two steps.
    private static let pause = TimeSpan.milliseconds(20)

    /// An object was stored: where it is a marker, it is remembered.
    mutating func noteStored(_ object: CausalObject, _ group: Group, _ key: ByteBuffer) {
        guard object.isMarker else { return }
        markers.add(Marker(group: group, key: ByteBuffer(bytes: key.readableBytesView), context: object.context))
    }

    /// At each tick of anti-entropy, and when a round is reached.
    mutating func tendMarkers(_ now: Now, _ effects: inout Effects) {
        guard service == .serving, rounds.current > 0, !hasStopped else { return }
        layToRest()
        markers.walkAgainIfNeeded()
        if !isReclaimScheduled, hasMarkerWork { scheduleReclaim(now, &effects) }
    }

    private var restOfMarkers: UInt64 { settings.omitted.contains(.rest) ? 0 : Markers.rest }

    private var hasMarkerWork: Bool {
        if markers.isRested(at: rounds.current, rest: restOfMarkers) { return true }
        return markers.walk.map { !$0.isReading && markers.hasRoom } ?? false
    }

    private mutating func scheduleReclaim(_ now: Now, _ effects: inout Effects) {
        isReclaimScheduled = true
        effects.append(.setTimer(.reclaim, at: now.monotonic + Self.pause))
    }

    /// The timer: one step.
    mutating func reclaim(_ now: Now, _ effects: inout Effects) {
        isReclaimScheduled = false
        guard service == .serving, !hasStopped, !isReadOnly else { return }
        let may = mayBegin(.reclaim, now)
        markers.waitsSince = may ? nil : markers.waitsSince ?? now.monotonic
        var left = may ? Self.step : 0
        while left > 0, background.hasCredit(.reclaim),
            let marker = markers.popRested(at: rounds.current, rest: restOfMarkers)
        {
            left -= 1
            reclaim(marker, &effects)
        }
        walk(atMost: left, &effects)
        tendMarkers(now, &effects)
    }

    /// Those whose events every owner has begin to rest.
    private mutating func layToRest() {
        for _ in 0 ..< min(markers.waiting.count, Self.looks) {
            guard let marker = markers.popWaiting() else { return }
            if knowledge.isForgotten(marker.context, in: marker.group) {
                markers.rest(marker, since: rounds.current)
            } else {
                markers.putBack(marker)
            }
        }
    }

    // MARK: Removing

    private mutating func reclaim(_ marker: Marker, _ effects: inout Effects) {
        guard let key = ObjectKey(encoded: marker.key) else { preconditionFailure("a stored key is encoded") }
        switch engine.get(marker.group, marker.key) {
        case .pending(let ticket): loads.insert(.reclaim(marker), marker.group, key, ticket)
        case let result: reclaim(marker, key, result, &effects)
        }
    }

    /// The record is known: it goes if it is exactly what it was.
    mutating func reclaim(_ marker: Marker, _ key: ObjectKey, _ result: ReadResult, _ effects: inout Effects) {
        background.spend(.reclaim, bytes: result.size)
        guard service == .serving, case .object(let object) = interpret(result, key, &effects) else { return }
        let isTheSame = object.isMarker && object.context == marker.context
        guard isTheSame || settings.omitted.contains(.exactState) else { return }
        guard knowledge.isForgotten(marker.context, in: marker.group) else {
            markers.putBack(marker)
            return
        }
        do throws(StorageFailure) {
            try remove(key, covered: object.context, marker.group)
            counters.reclaimed += 1
            barriers.await(.told, strength(forcedDurable: false))
        } catch {
            markers.putBack(marker)
            effects.append(.note(.writesRefused(error)))
        }
    }

    /// Removes a key's object and its context. The record that says so makes a replay forget what earlier records say of
    /// the key's events: nobody can be offered them here any more.
    mutating func remove(
        _ key: ObjectKey, covered context: VersionVector, _ group: Group
    ) throws(StorageFailure) {
        let note = KnowledgeNote(.gone(context)).encoded()
        try engine.apply(Batch([Change(group: group, key: key.bytes, action: .remove, note: note)]))
        knowledge.update(group) { $0.forget(key.bytes, coveredBy: context) }
        loads.changed(key)
    }

    // MARK: Finding

    /// Looks at the next keys of the store.
    private mutating func walk(atMost count: Int, _ effects: inout Effects) {
        var left = count
        while left > 0, markers.hasRoom, var walk = markers.walk, !walk.isReading {
            var groups = walk.groups ?? ArraySlice(engine.groups.filter { $0.n > 0 })
            guard let group = groups.first else {
                markers.walk = nil
                return
            }
            let keys = engine.keys(in: group, from: walk.start, limit: left)
            for (place, bytes) in keys.enumerated() {
                guard background.hasCredit(.reclaim) else {
                    markers.walk = MarkerWalk(groups: groups, start: ByteBuffer(bytes: bytes.readableBytesView))
                    return
                }
                guard look(at: bytes, of: group, &effects) else {
                    markers.walk = MarkerWalk(
                        groups: groups, start: bytes.next, isReading: true, left: left - place - 1)
                    return
                }
            }
            if keys.count < left { groups.removeFirst() }
            walk = MarkerWalk(groups: groups, start: keys.count < left ? ByteBuffer() : keys.last?.next ?? ByteBuffer())
            markers.walk = walk
            left -= max(keys.count, 1)
        }
    }

    /// Looks at one key; false where its record is read from disk first.
    private mutating func look(at bytes: ByteBuffer, of group: Group, _ effects: inout Effects) -> Bool {
        guard let key = ObjectKey(encoded: bytes) else { preconditionFailure("a stored key is encoded") }
        switch engine.get(group, bytes) {
        case .pending(let ticket):
            loads.insert(.walk, group, key, ticket)
            return false
        case let result:
            look(at: result, of: key, group, &effects)
            return true
        }
    }

    private mutating func look(at result: ReadResult, of key: ObjectKey, _ group: Group, _ effects: inout Effects) {
        background.spend(.reclaim, bytes: result.size)
        guard case .object(let object) = interpret(result, key, &effects) else { return }
        noteStored(object, group, key.bytes)
    }

    /// The record that the walk waited for has come: it goes on.
    mutating func walkLoaded(
        _ result: ReadResult, of key: ObjectKey, _ group: Group, _ now: Now, _ effects: inout Effects
    ) {
        look(at: result, of: key, group, &effects)
        guard let left = markers.walk?.left, markers.walk?.isReading == true else { return }
        markers.walk?.isReading = false
        if service == .serving { walk(atMost: left, &effects) }
        tendMarkers(now, &effects)
    }
}

extension ByteBuffer {
    /// The first key that is ordered behind this one.
    fileprivate var next: ByteBuffer {
        var next = ByteBuffer(bytes: readableBytesView)
        next.writeInteger(UInt8(0))
        return next
    }
}
