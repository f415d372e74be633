// The calls that wait, by sequence number, without hashing: a call sits at its sequence number modulo the capacity.
//
// Numbers are given in rising order and a number whose place is still taken by an older call is passed over, so that
// each place holds one call. Doubling the capacity never brings two calls to one place. Slots are walked in an order
// that depends on nothing but the calls, which keeps runs repeatable.

/// Calls by sequence number. Find, insert and remove are O(1), amortised.
struct CallTable: Sendable {
    private var slots: [Call?]
    private(set) var count = 0
    private(set) var bytes = 0
    /// What the next call is to be numbered. Its place is free.
    private(set) var next: UInt64 = 1

    init() { slots = Array(repeating: nil, count: 64) }

    var capacity: Int { slots.count }

    private func place(_ sequence: UInt64) -> Int { Int(truncatingIfNeeded: sequence) & (slots.count - 1) }

    /// The call of that number, if it still waits.
    subscript(_ sequence: UInt64) -> Call? {
        guard let call = slots[place(sequence)], call.sequence == sequence else { return nil }
        return call
    }

    /// Changes a call in place; nil where it waits no longer.
    mutating func update<Result>(_ sequence: UInt64, _ change: (inout Call) -> Result) -> Result? {
        let place = place(sequence)
        guard slots[place]?.sequence == sequence else { return nil }
        return slots[place]?.changed(by: change)
    }

    /// Takes a call numbered `next`.
    mutating func insert(_ call: Call) {
        precondition(call.sequence == next, "call \(call.sequence) is not the next one, \(next)")
        slots[place(next)] = call
        count += 1
        bytes += call.bytes
        if count * 2 > slots.count { grow() }
        repeat { next += 1 } while slots[place(next)] != nil
    }

    /// Forgets a call and returns it; nil where it waits no longer.
    mutating func remove(_ sequence: UInt64) -> Call? {
        let place = place(sequence)
        guard let call = slots[place], call.sequence == sequence else { return nil }
        slots[place] = nil
        count -= 1
        bytes -= call.bytes
        return call
    }

    /// The numbers of the calls that satisfy `condition`, in rising order. O(capacity).
    func sequences(where condition: (Call) -> Bool) -> [UInt64] {
        var found: [UInt64] = []
        for slot in slots {
            if let slot, condition(slot) { found.append(slot.sequence) }
        }
        return found.sorted()
    }

    /// Looks at every call, in no order that matters. O(capacity).
    func forEach(_ body: (borrowing Call) -> Void) {
        for slot in slots {
            if let slot { body(slot) }
        }
    }

    private mutating func grow() {
        var larger = [Call?](repeating: nil, count: slots.count * 2)
        for slot in slots {
            guard let slot else { continue }
            larger[Int(truncatingIfNeeded: slot.sequence) & (larger.count - 1)] = slot
        }
        slots = larger
    }
}

extension Call {
    fileprivate mutating func changed<Result>(by change: (inout Call) -> Result) -> Result { change(&self) }
}
