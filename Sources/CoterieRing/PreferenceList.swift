// Whom a request for a key turns to, in order. Dynamo's preference list (DeCandia et al., 2007, section 4.3), over a
// table of owners instead of neighbours on a circle.
//
// Ring order from a partition: its slots, then the slots of the following partitions in turn, past the last one to the
// first, each member where it is met first; members that own nothing come last, by number. A group's primaries are the
// first n of that order (its slots' owners), its fallbacks all the rest: a bucket type with n below N has the owners
// of the partition's remaining slots as its first fallbacks.

import CoteriePrimitives

/// A group's owners and who stands in for them.
public struct PreferenceList: Hashable, Sendable, CustomStringConvertible {
    /// The owners of the group's n slots, the preferred one first.
    public let primaries: [MemberNumber]
    /// All other members, in ring order.
    public let fallbacks: [MemberNumber]

    public init(primaries: [MemberNumber], fallbacks: [MemberNumber]) {
        self.primaries = primaries
        self.fallbacks = fallbacks
    }

    /// `[m1, m2, m3] then m4, m5`.
    public var description: String {
        let first = "[" + primaries.map(\.description).joined(separator: ", ") + "]"
        return fallbacks.isEmpty ? first : first + " then " + fallbacks.map(\.description).joined(separator: ", ")
    }
}

/// What a member is to a group.
public enum Role: Hashable, Sendable, CustomStringConvertible {
    /// The owner of this slot, counted from 0.
    case primary(Int)
    /// No owner; its place among the fallbacks, counted from 0.
    case fallback(Int)

    public var isPrimary: Bool {
        switch self {
        case .primary: true
        case .fallback: false
        }
    }

    public var description: String {
        switch self {
        case .primary(let slot): "primary \(slot)"
        case .fallback(let place): "fallback \(place)"
        }
    }
}

extension PreferenceList {
    /// The lists of every group, at index `partition * replicas + n - 1`.
    /// O(partitions × replicas × members) time and memory.
    static func table(owners: [MemberNumber], partitions: Int, replicas: Int, members: [Member]) -> [PreferenceList] {
        let numbers = members.map(\.number)
        var lists = [PreferenceList](
            repeating: PreferenceList(primaries: [], fallbacks: []), count: partitions * replicas)
        // Walking backwards, a partition's order is its slots and then the next partition's order without them. After
        // one round every member stands where the walk forward would meet it; the second round writes the lists.
        var order = numbers
        for round in 0 ... 1 {
            for partition in stride(from: partitions - 1, through: 0, by: -1) {
                let first = partition * replicas
                let slots = owners[first ..< first + replicas]
                moveToFront(slots, in: &order)
                guard round == 1 else { continue }
                for n in 1 ... replicas {
                    lists[first + n - 1] = PreferenceList(primaries: Array(order[..<n]), fallbacks: Array(order[n...]))
                }
            }
        }
        return lists
    }

    /// Puts `slots` in front of `order`, the others behind them in the order they had. O(order), mostly less: it stops
    /// behind the last of the slots.
    private static func moveToFront(_ slots: ArraySlice<MemberNumber>, in order: inout [MemberNumber]) {
        var missing = slots.count
        var end = 0
        while missing > 0 {
            if slots.contains(order[end]) { missing -= 1 }
            end += 1
        }
        var write = end - 1
        for read in stride(from: end - 1, through: 0, by: -1) where !slots.contains(order[read]) {
            order[write] = order[read]
            write -= 1
        }
        order.replaceSubrange(..<slots.count, with: slots)
    }
}
