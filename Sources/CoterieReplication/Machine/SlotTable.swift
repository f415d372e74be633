// What is under way, by a number that is never reused: an index into an array, and a generation that tells a late
// answer to a finished entry from an answer to its successor in the same place.

/// A table whose entries are named by numbers that it gives out. All operations O(1), but for `ids`.
struct SlotTable<Value> {
    private struct Slot {
        var generation: UInt32
        var value: Value?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    /// Reserves a number without a value yet; `put` fills it.
    mutating func reserve() -> UInt64 {
        count += 1
        if let index = free.popLast() {
            slots[Int(index)].generation &+= 1
            return Self.id(index, slots[Int(index)].generation)
        }
        slots.append(Slot(generation: 1, value: nil))
        return Self.id(UInt32(slots.count - 1), 1)
    }

    /// Moves an entry out, leaving its number reserved; nil where the number names nothing (any more).
    mutating func take(_ id: UInt64) -> Value? {
        guard let index = index(of: id) else { return nil }
        return slots[index].value.take()
    }

    /// Moves an entry in (again), under a number that is reserved.
    mutating func put(_ value: consuming Value, at id: UInt64) {
        guard let index = index(of: id) else { preconditionFailure("slot \(id) is not reserved") }
        slots[index].value = consume value
    }

    /// Gives up a number, whose entry must have been taken out before or is dropped.
    mutating func release(_ id: UInt64) {
        guard let index = index(of: id) else { preconditionFailure("slot \(id) is not reserved") }
        slots[index].value = nil
        slots[index].generation &+= 1
        free.append(UInt32(index))
        count -= 1
    }

    /// The numbers of all entries, in the order of their places. O(places).
    var ids: [UInt64] {
        slots.indices.compactMap { i in
            slots[i].value == nil ? nil : Self.id(UInt32(i), slots[i].generation)
        }
    }

    func contains(_ id: UInt64) -> Bool { index(of: id).map { slots[$0].value != nil } ?? false }

    /// Looks at an entry in place.
    subscript(id: UInt64) -> Value? { index(of: id).flatMap { slots[$0].value } }

    private func index(of id: UInt64) -> Int? {
        let index = Int(id & 0xffff_ffff) - 1
        guard slots.indices.contains(index), slots[index].generation == UInt32(id >> 32) else { return nil }
        return index
    }

    private static func id(_ index: UInt32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(index) + 1
    }
}
