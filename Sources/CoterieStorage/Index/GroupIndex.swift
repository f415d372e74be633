// The ordered index of one group: pages of keys under one level of branches, a B+-tree of fixed height. A branch is an
// array of pages and needs no separators of its own: the first key of each page is the separator, so nothing can
// disagree with the pages. With 80 keys a page and up to 128 pages a branch, ten million keys make a thousand branches.
//
// Invariants (checked by `checkInvariants`):
//   - no page and no branch is empty; keys ascend strictly within and across pages;
//   - `count` is the number of keys, `bytes` the size of all pages' arrays.

import CoteriePrimitives
import NIOCore

/// Keys of one group in order, with the places of their records.
struct GroupIndex: Sendable {
    /// A branch with more pages is split.
    static let branchLimit = 128
    /// Beyond the bytes of its array: the array's header, its reference in the branch, and malloc's own.
    static let bytesBesidePage = 32 + 8 + 16

    private(set) var branches: [[Page]] = []
    private(set) var count = 0
    private var pageBytes = 0
    private var pageCount = 0

    init() {}

    /// What the index takes in memory. O(1).
    var bytes: Int { pageBytes + pageCount * Self.bytesBesidePage }
    var pages: Int { pageCount }

    /// O(log keys): three binary searches.
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer) -> Location? {
        guard let place = place(of: key) else { return nil }
        let page = branches[place.branch][place.page]
        let (index, found) = page.search(key)
        return found ? page.location(at: index) : nil
    }

    /// Inserts or replaces; returns what was there. O(log keys).
    mutating func set(_ key: UnsafeRawBufferPointer, _ location: Location) -> Location? {
        guard let (branch, page) = place(of: key) else {
            var first = Page(room: Page.overheadPerKey + key.count)
            first.insert(key, location, at: 0)
            branches = [[first]]
            count = 1
            pageCount = 1
            pageBytes = first.bytes.count
            return nil
        }
        let (index, found) = branches[branch][page].search(key)
        if found {
            let old = branches[branch][page].location(at: index)
            branches[branch][page].setLocation(location, at: index)
            return old
        }
        insert(key, location, at: (branch, page, index))
        count += 1
        return nil
    }

    /// Removes; returns what was there. O(log keys).
    mutating func remove(_ key: UnsafeRawBufferPointer) -> Location? {
        guard let (branch, page) = place(of: key) else { return nil }
        let (index, found) = branches[branch][page].search(key)
        guard found else { return nil }
        let old = branches[branch][page].location(at: index)
        pageBytes -= branches[branch][page].bytes.count
        branches[branch][page].remove(at: index)
        pageBytes += branches[branch][page].bytes.count
        count -= 1
        shrink(branch, page)
        return old
    }

    /// Appends a page as a checkpoint holds it; false where its keys do not sort behind all others.
    mutating func append(_ page: Page) -> Bool {
        guard page.count > 0 else { return false }
        if let last = branches.last?.last {
            let ascending = last.withKey(at: last.count - 1) { before in
                page.withKey(at: 0) { compareBytes(before, $0) < 0 }
            }
            guard ascending else { return false }
        }
        if branches.isEmpty || branches[branches.count - 1].count == Self.branchLimit { branches.append([]) }
        branches[branches.count - 1].append(page)
        count += page.count
        pageCount += 1
        pageBytes += page.bytes.count
        return true
    }
}

extension GroupIndex {
    /// The page that holds `key` or would: the last one whose first key is not behind it. Nil where there is no page.
    @inline(__always)
    private func place(of key: UnsafeRawBufferPointer) -> (branch: Int, page: Int)? {
        guard !branches.isEmpty else { return nil }
        return branches.withUnsafeBufferPointer { branches in
            var low = 0
            var high = branches.count
            while high &- low > 1 {
                let middle = (low &+ high) &>> 1
                if Self.firstKey(of: branches[middle][0], isBehind: key) { high = middle } else { low = middle }
            }
            let branch = low
            return branches[branch].withUnsafeBufferPointer { pages in
                var low = 0
                var high = pages.count
                while high &- low > 1 {
                    let middle = (low &+ high) &>> 1
                    if Self.firstKey(of: pages[middle], isBehind: key) { high = middle } else { low = middle }
                }
                return (branch, low)
            }
        }
    }

