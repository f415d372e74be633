// A leaf page of the index: up to about 4 KiB of keys in order with the places of their records, in one byte array.
//
// A slotted page with a common prefix and key heads, as in the B-tree literature (Graefe, "Modern B-Tree Techniques",
// 2011, sections 3.2 and 3.5): what all keys of a page begin with (bucket type and bucket, as a rule) is stored once,
// and each slot holds the next four bytes of its key, so that a search stays within the slots and looks at one cell at
// its end.
//
//      0  u16  count of keys
//      2  u16  offset of the lowest cell
//      4  u16  bytes of cells that no slot points at any more
//      6  u16  length of the prefix
//      8  × count, in the order of the keys:
//           u32  head: the suffix's first four bytes as a number, the first one highest, zeros behind a shorter suffix
//           u16  offset of the cell
//     ...      free
//      cells:  u16 suffix length, u32 segment, u32 offset, u32 length, u32 checksum of the record's body, suffix
//      prefix, at the array's end
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
    static let headLength = 8
    static let slotLength = 6
    static let cellHeadLength = 18
    /// What a key takes in a page beyond its own bytes.
    static let overheadPerKey = cellHeadLength + slotLength

    var bytes: [UInt8]

    /// An empty page with room for `content` bytes of slots, cells and prefix.
    init(room content: Int = 0, prefix: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) {
        let size = Self.arraySize(for: content + prefix.count)
        bytes = [UInt8](repeating: 0, count: size)
        bytes.withUnsafeMutableBytes { raw in
            raw.store(UInt16(size - prefix.count), at: 2)
            raw.store(UInt16(prefix.count), at: 6)
            raw.write(prefix, at: size - prefix.count)
        }
    }

    /// A page as a checkpoint holds it; nil where its parts do not fit together.
    init?(stored: [UInt8]) {
        guard stored.count >= Self.headLength, stored.count <= Int(UInt16.max) else { return nil }
        bytes = stored
        guard structureFault == nil else { return nil }
    }

    @inline(__always)
    var count: Int { bytes.withUnsafeBytes { Int($0.load(at: 0, as: UInt16.self)) } }

    /// Bytes that slots, live cells and the prefix take.
    var contentLength: Int { bytes.withUnsafeBytes { PageView($0).contentLength } }

    /// Where `key` is, or where it would be inserted. O(log keys).
    @inline(__always)
    func search(_ key: UnsafeRawBufferPointer) -> (index: Int, found: Bool) {
        bytes.withUnsafeBytes { PageView($0).search(key) }
    }

    @inline(__always)
    func location(at index: Int) -> Location {
        bytes.withUnsafeBytes { PageView($0).location(at: index) }
    }

    /// Negative, zero or positive as the key at `index` sorts before, equals or sorts behind `key`.
    @inline(__always)
    func compareKey(at index: Int, with key: UnsafeRawBufferPointer) -> Int {
        bytes.withUnsafeBytes { PageView($0).compareKey(at: index, with: key) }
    }

    /// The whole key at `index`.
    func key(at index: Int) -> [UInt8] {
        bytes.withUnsafeBytes { raw in
            let view = PageView(raw)
            return [UInt8](view.prefix) + [UInt8](view.suffix(at: index))
        }
    }

    mutating func setLocation(_ location: Location, at index: Int) {
        bytes.withUnsafeMutableBytes { raw in
            Self.store(location, at: PageView(UnsafeRawBufferPointer(raw)).cell(at: index), in: raw)
        }
    }

    /// Whether `key` may be added without the page exceeding its limit. An empty page takes any key.
    func fits(_ key: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { raw in
            let view = PageView(raw)
            guard view.count > 0 else { return true }
            let shared = commonPrefix(view.prefix, key)
            let longer = (view.prefixLength - shared) * (view.count - 1)
            let added = Self.overheadPerKey + key.count - shared
            return Self.headLength + view.contentLength + longer + added <= Self.limit
        }
    }

    /// Inserts a key that is not there, at the index that `search` gave.
    mutating func insert(_ key: UnsafeRawBufferPointer, _ location: Location, at index: Int) {
        let isReady = bytes.withUnsafeBytes { raw in
            let view = PageView(raw)
            let needed = Self.overheadPerKey + key.count - view.prefixLength
            return view.freeBytes >= needed && commonPrefix(view.prefix, key) == view.prefixLength
        }
        if !isReady { self = copy(0 ..< count, roomFor: key) }
        bytes.withUnsafeMutableBytes { raw in
            let view = PageView(UnsafeRawBufferPointer(raw))
            let suffix = key.part(view.prefixLength, key.count - view.prefixLength)
            let count = view.count
            let cell = view.lowestCell - Self.cellHeadLength - suffix.count
            let slot = Self.headLength + Self.slotLength * index
            raw.move(Self.slotLength * (count - index), from: slot, to: slot + Self.slotLength)
            raw.store(PageView.head(of: suffix), at: slot)
            raw.store(UInt16(cell), at: slot + 4)
            raw.store(UInt16(count + 1), at: 0)
            raw.store(UInt16(cell), at: 2)
            raw.store(UInt16(suffix.count), at: cell)
            Self.store(location, at: cell, in: raw)
            raw.write(suffix, at: cell + Self.cellHeadLength)
        }
    }

    mutating func remove(at index: Int) {
        let isLoose = bytes.withUnsafeMutableBytes { raw in
            let view = PageView(UnsafeRawBufferPointer(raw))
            let count = view.count
            let slot = Self.headLength + Self.slotLength * index
            let dead = view.deadBytes + Self.cellHeadLength + view.suffix(at: index).count
            raw.move(Self.slotLength * (count - index - 1), from: slot + Self.slotLength, to: slot)
            raw.store(UInt16(count - 1), at: 0)
            raw.store(UInt16(dead), at: 4)
            return raw.count - Self.arraySize(for: view.contentLength) >= 2 * Self.step
        }
        if isLoose { self = copy(0 ..< count) }
    }

    /// Moves the keys from `index` on into a page of their own.
    mutating func split(at index: Int) -> Page {
        let all = self
        self = all.copy(0 ..< index)
        return all.copy(index ..< all.count)
    }

    /// Takes over all keys of `next`, which sort behind the own ones.
    mutating func append(contentsOf next: Page) {
        for index in 0 ..< next.count {
            next.key(at: index).withUnsafeBytes { insert($0, next.location(at: index), at: count) }
        }
    }

    /// The index at which a split leaves both halves about equally large.
    var middle: Int {
        bytes.withUnsafeBytes { raw in
            let view = PageView(raw)
            let half = view.contentLength / 2
            var sum = 0
            for index in 0 ..< view.count {
                sum += Self.overheadPerKey + view.suffix(at: index).count
                if sum >= half { return min(max(index + 1, 1), view.count - 1) }
            }
            return view.count - 1
        }
    }

    private static func arraySize(for content: Int) -> Int {
        let size = (headLength + content + step - 1) / step * step
        precondition(size <= Int(UInt16.max), "a page of \(size) bytes cannot be addressed")
        return size
    }

    private static func store(_ location: Location, at cell: Int, in raw: UnsafeMutableRawBufferPointer) {
        raw.store(location.segment, at: cell + 2)
        raw.store(location.offset, at: cell + 6)
        raw.store(location.length, at: cell + 10)
        raw.store(location.checksum, at: cell + 14)
    }

    /// Some of the keys in a page of their own, with the longest prefix that they share, with each other and with
    /// `added`, for which there is room.
    private func copy(_ range: Range<Int>, roomFor added: UnsafeRawBufferPointer? = nil) -> Page {
        bytes.withUnsafeBytes { raw in
            let old = PageView(raw)
            var prefix: [UInt8] = []
            if let first = range.first, let last = range.last, range.count + (added == nil ? 0 : 1) > 1 {
                prefix = key(at: first)
                let shared = key(at: last).withUnsafeBytes { last in
                    prefix.withUnsafeBytes { prefix in
                        min(commonPrefix(prefix, last), added.map { commonPrefix(prefix, $0) } ?? .max)
                    }
                }
                prefix.removeSubrange(shared...)
            }
            var content = added.map { Self.overheadPerKey + $0.count - prefix.count } ?? 0
            for index in range {
                content += Self.overheadPerKey + old.prefixLength + old.suffix(at: index).count - prefix.count
            }
            var page = prefix.withUnsafeBytes { Page(room: content, prefix: $0) }
            page.bytes.withUnsafeMutableBytes { Self.copyCells(of: old, range, to: $0) }
            return page
        }
    }

    /// Copies cells into an empty page whose prefix is longer or shorter than the old one.
    private static func copyCells(of old: PageView, _ range: Range<Int>, to raw: UnsafeMutableRawBufferPointer) {
        let new = PageView(UnsafeRawBufferPointer(raw))
        let prefixLength = new.prefixLength
        let given = max(0, old.prefixLength - prefixLength)
        let taken = max(0, prefixLength - old.prefixLength)
        let restored = old.prefix.part(old.prefixLength - given, given)
        var end = new.lowestCell
        for (position, index) in range.enumerated() {
            let suffix = old.suffix(at: index)
            let rest = suffix.part(taken, suffix.count - taken)
            let length = given + rest.count
            end -= cellHeadLength + length
            raw.store(UInt16(length), at: end)
            store(old.location(at: index), at: end, in: raw)
            raw.write(restored, at: end + cellHeadLength)
            raw.write(rest, at: end + cellHeadLength + given)
            let slot = headLength + slotLength * position
            let written = UnsafeRawBufferPointer(raw).part(end + cellHeadLength, length)
            raw.store(PageView.head(of: written), at: slot)
            raw.store(UInt16(end), at: slot + 4)
        }
        raw.store(UInt16(range.count), at: 0)
        raw.store(UInt16(end), at: 2)
    }
}

/// How many bytes two keys begin with in common.
@inline(__always)
func commonPrefix(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let limit = min(a.count, b.count)
    var length = 0
    while length < limit, a[length] == b[length] { length += 1 }
    return length
}
