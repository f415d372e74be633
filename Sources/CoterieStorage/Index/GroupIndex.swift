// The ordered index of one group: pages of keys under one level of branches, a B+-tree of fixed height. With about a
// hundred keys a page and up to 128 pages a branch, ten million keys make a thousand branches.
//
// Invariants (checked by `checkInvariants`):
//   - no page and no branch is empty; keys ascend strictly within and across pages;
//   - a branch's heads are those of its pages' first keys;
//   - `count` is the number of keys, `bytes` the size of all pages.

import CoteriePrimitives
import NIOCore

/// Keys of one group in order, with the places of their records.
struct GroupIndex: Sendable {
    /// Beyond the bytes of its array: the array's header, its reference and head in the branch, and malloc's own.
    static let bytesBesidePage = 32 + 8 + 8 + 16

    private(set) var branches: [Branch] = []
    private(set) var count = 0
    private var pageBytes = 0
    private(set) var pages = 0

    init() {}

    /// What the index takes in memory. O(1).
    var bytes: Int { pageBytes + pages * Self.bytesBesidePage }

    /// O(log keys).
    @inline(__always)
    func find(_ key: UnsafeRawBufferPointer) -> Location? {
        guard !branches.isEmpty else { return nil }
        return branches.withUnsafeBufferPointer { branches in
            let branch = Self.branch(for: key, in: branches)
            let page = branches[branch].page(for: key)
            return branches[branch].pages[page].bytes.withUnsafeBytes { raw in
                let view = PageView(raw)
                let (index, found) = view.search(key)
                return found ? view.location(at: index) : nil
            }
        }
    }

    /// Inserts or replaces; returns what was there. O(log keys).
    mutating func set(_ key: UnsafeRawBufferPointer, _ location: Location) -> Location? {
        guard let (branch, page) = place(of: key) else {
            var first = Page(room: Page.overheadPerKey + key.count)
            first.insert(key, location, at: 0)
            branches = [Branch([first])]
            count = 1
            pages = 1
            pageBytes = first.bytes.count
            return nil
        }
        let (index, found) = branches[branch].pages[page].search(key)
        if found {
            return branches[branch].update(page, movesFirstKey: false) { page in
                let old = page.location(at: index)
                page.setLocation(location, at: index)
                return old
            }.result
        }
        insert(key, location, at: (branch, page, index))
        count += 1
        return nil
    }

    /// Removes; returns what was there. O(log keys).
    mutating func remove(_ key: UnsafeRawBufferPointer) -> Location? {
        guard let (branch, page) = place(of: key) else { return nil }
        let (index, found) = branches[branch].pages[page].search(key)
        guard found else { return nil }
        let (grown, old) = branches[branch].update(page, movesFirstKey: index == 0) { page in
            let old = page.location(at: index)
            page.remove(at: index)
            return old
        }
        pageBytes += grown
        count -= 1
        shrink(branch, page)
        return old
    }

    /// Appends a page as a checkpoint holds it; false where its keys do not sort behind all others.
    mutating func append(_ page: Page) -> Bool {
        guard page.count > 0 else { return false }
        if let last = branches.last?.pages.last {
            let end = last.key(at: last.count - 1)
            guard end.withUnsafeBytes({ page.compareKey(at: 0, with: $0) }) > 0 else { return false }
        }
        if let last = branches.indices.last, branches[last].count < Branch.limit {
            branches[last].append(page)
        } else {
            branches.append(Branch([page]))
        }
        count += page.count
        pages += 1
        pageBytes += page.bytes.count
        return true
    }
}

extension GroupIndex {
    /// The page that holds `key` or would. Nil where there is no page.
    @inline(__always)
    func place(of key: UnsafeRawBufferPointer) -> (branch: Int, page: Int)? {
        guard !branches.isEmpty else { return nil }
        return branches.withUnsafeBufferPointer { branches in
            let branch = Self.branch(for: key, in: branches)
            return (branch, branches[branch].page(for: key))
        }
    }

    @inline(__always)
    private static func branch(for key: UnsafeRawBufferPointer, in branches: UnsafeBufferPointer<Branch>) -> Int {
        var low = 0
        var high = branches.count
        while high &- low > 1 {
            let middle = (low &+ high) &>> 1
            if branches[middle].compareFirstKey(with: key) > 0 { high = middle } else { low = middle }
        }
        return low
    }

    private mutating func insert(
        _ key: UnsafeRawBufferPointer, _ location: Location, at place: (branch: Int, page: Int, index: Int)
    ) {
        var (branch, page, index) = place
        while !branches[branch].pages[page].fits(key) {
            let pageKeys = branches[branch].pages[page].count
            let isLast = branch == branches.count - 1 && page == branches[branch].count - 1
            // Ascending keys fill pages to the brim instead of leaving them half empty; and beside a single key so long
            // that no other fits with it, a new one gets a page of its own.
            if (isLast && index == pageKeys) || pageKeys == 1 {
                var fresh = Page(room: Page.overheadPerKey + key.count)
                fresh.insert(key, location, at: 0)
                addPage(fresh, branch, index == 0 ? page : page + 1)
                return
            }
            let middle = branches[branch].pages[page].middle
            let (grown, right) = branches[branch].update(page, movesFirstKey: false) { $0.split(at: middle) }
            pageBytes += grown
            let prefersRight = right.contentLength < branches[branch].pages[page].contentLength
            addPage(right, branch, page + 1)
            if index > middle || (index == middle && prefersRight) { (page, index) = (page + 1, index - middle) }
            if page >= branches[branch].count { (branch, page) = (branch + 1, page - branches[branch].count) }
        }
        pageBytes +=
            branches[branch].update(page, movesFirstKey: index == 0) { $0.insert(key, location, at: index) }.grown
    }

    private mutating func addPage(_ page: Page, _ branch: Int, _ place: Int) {
        pages += 1
        pageBytes += page.bytes.count
        branches[branch].insert(page, at: place)
        guard branches[branch].count > Branch.limit else { return }
        let isLast = branch == branches.count - 1
        branches.insert(branches[branch].split(at: isLast ? Branch.limit * 7 / 8 : Branch.limit / 2), at: branch + 1)
    }

    /// After a removal: drops an empty page, joins a small one with its neighbour.
    private mutating func shrink(_ branch: Int, _ page: Int) {
        if branches[branch].pages[page].count == 0 {
            removePage(branch, page)
            if branches[branch].count == 0 { branches.remove(at: branch) }
            return
        }
        guard branches[branch].pages[page].contentLength < Page.limit / 4, branches[branch].count > 1 else { return }
        let left = page > 0 ? page - 1 : page
        let right = branches[branch].pages[left + 1]
        guard branches[branch].pages[left].canTake(right) else { return }
        removePage(branch, left + 1)
        pageBytes += branches[branch].update(left, movesFirstKey: false) { $0.append(contentsOf: right) }.grown
    }

    private mutating func removePage(_ branch: Int, _ page: Int) {
        pageBytes -= branches[branch].remove(at: page).bytes.count
        pages -= 1
    }
}

extension Page {
    /// Whether all keys of the next page fit well into this one, whatever prefix they share then.
    fileprivate func canTake(_ next: Page) -> Bool {
        let lost = bytes.withUnsafeBytes { PageView($0).prefixLength * PageView($0).count }
        let lostThere = next.bytes.withUnsafeBytes { PageView($0).prefixLength * PageView($0).count }
        return contentLength + next.contentLength + lost + lostThere <= Page.limit * 3 / 4
    }
}
