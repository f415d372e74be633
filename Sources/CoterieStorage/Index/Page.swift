// A leaf page of the index: up to about 4 KiB of keys in order with the places of their records, in one byte array.
// The slotted page of the B-tree literature (Graefe, "Modern B-Tree Techniques", 2011, section 3): sorted slots grow from
// the front, cells from the back, so that a binary search needs no object per key and an insertion moves two-byte slots.
//
//      0  u16  count of keys
//      2  u16  offset of the lowest cell
//      4  u16  bytes of cells that no slot points at any more
//      6  u16  × count: offsets of cells, in the order of their keys
//     ...      free
//      cells:  u16 key length, u32 segment, u32 offset, u32 length, key bytes
//
// All integers are little-endian: the array is written into checkpoints as it is. The array is only as large as its
// content needs (in steps), which keeps memory near the content though pages are on average two thirds full.
// As an array it is copied on write, which is what makes a frozen snapshot of the index for a checkpoint cheap.

/// One page of keys in order. Equal keys do not occur.
struct Page: Sendable {
    /// What a page may hold before it is split, in bytes. One very long key may make a page larger.
    static let limit = 4096
    /// The array grows and shrinks in such steps.
    static let step = 512
    static let headLength = 6
    static let cellHeadLength = 14
    /// What a key takes in a page beyond its own bytes.
    static let overheadPerKey = cellHeadLength + 2

    private(set) var bytes: [UInt8]

    /// An empty page with room for `content` bytes of slots and cells.
    init(room content: Int = 0) {
        let size = Self.arraySize(for: content)
        bytes = [UInt8](repeating: 0, count: size)
        bytes.withUnsafeMutableBytes { $0.store(UInt16(size), at: 2) }
    }

    /// A page as a checkpoint holds it; nil where its slots and cells do not fit together.
    init?(stored: [UInt8]) {
        guard stored.count >= Self.headLength, stored.count <= Int(UInt16.max) else { return nil }
        bytes = stored
        guard structureFault == nil else { return nil }
    }

    var count: Int { bytes.withUnsafeBytes { Int($0.load(at: 0, as: UInt16.self)) } }

    /// Bytes that slots and live cells take.
    var contentLength: Int {
        bytes.withUnsafeBytes { raw in
            let cells = raw.count - Int(raw.load(at: 2, as: UInt16.self)) - Int(raw.load(at: 4, as: UInt16.self))
            return cells + 2 * Int(raw.load(at: 0, as: UInt16.self))
        }
    }

    /// Where `key` is, or where it would be inserted. O(log keys).
    @inline(__always)
    func search(_ key: UnsafeRawBufferPointer) -> (index: Int, found: Bool) {
        bytes.withUnsafeBytes { raw in
            var low = 0
            var high = Int(raw.load(at: 0, as: UInt16.self))
            while low < high {
                let middle = (low &+ high) &>> 1
                let order = compareBytes(Self.key(at: middle, in: raw), key)
                if order == 0 { return (middle, true) }
                if order < 0 { low = middle &+ 1 } else { high = middle }
            }
            return (low, false)
        }
    }

    func location(at index: Int) -> Location {
        bytes.withUnsafeBytes { raw in
            let cell = Self.cell(at: index, in: raw)
            return Location(
                segment: raw.load(at: cell + 2, as: UInt32.self), offset: raw.load(at: cell + 6, as: UInt32.self),
                length: raw.load(at: cell + 10, as: UInt32.self))
        }
    }

    func withKey<R>(at index: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        bytes.withUnsafeBytes { body(Self.key(at: index, in: $0)) }
    }

    mutating func setLocation(_ location: Location, at index: Int) {
        bytes.withUnsafeMutableBytes { raw in
            let cell = Self.cell(at: index, in: UnsafeRawBufferPointer(raw))
            Self.store(location, at: cell, in: raw)
        }
    }

    /// Whether a key of that length may be added without the page exceeding its limit. An empty page takes any key.
    func fits(keyLength: Int) -> Bool {
        count == 0 || Self.headLength + contentLength + Self.overheadPerKey + keyLength <= Self.limit
    }

    /// Inserts a key that is not there, at the index that `search` gave.
    mutating func insert(_ key: UnsafeRawBufferPointer, _ location: Location, at index: Int) {
        let cellLength = Self.cellHeadLength + key.count
        if freeBytes < cellLength + 2 { repack(room: cellLength + 2) }
        bytes.withUnsafeMutableBytes { raw in
            let count = Int(raw.load(at: 0, as: UInt16.self))
            let cell = Int(raw.load(at: 2, as: UInt16.self)) - cellLength
            let slot = Self.headLength + 2 * index
            raw.move(2 * (count - index), from: slot, to: slot + 2)
            raw.store(UInt16(cell), at: slot)
            raw.store(UInt16(count + 1), at: 0)
            raw.store(UInt16(cell), at: 2)
            raw.store(UInt16(key.count), at: cell)
            Self.store(location, at: cell, in: raw)
            raw.write(key, at: cell + Self.cellHeadLength)
        }
    }

