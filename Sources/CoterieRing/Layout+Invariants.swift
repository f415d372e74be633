// What every layout holds at all times; tests and the simulator call it at each step (INV 32 for the lists).

import CoteriePrimitives

extension Layout {
    /// Traps, with the values, where the layout contradicts itself. O(partitions × replicas × members).
    public func checkInvariants() {
        precondition(epoch.rawValue >= 1, "the first epoch is 1, not \(epoch)")
        precondition(owners.count == partitionCount * replicas, "\(owners.count) owners")
        precondition(zip(members, members.dropFirst()).allSatisfy { $0.number < $1.number }, "members unsorted")
        precondition(zip(bucketTypes, bucketTypes.dropFirst()).allSatisfy { $0.name < $1.name }, "types unsorted")
        let everyone = members.map(\.number)
        for partition in partitions {
            let slots = slots(of: partition)
            precondition(slots.count == replicas, "\(partition) has \(slots.count) slots")
            for (slot, owner) in slots.enumerated() {
                precondition(self.owner(of: partition, slot: slot) == owner, "\(partition) slot \(slot)")
            }
            for n in 1 ... replicas {
                let group = Group(partition: partition, n: UInt8(n))
                let list = preferenceList(for: group)
                precondition(list.primaries == Array(slots.prefix(n)), "\(group): \(list), slots \(slots)")
                precondition((list.primaries + list.fallbacks).sorted() == everyone, "\(group): \(list)")
            }
            let arc = arc(of: partition)
            precondition(self.partition(forHash: arc.lowerBound) == partition, "\(partition) begins at \(arc)")
            precondition(self.partition(forHash: arc.upperBound) == partition, "\(partition) ends at \(arc)")
        }
    }
}
