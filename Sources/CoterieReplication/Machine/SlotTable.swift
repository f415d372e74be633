// What is under way, by a number that is never reused: an index into an array, and a generation that tells a late
// answer to a finished entry from an answer to its successor in the same place.
//
// Answers outlive the life that asked: a peer that was halted answers the question of a life before on the connection of
// the next. So generations begin at a number that is drawn for each life.

/// A table whose entries are named by numbers that it gives out. All operations O(1), but for `ids`.
struct SlotTable<Value> {
    private struct Slot {
        /// 40 bits.
        var generation: UInt64
        var value: Value?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private(set) var count = 0
    private let firstGeneration: UInt64

    /// - Parameter life: differs from that of every other life of the node: its start nonce.
    init(life: UInt64) { firstGeneration = Self.generation(life) }

    /// Reserves a number without a value yet; `put` fills it.
    mutating func reserve() -> UInt64 {
        count += 1
        if let index = free.popLast() {
            slots[Int(index)].generation = Self.generation(slots[Int(index)].generation + 1)
            return Self.id(index, slots[Int(index)].generation)
        }
        precondition(slots.count < Self.indexMask, "\(slots.count) slots are in use: no more fit into a number")
        slots.append(Slot(generation: firstGeneration, value: nil))
        return Self.id(UInt32(slots.count - 1), firstGeneration)
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
        slots[index].generation = Self.generation(slots[index].generation + 1)
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
        let index = Int(id & UInt64(Self.indexMask)) - 1
        guard slots.indices.contains(index), slots[index].generation == id >> Self.indexBits else { return nil }
        return index
    }

    private static var indexBits: UInt64 { 24 }
    private static var indexMask: Int { 1 << Int(indexBits) - 1 }
    private static func generation(_ number: UInt64) -> UInt64 { number & (1 << (64 - indexBits) - 1) }

    private static func id(_ index: UInt32, _ generation: UInt64) -> UInt64 {
        generation << indexBits | UInt64(index) + 1
    }
}