    mutating func remove(at index: Int) {
        bytes.withUnsafeMutableBytes { raw in
            let count = Int(raw.load(at: 0, as: UInt16.self))
            let slot = Self.headLength + 2 * index
            let cell = Self.cell(at: index, in: UnsafeRawBufferPointer(raw))
            let cellLength = Self.cellHeadLength + Int(raw.load(at: cell, as: UInt16.self))
            raw.move(2 * (count - index - 1), from: slot + 2, to: slot)
            raw.store(UInt16(count - 1), at: 0)
            raw.store(UInt16(Int(raw.load(at: 4, as: UInt16.self)) + cellLength), at: 4)
        }
        if bytes.count - Self.arraySize(for: contentLength) >= 2 * Self.step { repack(room: 0) }
    }

    /// Moves the keys from `index` on into a page of their own.
    mutating func split(at index: Int) -> Page {
        let all = self
        self = all.copy(0 ..< index)
        return all.copy(index ..< all.count)
    }

    /// Takes over all keys of `next`, which sort behind the own ones.
    mutating func append(contentsOf next: Page) {
        repack(room: next.contentLength)
        for index in 0 ..< next.count {
            let location = next.location(at: index)
            next.withKey(at: index) { insert($0, location, at: count) }
        }
    }

    /// The index at which a split leaves both halves about equally large.
    var middle: Int {
        let half = contentLength / 2
        var sum = 0
        for index in 0 ..< count {
            sum += Self.overheadPerKey + withKey(at: index) { $0.count }
            if sum >= half { return min(max(index + 1, 1), count - 1) }
        }
        return count - 1
    }
}

extension Page {
    private var freeBytes: Int {
        bytes.withUnsafeBytes { raw in
            Int(raw.load(at: 2, as: UInt16.self)) - Self.headLength - 2 * Int(raw.load(at: 0, as: UInt16.self))
        }
    }

    private static func arraySize(for content: Int) -> Int {
        let size = (headLength + content + step - 1) / step * step
        precondition(size <= Int(UInt16.max), "a page of \(size) bytes cannot be addressed")
        return size
    }

    /// Lays the cells out anew, without the dead ones and with `room` bytes free.
    private mutating func repack(room: Int) {
        self = copy(0 ..< count, room: room)
    }

    private func copy(_ range: Range<Int>, room: Int = 0) -> Page {
        bytes.withUnsafeBytes { old in
            var content = room
            for index in range {
                let cell = Self.cell(at: index, in: old)
                content += Self.overheadPerKey + Int(old.load(at: cell, as: UInt16.self))
            }
            var page = Page(room: content)
            page.bytes.withUnsafeMutableBytes { new in
                var end = new.count
                for (position, index) in range.enumerated() {
                    let cell = Self.cell(at: index, in: old)
                    let length = Self.cellHeadLength + Int(old.load(at: cell, as: UInt16.self))
                    end -= length
                    new.write(old.part(cell, length), at: end)
                    new.store(UInt16(end), at: Self.headLength + 2 * position)
                }
                new.store(UInt16(range.count), at: 0)
                new.store(UInt16(end), at: 2)
            }
            return page
        }
    }

    @inline(__always)
    private static func cell(at index: Int, in raw: UnsafeRawBufferPointer) -> Int {
        Int(raw.load(at: headLength &+ 2 &* index, as: UInt16.self))
    }

    @inline(__always)
    static func key(at index: Int, in raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let cell = cell(at: index, in: raw)
        return raw.part(cell &+ cellHeadLength, Int(raw.load(at: cell, as: UInt16.self)))
    }

    private static func store(_ location: Location, at cell: Int, in raw: UnsafeMutableRawBufferPointer) {
        raw.store(location.segment, at: cell + 2)
        raw.store(location.offset, at: cell + 6)
        raw.store(location.length, at: cell + 10)
    }

    /// What is wrong with the page's structure, if anything: slots and cells within bounds, keys strictly ascending.
    var structureFault: String? {
        bytes.withUnsafeBytes { raw in
            let count = Int(raw.load(at: 0, as: UInt16.self))
            let lowest = Int(raw.load(at: 2, as: UInt16.self))
            let dead = Int(raw.load(at: 4, as: UInt16.self))
            guard Self.headLength + 2 * count <= lowest, lowest <= raw.count else { return "slots and cells overlap" }
            var live = 0
            for index in 0 ..< count {
                let cell = Self.cell(at: index, in: raw)
                guard cell >= lowest, cell + Self.cellHeadLength <= raw.count else { return "a slot points outside" }
                let length = Int(raw.load(at: cell, as: UInt16.self))
                guard cell + Self.cellHeadLength + length <= raw.count else { return "a key ends outside" }
                live += Self.cellHeadLength + length
                if index > 0, compareBytes(Self.key(at: index - 1, in: raw), Self.key(at: index, in: raw)) >= 0 {
                    return "keys are not ascending"
                }
            }
            return live + dead == raw.count - lowest ? nil : "cells take \(live) + \(dead) of \(raw.count - lowest)"
        }
    }
}
