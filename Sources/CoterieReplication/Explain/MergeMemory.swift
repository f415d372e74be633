// What a node remembers of its merges, for `coterie explain`: those in which two states met of which neither had all of
// the other, those in which a type's rule discarded something, and the writes that stayed beside what their clients had
// not seen, brought several values together or only took away. All others, by far the most, are told by the objects themselves and cost nothing here.
//
// A ring: a bounded number of merges, the oldest forgotten first. Nothing decides anything by it.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// One merge that is remembered.
public struct RememberedMerge: Equatable, Sendable {
    public let key: ObjectKey
    public let at: Instant
    /// The member whose object came; nil of a write that was minted here.
    public let from: MemberNumber?
    /// The last dot of the write that came with the object or was minted here; nil of a repair.
    public let event: Dot?
    /// What came and is live.
    public let arrived: [Dot]
    /// What was live and is gone, because the other side had seen it and held it no longer.
    public let replaced: [Dot]
    /// What the type's rule dropped, of either side.
    public let discarded: [Dot]
    /// What was live, stays, and was not seen by the other side.
    public let stayed: [Dot]

    /// So many dots of each kind are remembered.
    public static let maxDots = 16
}

/// The last merges that are worth remembering.
struct MergeMemory {
    private let limit: Int
    private var merges: [RememberedMerge] = []
    /// Where the oldest one lies once the ring is full.
    private var oldest = 0

    /// - Parameter limit: how many are remembered; 0 for none.
    init(limit: Int) { self.limit = limit }

    /// Whether anything is remembered at all: what would be told need not be worked out otherwise.
    var isOn: Bool { limit > 0 }
    var count: Int { merges.count }

    mutating func remember(_ merge: RememberedMerge) {
        guard limit > 0 else { return }
        if merges.count < limit {
            merges.append(merge)
        } else {
            merges[oldest] = merge
            oldest = (oldest + 1) % limit
        }
    }

    /// Those of one key, the newest first. O(limit).
    func merges(of key: ObjectKey) -> [RememberedMerge] {
        let ordered = merges[oldest...] + merges[..<oldest]
        return ordered.reversed().filter { $0.key == key }
    }
}

extension RememberedMerge {
    /// What happened where `own` and `incoming` became `joined` by causality, and `settled` by the type's rule.
    init(
        of key: ObjectKey, at now: Instant, from member: MemberNumber?, event: Dot?, own: CausalObject,
        incoming: CausalObject, joined: CausalObject, settled: CausalObject
    ) {
        self.key = key
        at = now
        from = member
        self.event = event
        arrived = Self.dots(of: settled) { !own.context.covers($0) }
        replaced = Self.dots(of: own) { !joined.holds($0) }
        discarded = Self.dots(of: joined) { !settled.holds($0) }
        stayed = Self.dots(of: settled) { own.holds($0) && !incoming.context.covers($0) }
    }

    /// A write that was minted here over `own`.
    init(of key: ObjectKey, at now: Instant, event: Dot, own: CausalObject, written: CausalObject) {
        self.key = key
        at = now
        from = nil
        self.event = event
        arrived = []
        replaced = Self.dots(of: own) { !written.holds($0) }
        discarded = []
        stayed = Self.dots(of: written) { own.holds($0) }
    }

    /// The first live dots that are meant.
    private static func dots(of object: CausalObject, where isMeant: (Dot) -> Bool) -> [Dot] {
        var dots: [Dot] = []
        for sibling in object.siblings where isMeant(sibling.dot) {
            dots.append(sibling.dot)
            if dots.count == maxDots { break }
        }
        return dots
    }
}
