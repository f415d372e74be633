// How far the delivery of hints to one target has come: what is on its way, what is set aside, and until when it waits.

import CoteriePrimitives
import CoterieRing
import CoterieWire

/// A hint, wherever it lies.
struct HintPlace: Hashable {
    let partition: PartitionIndex
    let name: HintKey
}

/// The delivery to one target.
struct HintDelivery {
    struct Sent {
        /// Nil while its record is being read.
        var exchange: UInt64?
        let at: Instant
        /// It was not stored over since.
        var isCurrent = true
        /// It holds an event that this node has minted as a fallback, under the identity that it has now.
        var isMintedHere = false
    }

    private(set) var sent: [HintPlace: Sent] = [:]
    /// Those that the target refuses for what they hold, until when each is left alone.
    private(set) var aside: [HintPlace: Instant] = [:]
    /// Where the walk over the target's hints goes on: behind this place; nil: at the beginning.
    var position: HintPlace?
    /// Nothing is sent before.
    private(set) var until: Instant?
    private(set) var failures = 0
    var window = HintWindow()
    /// The budget for background work has no room for the next one.
    var waitsForBudget = false
    /// The last reason why the target has refused one, or not answered.
    private(set) var lastRefusal: ErrorCode?

    /// Whether nothing may be sent now.
    func isWaiting(at now: Instant) -> Bool { until.map { now < $0 } ?? false }

    /// Whether it is on its way, or left alone for now.
    func isBusy(_ place: HintPlace, at now: Instant) -> Bool {
        sent[place] != nil || aside[place].map { now < $0 } ?? false
    }

    mutating func reading(_ place: HintPlace, at now: Instant) { sent[place] = Sent(exchange: nil, at: now) }

    mutating func send(_ place: HintPlace, _ exchange: UInt64, isMintedHere: Bool, at now: Instant) {
        sent[place] = Sent(exchange: exchange, at: now, isMintedHere: isMintedHere)
    }

    /// It was stored over: what is on its way is not all of it.
    mutating func changed(_ place: HintPlace) {
        sent[place]?.isCurrent = false
        aside[place] = nil
    }

    /// It is not on its way any more.
    mutating func end(_ place: HintPlace) -> Sent? { sent.removeValue(forKey: place) }

    mutating func isGone(_ place: HintPlace) { aside[place] = nil }

    mutating func succeeded() {
        failures = 0
        until = nil
        lastRefusal = nil
    }

    /// The target takes none now: the next try waits, twice as long each time.
    mutating func failed(_ code: ErrorCode, at now: Instant, _ settings: ReplicationSettings) {
        lastRefusal = code
        if isWaiting(at: now) { return }  // Of what was on its way together only the first counts.
        let doubled = settings.hintBackoff.nanoseconds << Int64(min(failures, 20))
        until = now + min(TimeSpan(nanoseconds: doubled), settings.hintBackoffMost)
        failures += 1
    }

    /// The target refuses this one for what it holds: it is left alone for a while.
    mutating func setAside(_ place: HintPlace, _ code: ErrorCode, at now: Instant, _ settings: ReplicationSettings) {
        lastRefusal = code
        aside[place] = now + settings.hintBackoffMost
    }

    /// Gives up everything on its way: the target is gone. A new connection begins at once, at the beginning.
    mutating func interrupt() -> [UInt64] {
        let exchanges = sent.values.compactMap(\.exchange)
        self = HintDelivery()
        return exchanges
    }

    /// What was sent so long ago and is not answered.
    func unanswered(for age: TimeSpan, at now: Instant) -> [HintPlace] {
        sent.filter { $0.value.exchange != nil && now - $0.value.at >= age }.map(\.key).sorted()
    }
}

extension HintPlace: Comparable {
    static func < (a: Self, b: Self) -> Bool {
        a.partition != b.partition ? a.partition < b.partition : a.name.encoded.isOrderedBefore(b.name.encoded)
    }
}
