// In which order members are probed: round-robin over a shuffled list, shuffled anew after each pass (SWIM, section
// 4.3). So each member is probed by each other one at least once in 2n − 1 periods, and the mean time until somebody
// probes a crashed one stays that of random choice, e / (e − 1) periods.

import CoteriePrimitives

/// The others, in an order that changes with each pass.
struct ProbeOrder: Hashable, Sendable {
    private(set) var others: [MemberNumber]
    private var next = 0

    init(_ others: [MemberNumber], using generator: inout SeededGenerator) {
        self.others = others
        generator.shuffle(&self.others)
    }

    /// The next one that `isWanted`; nil after a whole pass without any.
    mutating func advance(using generator: inout SeededGenerator, where isWanted: (MemberNumber) -> Bool)
        -> MemberNumber?
    {
        for _ in 0 ..< others.count {
            if next >= others.count {
                generator.shuffle(&others)
                next = 0
            }
            next += 1
            if isWanted(others[next - 1]) { return others[next - 1] }
        }
        return nil
    }

    /// Takes in new members, each at a random place, and forgets those that left.
    mutating func adopt(_ numbers: [MemberNumber], using generator: inout SeededGenerator) {
        let wanted = Set(numbers)
        let passed = others[..<min(next, others.count)].count { wanted.contains($0) }
        others.removeAll { !wanted.contains($0) }
        next = passed
        let known = Set(others)
        for number in numbers where !known.contains(number) {
            let place = generator.below(others.count + 1)
            others.insert(number, at: place)
            if place < next { next += 1 }
        }
    }
}
