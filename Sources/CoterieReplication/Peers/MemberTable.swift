// Values by member: two arrays in the order of the numbers. A request looks its owners up a dozen times, and hashing a
// number takes longer than finding it among the few that there are.

import CoteriePrimitives

/// A dictionary of few members. Its order is that of the members' numbers.
struct MemberTable<Value> {
    /// Ascending.
    private(set) var keys: [MemberNumber] = []
    private(set) var values: [Value] = []

    init() {}

    var count: Int { keys.count }
    var isEmpty: Bool { keys.isEmpty }

    /// O(log members); to insert and to remove, O(members).
    subscript(member: MemberNumber) -> Value? {
        @inline(__always) get {
            let (place, isThere) = find(member)
            return isThere ? values[place] : nil
        }
        set {
            let (place, isThere) = find(member)
            switch (newValue, isThere) {
            case (let value?, true): values[place] = value
            case (let value?, false):
                keys.insert(member, at: place)
                values.insert(value, at: place)
            case (nil, true):
                keys.remove(at: place)
                values.remove(at: place)
            case (nil, false): break
            }
        }
    }

    @inline(__always)
    private func find(_ member: MemberNumber) -> (place: Int, isThere: Bool) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < member { low = middle + 1 } else { high = middle }
        }
        return (low, low < keys.count && keys[low] == member)
    }
}

extension MemberTable: Equatable where Value: Equatable {}
