// What will happen, by time and then by the order of insertion: a binary heap of keys, with the values beside it.

import CoteriePrimitives

struct HappeningQueue<Value> {
    private struct Key {
        let at: Int64
        let order: Int
        let slot: Int

        func isBefore(_ other: Key) -> Bool { at != other.at ? at < other.at : order < other.order }
    }

    private var heap: [Key] = []
    private var values: [Value?] = []
    private var free: [Int] = []
    private var inserted = 0

    var earliest: Instant? { heap.first.map { Instant(nanoseconds: $0.at) } }

    mutating func push(_ value: Value, at instant: Instant) {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            values[slot] = value
        } else {
            slot = values.count
            values.append(value)
        }
        inserted += 1
        let key = Key(at: instant.nanoseconds, order: inserted, slot: slot)
        heap.append(key)
        var place = heap.count - 1
        while place > 0, key.isBefore(heap[(place - 1) / 2]) {
            heap[place] = heap[(place - 1) / 2]
            place = (place - 1) / 2
        }
        heap[place] = key
    }

    mutating func pop() -> (Instant, Value)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            var place = 0
            while 2 * place + 1 < heap.count {
                var child = 2 * place + 1
                if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
                guard heap[child].isBefore(last) else { break }
                heap[place] = heap[child]
                place = child
            }
            heap[place] = last
        }
        guard let value = values[first.slot] else { return nil }
        values[first.slot] = nil
        free.append(first.slot)
        return (Instant(nanoseconds: first.at), value)
    }
}
