// Looking into a page's bytes. The layout stands in `Page`.

/// A page's bytes, read.
struct PageView {
    let raw: UnsafeRawBufferPointer

    @inline(__always)
    init(_ raw: UnsafeRawBufferPointer) { self.raw = raw }

    @inline(__always) var count: Int { Int(raw.load(at: 0, as: UInt16.self)) }
    @inline(__always) var lowestCell: Int { Int(raw.load(at: 2, as: UInt16.self)) }
    @inline(__always) var deadBytes: Int { Int(raw.load(at: 4, as: UInt16.self)) }
    @inline(__always) var prefixLength: Int { Int(raw.load(at: 6, as: UInt16.self)) }
    @inline(__always) var prefix: UnsafeRawBufferPointer { raw.part(raw.count &- prefixLength, prefixLength) }
    @inline(__always) var freeBytes: Int { lowestCell - Page.headLength - Page.slotLength * count }
    var contentLength: Int { raw.count - lowestCell - deadBytes + Page.slotLength * count }

    @inline(__always)
    func head(at index: Int) -> UInt32 {
        raw.load(at: Page.headLength &+ Page.slotLength &* index, as: UInt32.self)
    }

    @inline(__always)
    func cell(at index: Int) -> Int {
        Int(raw.load(at: Page.headLength &+ Page.slotLength &* index &+ 4, as: UInt16.self))
    }

    @inline(__always)
    func suffix(at index: Int) -> UnsafeRawBufferPointer {
        let cell = cell(at: index)
        return raw.part(cell &+ Page.cellHeadLength, Int(raw.load(at: cell, as: UInt16.self)))
    }

    @inline(__always)
    func location(at index: Int) -> Location {
        raw.location(at: cell(at: index) &+ 2)
    }

    /// The first four bytes as a number that sorts as they do.
    @inline(__always)
    static func head(of suffix: UnsafeRawBufferPointer) -> UInt32 {
        if suffix.count >= 4 { return UInt32(bigEndian: suffix.loadUnaligned(as: UInt32.self)) }
        var head: UInt32 = 0
        for index in 0 ..< suffix.count { head |= UInt32(suffix[index]) << UInt32(24 - 8 * index) }
        return head
    }

    @inline(__always)
    func search(_ key: UnsafeRawBufferPointer) -> (index: Int, found: Bool) {
        let prefixLength = prefixLength
        if prefixLength > 0 {
            let shared = min(prefixLength, key.count)
            let order = compareBytes(key.part(0, shared), prefix)
            // Shorter than the prefix and equal so far, or smaller: before all keys. Greater: behind them.
            if order != 0 { return (order < 0 ? 0 : count, false) }
        }
        let suffix = key.part(prefixLength, key.count &- prefixLength)
        let head = Self.head(of: suffix)
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) &>> 1
            let other = self.head(at: middle)
            if other == head {
                let order = compareBytes(self.suffix(at: middle), suffix)
                if order == 0 { return (middle, true) }
                if order < 0 { low = middle &+ 1 } else { high = middle }
            } else if other < head {
                low = middle &+ 1
            } else {
                high = middle
            }
        }
        return (low, false)
    }

    @inline(__always)
    func compareKey(at index: Int, with key: UnsafeRawBufferPointer) -> Int {
        let shared = min(prefixLength, key.count)
        let order = compareBytes(prefix, key.part(0, shared))
        guard order == 0 else { return order }
        return compareBytes(suffix(at: index), key.part(prefixLength, key.count &- prefixLength))
    }

    /// What is wrong with the structure, if anything: all parts within bounds and not overlapping, keys strictly
    /// ascending.
    var structureFault: String? {
        guard raw.count >= Page.headLength else { return "too short" }
        let slotsEnd = Page.headLength + Page.slotLength * count
        guard slotsEnd <= lowestCell, lowestCell + prefixLength <= raw.count else { return "parts overlap" }
        let cellsEnd = raw.count - prefixLength
        var live = 0
        for index in 0 ..< count {
            let cell = cell(at: index)
            guard cell >= lowestCell, cell + Page.cellHeadLength <= cellsEnd else { return "a slot points outside" }
            let length = Int(raw.load(at: cell, as: UInt16.self))
            guard cell + Page.cellHeadLength + length <= cellsEnd else { return "a key ends outside" }
            live += Page.cellHeadLength + length
            guard head(at: index) == Self.head(of: suffix(at: index)) else { return "a head is not its key's" }
            if index > 0, compareBytes(suffix(at: index - 1), suffix(at: index)) >= 0 { return "keys do not ascend" }
        }
        guard live + deadBytes == cellsEnd - lowestCell else { return "the cells' lengths do not add up" }
        return nil
    }
}

extension Page {
    /// What is wrong with the page's structure, if anything.
    var structureFault: String? { bytes.withUnsafeBytes { PageView($0).structureFault } }
}