    @inline(__always)
    private static func firstKey(of page: Page, isBehind key: UnsafeRawBufferPointer) -> Bool {
        page.bytes.withUnsafeBytes { compareBytes(Page.key(at: 0, in: $0), key) > 0 }
    }

    private mutating func insert(
        _ key: UnsafeRawBufferPointer, _ location: Location, at place: (branch: Int, page: Int, index: Int)
    ) {
        var (branch, page, index) = place
        while !branches[branch][page].fits(keyLength: key.count) {
            let pageKeys = branches[branch][page].count
            let isLast = branch == branches.count - 1 && page == branches[branch].count - 1
            // Ascending keys fill pages to the brim instead of leaving them half empty.
            if isLast, index == pageKeys {
                let fresh = Page(room: Page.overheadPerKey + key.count)
                pageBytes += fresh.bytes.count
                pageCount += 1
                branches[branch].insert(fresh, at: page + 1)
                (page, index) = (page + 1, 0)
                break
            }
            guard pageKeys > 1 else {
                splitAroundSingle(&page, &index, branch: branch, keyLength: key.count)
                break
            }
            let middle = branches[branch][page].middle
            pageBytes -= branches[branch][page].bytes.count
            let right = branches[branch][page].split(at: middle)
            pageBytes += branches[branch][page].bytes.count + right.bytes.count
            pageCount += 1
            branches[branch].insert(right, at: page + 1)
            if index > middle || (index == middle && prefersRight(branch, page)) {
                (page, index) = (page + 1, index - middle)
            }
        }
        pageBytes -= branches[branch][page].bytes.count
        branches[branch][page].insert(key, location, at: index)
        pageBytes += branches[branch][page].bytes.count
        splitBranch(branch)
    }

    /// A key that falls between two halves goes into the smaller one.
    private func prefersRight(_ branch: Int, _ page: Int) -> Bool {
        branches[branch][page + 1].contentLength < branches[branch][page].contentLength
    }

    /// Beside a single key so long that no other fits with it, a new key gets a page of its own.
    private mutating func splitAroundSingle(_ page: inout Int, _ index: inout Int, branch: Int, keyLength: Int) {
        let fresh = Page(room: Page.overheadPerKey + keyLength)
        pageBytes += fresh.bytes.count
        pageCount += 1
        if index > 0 { page += 1 }
        branches[branch].insert(fresh, at: page)
        index = 0
    }

    private mutating func splitBranch(_ branch: Int) {
        guard branches[branch].count > Self.branchLimit else { return }
        let isLast = branch == branches.count - 1
        let half = isLast ? Self.branchLimit * 7 / 8 : Self.branchLimit / 2
        let right = Array(branches[branch][half...])
        branches[branch].removeSubrange(half...)
        branches.insert(right, at: branch + 1)
    }

    /// After a removal: drops an empty page, joins a small one with its neighbour.
    private mutating func shrink(_ branch: Int, _ page: Int) {
        if branches[branch][page].count == 0 {
            pageBytes -= branches[branch][page].bytes.count
            pageCount -= 1
            branches[branch].remove(at: page)
            if branches[branch].isEmpty { branches.remove(at: branch) }
            return
        }
        guard branches[branch][page].contentLength < Page.limit / 4, branches[branch].count > 1 else { return }
        let left = page > 0 ? page - 1 : page
        let joined = branches[branch][left].contentLength + branches[branch][left + 1].contentLength
        guard joined <= Page.limit * 3 / 4 else { return }
        let right = branches[branch].remove(at: left + 1)
        pageBytes -= right.bytes.count + branches[branch][left].bytes.count
        branches[branch][left].append(contentsOf: right)
        pageBytes += branches[branch][left].bytes.count
        pageCount -= 1
    }
}
