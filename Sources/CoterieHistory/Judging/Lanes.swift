// The known dots of a key, per replica and ascending, each with the join of what all dots up to it replaced: whoever
// has seen an event has seen all that its replica minted before it, and all that these have seen (within one
// incarnation a replica's knowledge of a key only grows). So "what is replaced for one who has this context" is a join
// of one vector per entry, found by bisection.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes

/// One replica's known events of a key.
struct Lane {
    let replica: ReplicaID
    /// Ascending; twice the same where a dot was minted twice.
    var counters: [UInt64] = []
    /// Indexes of the writes.
    var writes: [Int] = []
    /// The join of the contexts that were sent with the writes up to here: replaced for certain.
    var replaced: [VersionVector] = []
    /// The join of what the writes up to here may have replaced.
    var mayBeReplaced: [VersionVector] = []
    /// Whether one of the writes up to here may have replaced everything.
    var mayReplaceAll: [Bool] = []
    /// The latest call among the writes up to here.
    var latestCall: [Int] = []
    /// The puts alone: their counters, their writes, and the latest hybrid time up to each.
    var putCounters: [UInt64] = []
    var putWrites: [Int] = []
    var latestTime: [LastWriterOrder] = []

    init(replica: ReplicaID) { self.replica = replica }

    /// The next event; `order` of a put where the last writer wins.
    mutating func append(_ write: WriteEvent, _ index: Int, _ counter: UInt64, _ order: LastWriterOrder?) {
        counters.append(counter)
        writes.append(index)
        var joined = replaced.last ?? VersionVector()
        if let sure = write.replaces { joined.merge(sure) }
        replaced.append(joined)
        var upperJoin = mayBeReplaced.last ?? VersionVector()
        if let upper = write.mayReplace { upperJoin.merge(upper) }
        mayBeReplaced.append(upperJoin)
        mayReplaceAll.append((mayReplaceAll.last ?? false) || write.mayReplace == nil)
        latestCall.append(max(latestCall.last ?? 0, write.record.called.order))
        guard write.value != nil else { return }
        putCounters.append(counter)
        putWrites.append(index)
        if let order { latestTime.append(latestTime.last.map { max($0, order) } ?? order) }
    }

    /// How many events have a counter of at most `counter`. O(log).
    static func end(of counter: UInt64, in counters: [UInt64]) -> Int {
        var low = 0
        var high = counters.count
        while low < high {
            let middle = (low + high) / 2
            if counters[middle] <= counter { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// What decides between concurrent values of the type `lww`: the hybrid time, then the dot.
struct LastWriterOrder: Comparable {
    let time: HybridTime
    let dot: Dot

    static func < (a: Self, b: Self) -> Bool { a.time != b.time ? a.time < b.time : a.dot < b.dot }
}

/// The lanes of a key, ascending by replica.
struct Lanes {
    private(set) var lanes: [Lane] = []
    /// By dot; empty unless the last writer wins.
    private(set) var times: [Dot: HybridTime] = [:]

    init() {}

    init(_ writes: [WriteEvent], isLastWriterWins: Bool, times: [Dot: HybridTime]) {
        self.times = times
        let known = writes.indices.compactMap { index in writes[index].dot.map { (dot: $0, index: index) } }
            .sorted { $0.dot != $1.dot ? $0.dot < $1.dot : $0.index < $1.index }
        for (dot, index) in known {
            if lanes.last?.replica != dot.replica { lanes.append(Lane(replica: dot.replica)) }
            append(writes[index], index, dot, isLastWriterWins)
        }
    }

    private mutating func append(_ write: WriteEvent, _ index: Int, _ dot: Dot, _ isLastWriterWins: Bool) {
        let order = isLastWriterWins && write.value != nil ? order(of: dot) : nil
        lanes[lanes.count - 1].append(write, index, dot.counter, order)
    }

    /// Where a dot stands at least among concurrent ones: first where its time was never seen.
    func order(of dot: Dot) -> LastWriterOrder {
        LastWriterOrder(time: times[dot] ?? HybridTime(rawValue: 0), dot: dot)
    }

    /// The place of each lane that a context reaches into, with the number of its events that the context covers.
    /// O(lanes + entries).
    func reached(by context: VersionVector, _ body: (_ lane: Int, _ end: Int) -> Void) {
        var lane = 0
        for (replica, counter) in context.entries {
            while lane < lanes.count, lanes[lane].replica < replica { lane += 1 }
            guard lane < lanes.count else { return }
            guard lanes[lane].replica == replica else { continue }
            let end = Lane.end(of: counter, in: lanes[lane].counters)
            if end > 0 { body(lane, end) }
        }
    }

    /// What is replaced for certain for one who has seen `context`.
    func replaced(under context: VersionVector) -> VersionVector {
        var result = VersionVector()
        reached(by: context) { result.merge(lanes[$0].replaced[$1 - 1]) }
        return result
    }

    /// What may be replaced for one who has seen `context`; nil where that may be everything.
    func mayBeReplaced(under context: VersionVector) -> VersionVector? {
        var result = VersionVector()
        var all = false
        reached(by: context) {
            result.merge(lanes[$0].mayBeReplaced[$1 - 1])
            if lanes[$0].mayReplaceAll[$1 - 1] { all = true }
        }
        return all ? nil : result
    }

    /// The first write under `context` that replaces `dot` for certain. O(events): for the text of a violation.
    func replacer(of dot: Dot, under context: VersionVector, _ writes: [WriteEvent]) -> Int? {
        var found: Int?
        reached(by: context) { lane, end in
            guard found == nil else { return }
            found = lanes[lane].writes[..<end].first { writes[$0].replaces?.covers(dot) ?? false }
        }
        return found
    }
}

/// The writes that may have been applied and whose dots nobody has seen, in the order of their calls, each with the
/// join of what those up to it may have replaced.
struct Dotless {
    private var calls: [Int] = []
    private var mayBeReplaced: [VersionVector] = []
    private var mayReplaceAll: [Bool] = []

    init() {}

    init(_ writes: [WriteEvent], all: Bool = false) {
        for write in writes where all || write.dot == nil {
            var joined = mayBeReplaced.last ?? VersionVector()
            if let upper = write.mayReplace { joined.merge(upper) }
            calls.append(write.record.called.order)
            mayBeReplaced.append(joined)
            mayReplaceAll.append((mayReplaceAll.last ?? false) || write.mayReplace == nil)
        }
    }

    /// What those that were called before `order` may have replaced; nil where that may be everything. O(log writes).
    func mayBeReplaced(before order: Int) -> VersionVector? {
        var low = 0
        var high = calls.count
        while low < high {
            let middle = (low + high) / 2
            if calls[middle] < order { low = middle + 1 } else { high = middle }
        }
        if low == 0 { return VersionVector() }
        return mayReplaceAll[low - 1] ? nil : mayBeReplaced[low - 1]
    }
}
