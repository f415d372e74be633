// The index of the whole store: one `GroupIndex` per group, found by two array accesses instead of a hash.

import CoteriePrimitives
import NIOCore

/// The ordered indexes of all groups.
struct KeyIndex: Sendable {
    /// By n, then by partition: the place in `indexes` plus one; 0 where the group has never held a key.
    private var places: [[Int32]] = []
    private var indexes: [(group: Group, keys: GroupIndex, digest: ContentDigest)] = []
    /// Keys of all groups.
    private(set) var count = 0
    /// Of the keys of all groups and the records that they point at.
    private(set) var digest = ContentDigest()

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
        change(place, key, from: old, to: location)
        return old
    }

    mutating func remove(_ group: Group, _ key: UnsafeRawBufferPointer) -> Location? {
        guard let place = place(of: group) else { return nil }
        let old = indexes[place].keys.remove(key)
        if old != nil { count -= 1 }
        change(place, key, from: old, to: nil)
        return old
    }

    /// For tests: a key points at another record without the digests being told, as after a fault of the memory.
    mutating func misplace(_ group: Group, _ key: UnsafeRawBufferPointer, _ location: Location) {
        guard let place = place(of: group) else { return }
        _ = indexes[place].keys.set(key, location)
    }

    /// Appends a page that a checkpoint holds; false where it does not sort behind the group's other pages.
    mutating func append(_ page: Page, to group: Group) -> Bool {
        let place = makePlace(for: group)
        guard indexes[place].keys.append(page) else { return false }
        count += page.count
        let before = ContentDigest.seed(of: group)
        page.bytes.withUnsafeBytes { raw in
            let view = PageView(raw)
            let prefix = crc32(view.prefix, continuing: before)
            for index in 0 ..< view.count {
                let key = crc32(view.suffix(at: index), continuing: prefix)
                let term = ContentDigest.term(key: key, record: view.location(at: index).checksum)
                toggle(term, place)
            }
        }
        return true
    }

    func keys(in group: Group, from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        guard let place = place(of: group) else { return [] }
        return indexes[place].keys.keys(from: start, limit: limit)
    }

    /// The groups that hold a key, in order, each with a snapshot of its index: a copy that later changes do not reach.
    var snapshot: [(group: Group, keys: GroupIndex)] {
        indexes.filter { $0.keys.count > 0 }.sorted { $0.group < $1.group }.map { ($0.group, $0.keys) }
    }

    /// See `StorageEngine.audit`.
    mutating func audit(_ group: Group) -> Bool {
        guard let place = place(of: group) else { return true }
        let found = derivedDigest(place)
        guard found != indexes[place].digest else { return true }
        toggle(found.value ^ indexes[place].digest.value, place)
        return false
    }

    /// Of all keys of a group. O(keys of the group).
    private func derivedDigest(_ place: Int) -> ContentDigest {
        let before = ContentDigest.seed(of: indexes[place].group)
        var found = ContentDigest()
        let start = UnsafeRawBufferPointer(start: nil, count: 0)
        indexes[place].keys.forEach(from: start) { prefix, suffix, location in
            let key = crc32(suffix, continuing: crc32(prefix, continuing: before))
            found.toggle(ContentDigest.term(key: key, record: location.checksum))
            return true
        }
        return found
    }

    /// Keeps the digests: a key's record has been replaced, has come or is gone.
    @inline(__always)
    private mutating func change(
        _ place: Int, _ key: UnsafeRawBufferPointer, from old: Location?, to new: Location?
    ) {
        guard old?.checksum != new?.checksum else { return }
        let key = crc32(key, continuing: ContentDigest.seed(of: indexes[place].group))
        var change: UInt64 = 0
        if let old { change ^= ContentDigest.term(key: key, record: old.checksum) }
        if let new { change ^= ContentDigest.term(key: key, record: new.checksum) }
        toggle(change, place)
    }

    /// Changes a group's digest, and with it that of the whole.
    @inline(__always)
    private mutating func toggle(_ term: UInt64, _ place: Int) {
        digest.toggle(term)
        indexes[place].digest.toggle(term)
    }

    /// Traps where an invariant does not hold. O(keys).
    func checkInvariants() {
        for (position, entry) in indexes.enumerated() {
            precondition(place(of: entry.group) == position, "\(entry.group) is not where the index looks for it")
            entry.keys.checkInvariants()
        }
        precondition(indexes.reduce(0) { $0 + $1.keys.count } == count, "the index miscounts its keys")
        let all = indexes.reduce(into: ContentDigest()) { $0.toggle($1.digest.value) }
        precondition(all == digest, "the digest of the whole is not that of its groups")
        for (place, entry) in indexes.enumerated() {
            precondition(derivedDigest(place) == entry.digest, "\(entry.group) is not what its digest says")
        }
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
        indexes.append((group, GroupIndex(), ContentDigest()))
        places[n][partition] = Int32(indexes.count)
        return indexes.count - 1
    }
}
