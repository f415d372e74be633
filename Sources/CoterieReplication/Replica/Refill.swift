// Refilling a replica whose store was lost: every group that it owns is read from every other owner, batch by batch,
// and merged. All other owners are needed: a write that this replica acknowledged may be at any one of them only.

import CoteriePrimitives
import CoterieRing
import NIOCore

/// What is left to fetch, and what is asked for now.
struct Refill {
    /// One group, from one of its other owners.
    struct Part: Hashable, Comparable {
        let group: Group
        let source: MemberNumber

        static func < (a: Self, b: Self) -> Bool { a.group != b.group ? a.group < b.group : a.source < b.source }
    }

    /// Not asked for now, by source, each with where to go on.
    private(set) var waiting: [Part: ByteBuffer] = [:]
    /// Asked for, by exchange.
    private(set) var asked: [UInt64: Part] = [:]
    /// Where each asked part began its batch.
    private var starts: [Part: ByteBuffer] = [:]
    let total: Int
    private(set) var done = 0
    private var exchanges: UInt64 = 0

    init(layout: Layout, me: MemberNumber) {
        let counts = Set(layout.bucketTypes.map(\.n)).sorted()
        for partition in layout.partitions {
            for n in counts {
                let group = Group(partition: partition, n: UInt8(n))
                guard layout.isOwner(me, of: group) else { continue }
                for source in layout.preferenceList(for: group).primaries where source != me {
                    waiting[Part(group: group, source: source)] = ByteBuffer()
                }
            }
        }
        total = waiting.count
    }

    var isComplete: Bool { waiting.isEmpty && asked.isEmpty }

    /// The next part that can be asked for now, of those sources, in order.
    mutating func ask(atOnce: Int, reachable: (MemberNumber) -> Bool) -> (exchange: UInt64, Part, start: ByteBuffer)? {
        guard asked.count < atOnce else { return nil }
        guard let part = waiting.keys.filter({ reachable($0.source) }).min(), let start = waiting[part] else {
            return nil
        }
        waiting[part] = nil
        starts[part] = start
        exchanges += 1
        asked[exchanges] = part
        return (exchanges, part, start)
    }

    /// A batch of the part came and is merged; goes on at `next`, or is done.
    mutating func received(_ exchange: UInt64, next: ByteBuffer?) {
        guard let part = asked.removeValue(forKey: exchange) else { return }
        starts[part] = nil
        if let next { waiting[part] = next } else { done += 1 }
    }

    /// The source is gone, or cannot answer now: its parts are asked for again later, from where they stood.
    mutating func interrupt(where matches: (UInt64, Part) -> Bool) {
        for exchange in asked.keys.sorted() {
            guard let part = asked[exchange], matches(exchange, part) else { continue }
            asked[exchange] = nil
            waiting[part] = starts.removeValue(forKey: part)
        }
    }
}
