// The index of the whole store: one `GroupIndex` per group, found by two array accesses instead of a hash.

import CoteriePrimitives
import NIOCore

/// The ordered indexes of all groups.
struct KeyIndex: Sendable {
    /// By n, then by partition: the place in `indexes` plus one; 0 where the group has never held a key.
    private var places: [[Int32]] = []
    private var indexes: [(group: Group, keys: GroupIndex)] = []
    /// Keys of all groups.
    private(set) var count = 0

    init() {}

    /// What all indexes take in memory. O(groups).
    var bytes: Int {
        indexes.reduce(0) { $0 + $1.keys.bytes } + places.reduce(0) { $0 + $1.capacity * 4 }
    }

    /// All groups that hold a key, in order.
    var groups: [Group] { indexes.filter { $0.keys.count > 0 }.map(\.group).sorted() }

    func count(in group: Group) -> Int {
        guard let place = place(of: group) else { return 0 }
        return indexes[place].keys.count
    }

    @inline(__always)
    func find(_ group: Group, _ key: UnsafeRawBufferPointer) -> Location? {
        guard let place = place(of: group) else { return nil }
        return indexes[place].keys.find(key)
    }

    mutating func set(_ group: Group, _ key: UnsafeRawBufferPointer, _ location: Location) -> Location? {
        let place = makePlace(for: group)
        let old = indexes[place].keys.set(key, location)
        if old == nil { count += 1 }
        return old
    }

    mutating func remove(_ group: Group, _ key: UnsafeRawBufferPointer) -> Location? {
        guard let place = place(of: group) else { return nil }
        let old = indexes[place].keys.remove(key)
        if old != nil { count -= 1 }
        return old
    }

    /// Appends a page that a checkpoint holds; false where it does not sort behind the group's other pages.
    mutating func append(_ page: Page, to group: Group) -> Bool {
        let place = makePlace(for: group)
        count += page.count
        return indexes[place].keys.append(page)
    }

    func keys(in group: Group, from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        guard let place = place(of: group) else { return [] }
        return indexes[place].keys.keys(from: start, limit: limit)
    }

    /// The groups that hold a key, in order, each with a snapshot of its index: a copy that later changes do not reach.
    var snapshot: [(group: Group, keys: GroupIndex)] {
        indexes.filter { $0.keys.count > 0 }.sorted { $0.group < $1.group }
    }

    /// Traps where an invariant does not hold. O(keys).
    func checkInvariants() {
        for (position, entry) in indexes.enumerated() {
            precondition(place(of: entry.group) == position, "\(entry.group) is not where the index looks for it")
            entry.keys.checkInvariants()
        }
        precondition(indexes.reduce(0) { $0 + $1.keys.count } == count, "the index miscounts its keys")
    }

    @inline(__always)
    private func place(of group: Group) -> Int? {
        let n = Int(group.n)
        let partition = Int(group.partition.rawValue)
        guard n < places.count, partition < places[n].count else { return nil }
        let place = Int(places[n][partition])
        return place == 0 ? nil : place - 1
    }

    private mutating func makePlace(for group: Group) -> Int {
        if let place = place(of: group) { return place }
        let n = Int(group.n)
        let partition = Int(group.partition.rawValue)
        while places.count <= n { places.append([]) }
        if places[n].count <= partition {
            places[n].append(contentsOf: repeatElement(0, count: partition + 1 - places[n].count))
        }
        indexes.append((group, GroupIndex()))
        places[n][partition] = Int32(indexes.count)
        return indexes.count - 1
    }
}
