// The deadlines of requests under way: a binary heap. Most requests end long before their deadline, so entries of
// finished ones are dropped lazily, and all at once when they are the majority.

import CoteriePrimitives

/// Instants with the request that each belongs to, the earliest first. Ties are broken by insertion.
struct DeadlineQueue {
    private struct Entry {
        let at: Instant
        let sequence: UInt64
        let request: UInt64

        static func before(_ a: Entry, _ b: Entry) -> Bool {
            a.at != b.at ? a.at < b.at : a.sequence < b.sequence
        }
    }

    private var heap: [Entry] = []
    private var inserted: UInt64 = 0

    var earliest: Instant? { heap.first?.at }
    var count: Int { heap.count }

    /// O(log n).
    mutating func insert(_ request: UInt64, at instant: Instant) {
        inserted += 1
        heap.append(Entry(at: instant, sequence: inserted, request: request))
        siftUp(heap.count - 1)
    }

    /// Takes the earliest request whose deadline is not after `now`. O(log n).
    mutating func popDue(at now: Instant) -> UInt64? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown(0)
        }
        return first.request
    }

    /// Drops entries of finished requests, where there may be many. Amortised O(1) per insertion.
    mutating func prune(live: Int, isLive: (UInt64) -> Bool) {
        guard heap.count > 1024, heap.count > 3 * live else { return }
        heap.removeAll { !isLive($0.request) }
        for index in stride(from: heap.count / 2, through: 0, by: -1) { siftDown(index) }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard Entry.before(heap[index], heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && Entry.before(heap[child], heap[least]) {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
