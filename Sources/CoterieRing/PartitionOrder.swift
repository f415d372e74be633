// Which filled partition comes where on the ring. It decides the fallbacks, which are the owners of the partitions that
// follow, and nothing else. The filling picks members in much the same order again and again: left so, a dead member's
// hints would all come to a few others. So each partition is followed by that one, of a few drawn at random, whose first
// new member has stood in least for this partition's owners.

import CoteriePrimitives

struct PartitionOrder {
    /// How many partitions are drawn for each place on the ring.
    private static let draws = 8

    private let shares: SlotShares
    /// How often b is the first fallback where a is an owner, at `a * members + b`.
    private var standsIn: [Int32]
    private var generator: SeededGenerator

    init(_ shares: SlotShares, generator: SeededGenerator) {
        self.shares = shares
        self.generator = generator
        standsIn = Array(repeating: 0, count: shares.ofMember.count * shares.ofMember.count)
    }

    /// The rows in another order. O(partitions × replicas²).
    mutating func arrange(_ filled: [[Int]]) -> [[Int]] {
        var rows = filled
        generator.shuffle(&rows)
        for place in 1 ..< max(rows.count, 1) {
            let row = rows[place - 1]
            var best = (index: place, load: Int.max)
            for _ in 0 ..< Self.draws {
                let index = place + generator.below(rows.count - place)
                guard let fallback = Self.first(of: rows[index], outside: row) else { continue }
                let load = load(of: fallback, for: row)
                if load < best.load { best = (index, load) }
                if load == 0 { break }
            }
            rows.swapAt(place, best.index)
            if let fallback = Self.first(of: rows[place], outside: row) {
                for owner in row { standsIn[owner * shares.ofMember.count + fallback] += 1 }
            }
        }
        return rows
    }

    /// How often `fallback` stands in for the row's owners already, relative to its size.
    private func load(of fallback: Int, for row: [Int]) -> Int {
        var count = 0
        for owner in row { count += Int(standsIn[owner * shares.ofMember.count + fallback]) }
        return count << 20 / shares.ofMember[fallback]
    }

    private static func first(of row: [Int], outside other: [Int]) -> Int? {
        for member in row where !other.contains(member) { return member }
        return nil
    }
}
