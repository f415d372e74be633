// How many hints wait for whom: figures over what the store holds, rebuilt from its keys at each start.

import CoteriePrimitives
import CoterieStorage
import DequeModule
import NIOCore

/// The hints of one node, counted.
struct HintTable {
    /// Those for one target.
    struct Waiting: Equatable {
        var count = 0
        var bytes = 0
        /// In each partition so many.
        var partitions: [PartitionIndex: Int] = [:]
        /// Of each round so many.
        var rounds: [UInt64: Int] = [:]
    }

    private(set) var waiting: [MemberNumber: Waiting] = [:]
    /// In this life, since when there have been any for the target; not there: since the start.
    private(set) var since: [MemberNumber: Instant] = [:]
    private(set) var count = 0
    private(set) var bytes = 0
    /// Rounds of hints that are gone and whose removal is not durable yet: a crash would bring them back.
    private var leaving: Deque<UInt64> = []
    private var left: UInt64 = 0

    init() {}

    /// Counts what a store holds. O(hints).
    init(countedIn engine: any StorageEngine) {
        for group in engine.groups where group.n == 0 {
            Self.forEachKey(in: group, of: engine) { add($0, group.partition, at: nil) }
        }
    }

    private static func forEachKey(in group: Group, of engine: any StorageEngine, _ body: (HintKey) -> Void) {
        var start = ByteBuffer()
        while true {
            let keys = engine.keys(in: group, from: start, limit: 1_024)
            for bytes in keys { if let key = HintKey(encoded: bytes) { body(key) } }
            guard keys.count == 1_024, var last = keys.last else { return }
            last.writeInteger(UInt8(0))
            start = last
        }
    }

    var isEmpty: Bool { count == 0 }

    /// Whether there is any for that target in the partition. O(1).
    func has(_ target: MemberNumber, in partition: PartitionIndex) -> Bool {
        count > 0 && waiting[target]?.partitions[partition] != nil
    }

    /// Those for whom hints wait, ascending.
    var targets: [MemberNumber] { waiting.keys.sorted() }

    /// The oldest round of the hints that are held, or that a crash could bring back; nil where there are none.
    /// O(targets × rounds); there are few of either.
    var oldestRound: UInt64? {
        let held = waiting.values.compactMap { $0.rounds.keys.min() }.min()
        return [held, leaving.min()].compactMap(\.self).min()
    }

    mutating func add(_ key: HintKey, _ partition: PartitionIndex, at now: Instant?) {
        count += 1
        bytes += Int(key.bytes)
        if waiting[key.target] == nil { since[key.target] = now }
        waiting[key.target, default: Waiting()].add(key, partition)
    }

    mutating func remove(_ key: HintKey, _ partition: PartitionIndex) {
        replaced(key, partition)
        leaving.append(key.round)
        left += 1
    }

    /// Another stands in its place, whose round is no later.
    mutating func replaced(_ key: HintKey, _ partition: PartitionIndex) {
        count -= 1
        bytes -= Int(key.bytes)
        waiting[key.target]?.remove(key, partition)
        if waiting[key.target]?.count == 0 {
            waiting[key.target] = nil
            since[key.target] = nil
        }
    }

    /// Counts anew what the store holds.
    mutating func recount(_ engine: any StorageEngine) {
        var counted = HintTable(countedIn: engine)
        counted.since = since.filter { counted.waiting[$0.key] != nil }
        counted.leaving = leaving
        counted.left = left
        self = counted
    }

    // MARK: Removals that are not durable yet

    var hasLeaving: Bool { !leaving.isEmpty }
    /// Counts the removals so far, for a barrier that is taken now.
    var removals: UInt64 { left }

    /// The removals that were counted when the barrier was taken are durable.
    mutating func areGone(upTo removals: UInt64) {
        let still = Int(left - removals)
        if leaving.count > still { leaving.removeFirst(leaving.count - still) }
    }

    /// Traps where the figures are not those of the store. O(hints).
    func checkInvariants(_ engine: any StorageEngine) {
        let counted = HintTable(countedIn: engine)
        precondition(
            counted.waiting == waiting && counted.count == count && counted.bytes == bytes,
            "\(count) hints of \(bytes) bytes are counted, the store has \(counted.count) of \(counted.bytes)")
    }
}

extension HintTable.Waiting {
    fileprivate mutating func add(_ key: HintKey, _ partition: PartitionIndex) {
        count += 1
        bytes += Int(key.bytes)
        partitions[partition, default: 0] += 1
        rounds[key.round, default: 0] += 1
    }

    fileprivate mutating func remove(_ key: HintKey, _ partition: PartitionIndex) {
        count -= 1
        bytes -= Int(key.bytes)
        if let left = partitions[partition] { partitions[partition] = left == 1 ? nil : left - 1 }
        if let left = rounds[key.round] { rounds[key.round] = left == 1 ? nil : left - 1 }
    }
}
