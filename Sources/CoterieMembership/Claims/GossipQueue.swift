// News on its way: each claim is sent a bounded number of times (SWIM, section 4.1: λ · log n suffices for an epidemic
// to reach everybody with high probability), those sent least first, of these the newest first.

import CoteriePrimitives

/// Claims to be sent, at most one of each member: a newer claim takes the older one's place.
struct GossipQueue: Hashable, Sendable {
    struct Item: Hashable, Sendable {
        let claim: Claim
        let order: UInt64
        var sent: Int

        static func before(_ a: Item, _ b: Item) -> Bool { a.sent != b.sent ? a.sent < b.sent : a.order > b.order }
    }

    /// In the order of sending.
    private(set) var items: [Item] = []
    private var added: UInt64 = 0

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }

    func contains(_ claim: Claim) -> Bool { items.contains { $0.claim == claim } }

    /// Adds news, in place of older news of the same member. O(claims).
    mutating func add(_ claim: Claim) {
        drop(claim.member)
        added += 1
        items.insert(Item(claim: claim, order: added, sent: 0), at: 0)
    }

    /// Forgets news of a member. O(claims).
    mutating func drop(_ member: MemberNumber) {
        if let index = items.firstIndex(where: { $0.claim.member == member }) { items.remove(at: index) }
    }

    /// The next claims for one message: as many as fit `bytes`. Each counts as sent once more, and is gone after `limit`.
    mutating func take(bytes: Int, limit: Int) -> [Claim] {
        guard !items.isEmpty else { return [] }
        var room = bytes
        var taken: [Item] = []
        var left: [Item] = []
        for item in items {
            let size = item.claim.encodedBytes
            if size <= room {
                room -= size
                taken.append(item)
            } else {
                left.append(item)
            }
        }
        keep(taken, and: left, limit)
        return taken.map(\.claim)
    }

    /// Counts all as sent, though nobody is there to be told: news that nobody could be told gets old all the same, else
    /// one who was cut off would come back with accusations of long ago.
    mutating func age(limit: Int) { keep(items, and: [], limit) }

    /// Merges two lists in order, the first after one more sending.
    private mutating func keep(_ taken: [Item], and left: [Item], _ limit: Int) {
        var merged: [Item] = []
        merged.reserveCapacity(taken.count + left.count)
        var next = left[...]
        for var item in taken {
            item.sent += 1
            if item.sent >= limit { continue }
            while let first = next.first, Item.before(first, item) {
                merged.append(first)
                next.removeFirst()
            }
            merged.append(item)
        }
        items = merged + next
    }
}
