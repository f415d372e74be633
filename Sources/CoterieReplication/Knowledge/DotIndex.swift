// Which key each handled event belongs to, for as long as some other owner may lack it: what anti-entropy looks up.
//
// Events of one identity arrive nearly in order and are forgotten from the front, so each identity has a queue, sorted
// by counter.

import CoterieCausality
import CoteriePrimitives
import DequeModule
import NIOCore

/// Dots of one group, each with its key.
struct DotIndex: Equatable {
    struct Entry: Equatable {
        let counter: UInt64
        /// `ObjectKey.bytes`, in memory of its own: a slice would keep the buffer alive that it arrived in.
        let key: ByteBuffer
    }

    private var lanes: [ReplicaID: Deque<Entry>] = [:]
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// Ascending.
    var replicas: [ReplicaID] { lanes.keys.sorted() }

    func key(of dot: Dot) -> ByteBuffer? {
        guard let lane = lanes[dot.replica] else { return nil }
        let place = Self.place(of: dot.counter, in: lane)
        return place < lane.count && lane[place].counter == dot.counter ? lane[place].key : nil
    }

    /// Amortised O(1) where the event is its identity's latest; does nothing where the dot is there.
    mutating func insert(_ dot: Dot, _ key: ByteBuffer) {
        let isNew = Self.insert(Entry(counter: dot.counter, key: key), into: &lanes[dot.replica, default: Deque()])
        if isNew { count += 1 }
    }

    private static func insert(_ entry: Entry, into lane: inout Deque<Entry>) -> Bool {
        if lane.last.map({ $0.counter < entry.counter }) ?? true {
            lane.append(entry)
            return true
        }
        let place = place(of: entry.counter, in: lane)
        guard lane[place].counter != entry.counter else { return false }
        lane.insert(entry, at: place)
        return true
    }

    /// The entries of one identity whose counters lie in the range, ascending.
    func entries(of replica: ReplicaID, in counters: ClosedRange<UInt64>) -> some Sequence<Entry> {
        let lane = lanes[replica] ?? Deque()
        let first = Self.place(of: counters.lowerBound, in: lane)
        return lane[first...].lazy.prefix { $0.counter <= counters.upperBound }
    }

    /// Forgets every dot of the ranges that are given for its identity, ascending. O(identities of the index + what is
    /// forgotten, and what lies behind gaps).
    mutating func forget(_ dots: (ReplicaID) -> [ClosedRange<UInt64>]) {
        for replica in lanes.keys.sorted() {
            let ranges = dots(replica)
            guard let last = ranges.last, var lane = lanes[replica], let first = lane.first,
                first.counter <= last.upperBound
            else { continue }
            lanes[replica] = nil
            let before = lane.count
            if ranges.count == 1, ranges[0].lowerBound <= first.counter {
                let kept = Self.place(of: last.upperBound + 1, in: lane)
                lane.removeFirst(kept)
            } else {
                var range = ranges.makeIterator()
                var current = range.next()
                lane.removeAll { entry in
                    while let now = current, now.upperBound < entry.counter { current = range.next() }
                    return current.map { $0.contains(entry.counter) } ?? false
                }
            }
            count -= before - lane.count
            if !lane.isEmpty { lanes[replica] = lane }
        }
    }

    /// The lowest counter of one identity; nil where it has none here. O(1).
    func first(of replica: ReplicaID) -> UInt64? { lanes[replica]?.first?.counter }

    /// Forgets the dots of one key that the vector covers. O(dots that it covers).
    mutating func forget(_ key: ByteBuffer, coveredBy vector: VersionVector) {
        for entry in vector.entries {
            guard var lane = lanes[entry.replica], let first = lane.first, first.counter <= entry.counter else {
                continue
            }
            lanes[entry.replica] = nil
            let before = lane.count
            lane.removeAll { $0.counter <= entry.counter && $0.key == key }
            count -= before - lane.count
            if !lane.isEmpty { lanes[entry.replica] = lane }
        }
    }

    /// Every dot with its key, ascending.
    var all: [(dot: Dot, key: ByteBuffer)] {
        replicas.flatMap { replica in (lanes[replica] ?? []).map { (Dot(replica, $0.counter), $0.key) } }
    }

    /// The first place whose counter is not below the given one.
    private static func place(of counter: UInt64, in lane: Deque<Entry>) -> Int {
        var low = 0
        var high = lane.count
        while low < high {
            let middle = (low + high) / 2
            if lane[middle].counter < counter { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func checkInvariants() {
        var sum = 0
        for replica in replicas {
            guard let lane = lanes[replica] else { continue }
            precondition(!lane.isEmpty, "\(replica) has a queue and no event in it")
            for (a, b) in zip(lane, lane.dropFirst()) {
                precondition(a.counter < b.counter, "out of order: \(replica) \(a.counter), \(b.counter)")
            }
            sum += lane.count
        }
        precondition(sum == count, "\(count) entries are counted, \(sum) are there")
    }
}
