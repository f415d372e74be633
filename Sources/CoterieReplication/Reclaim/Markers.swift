// The markers of one store that are on their way out, in the order in which they may go.
//
// A marker waits until every owner has all events of its key, rests for five rounds, and goes (design, section 4, rule
// 9). Only so many are remembered; those that found no room are met again by a walk over the store, which also finds
// those that an earlier life has left.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import DequeModule
import NIOCore

/// A marker, and exactly what it was when it was looked at.
struct Marker: Equatable {
    let group: Group
    /// `ObjectKey.bytes`, in memory of its own.
    let key: ByteBuffer
    let context: VersionVector
}

/// Where a walk over the store's keys has come to.
struct MarkerWalk: Equatable {
    /// Those that are left, the one that it is in first; nil: it has not begun. Groups that come later hold nothing that
    /// was not remembered when it was stored.
    var groups: ArraySlice<Group>?
    /// The key to go on with; empty: the group's first.
    var start = ByteBuffer()
    /// A record is being read from disk; the step goes on behind it, with so many keys.
    var isReading = false
    var left = 0
}

/// The queue of one replica.
struct Markers {
    /// So many rounds a marker rests. Two are proved unsafe; four are enough where no store goes back.
    static let rest: UInt64 = 5

    /// Some owner may lack an event of theirs.
    private(set) var waiting: Deque<Marker> = []
    /// All owners have everything; with the round in which that was seen. Ascending.
    private(set) var resting: Deque<(round: UInt64, marker: Marker)> = []
    /// Nil: every marker of the store is in the queue, or on its way out.
    var walk: MarkerWalk? = MarkerWalk()
    /// Some found no room since the walk began.
    private(set) var isIncomplete = false
    /// Since when the budget for background work has no room for the next step.
    var waitsSince: Instant?
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { waiting.count + resting.count }
    var hasRoom: Bool { count < limit }

    /// The round until which those that rest want all to move; 0: none does.
    var wantedRound: UInt64 { resting.last.map { $0.round + Self.rest } ?? 0 }

    mutating func add(_ marker: Marker) {
        if hasRoom { waiting.append(marker) } else { isIncomplete = true }
    }

    mutating func popWaiting() -> Marker? { waiting.popFirst() }
    mutating func putBack(_ marker: Marker) { waiting.append(marker) }

    mutating func rest(_ marker: Marker, since round: UInt64) { resting.append((round, marker)) }

    /// The next one whose rest is over.
    mutating func popRested(at round: UInt64, rest: UInt64 = Markers.rest) -> Marker? {
        guard let first = resting.first, first.round + rest <= round else { return nil }
        return resting.removeFirst().marker
    }

    func isRested(at round: UInt64, rest: UInt64 = Markers.rest) -> Bool {
        resting.first.map { $0.round + rest <= round } ?? false
    }

    /// Begins a walk where markers had found no room and most of the queue is empty again.
    mutating func walkAgainIfNeeded() {
        guard walk == nil, isIncomplete, count <= limit / 4 else { return }
        isIncomplete = false
        walk = MarkerWalk()
    }

    /// What was known of the store is given up: everything is looked at anew.
    mutating func restart() {
        waiting.removeAll()
        resting.removeAll()
        isIncomplete = false
        walk = MarkerWalk()
    }
}
