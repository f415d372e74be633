// A run of up to 128 pages, with the heads of their first keys side by side, so that the right page is found without
// touching the others. The pages themselves are the truth; the heads are derived from them.

/// Consecutive pages of a group.
struct Branch: Sendable {
    static let limit = 128

    private(set) var pages: [Page]
    /// What the first keys of all pages begin with.
    private var prefix: [UInt8] = []
    /// Of each page's first key, the eight bytes behind the prefix as a number, zeros behind a shorter one.
    private var heads: [UInt64] = []

    init(_ pages: [Page]) {
        self.pages = pages
        refresh()
    }

    @inline(__always)
    var count: Int { pages.count }

    /// The last page whose first key is not behind `key`; the first page for a key before all.
    @inline(__always)
    func page(for key: UnsafeRawBufferPointer) -> Int {
        let prefixOrder = prefix.withUnsafeBytes { prefix in
            compareBytes(key.part(0, min(prefix.count, key.count)), prefix)
        }
        guard prefixOrder == 0 else { return prefixOrder < 0 ? 0 : pages.count &- 1 }
        let head = Self.head(of: key, behind: prefix.count)
        return heads.withUnsafeBufferPointer { heads in
            var low = 0
            var high = heads.count
            while high &- low > 1 {
                let middle = (low &+ high) &>> 1
                let other = heads[middle]
                let isBehind = other == head ? pages[middle].compareKey(at: 0, with: key) > 0 : other > head
                if isBehind { high = middle } else { low = middle }
            }
            return low
        }
    }

    /// Negative, zero or positive as the first key sorts before, equals or sorts behind `key`.
    @inline(__always)
    func compareFirstKey(with key: UnsafeRawBufferPointer) -> Int { pages[0].compareKey(at: 0, with: key) }

    /// Changes a page in place. Returns by how many bytes its array has grown, and what `change` returns.
    @inline(__always)
    mutating func update<R>(_ page: Int, movesFirstKey: Bool, _ change: (inout Page) -> R) -> (grown: Int, result: R) {
        let before = pages[page].bytes.count
        let result = change(&pages[page])
        if movesFirstKey { refresh() }
        return (pages[page].bytes.count - before, result)
    }

    mutating func insert(_ page: Page, at place: Int) {
        pages.insert(page, at: place)
        refresh()
    }

    mutating func remove(at place: Int) -> Page {
        defer { refresh() }
        return pages.remove(at: place)
    }

    /// Moves the pages from `place` on into a branch of their own.
    mutating func split(at place: Int) -> Branch {
        let right = Branch(Array(pages[place...]))
        pages.removeSubrange(place...)
        refresh()
        return right
    }

    /// Appends a page whose keys sort behind all others.
    mutating func append(_ page: Page) {
        let share = page.bytes.withUnsafeBytes { PageView($0).firstKeyShares(prefix) }
        pages.append(page)
        guard share == prefix.count, pages.count > 1 else { return refresh() }
        heads.append(page.bytes.withUnsafeBytes { PageView($0).firstKeyHead(behind: prefix.count) })
    }

    /// Derives prefix and heads from the pages' first keys. An empty page counts as having the empty key, until it is
    /// filled.
    private mutating func refresh() {
        guard let first = pages.first, let last = pages.last else { return }
        prefix = first.count == 0 ? [] : first.key(at: 0)
        prefix.removeSubrange(last.bytes.withUnsafeBytes { PageView($0).firstKeyShares(prefix) }...)
        heads.removeAll(keepingCapacity: true)
        for page in pages {
            heads.append(page.bytes.withUnsafeBytes { PageView($0).firstKeyHead(behind: prefix.count) })
        }
    }

    @inline(__always)
    private static func head(of key: UnsafeRawBufferPointer, behind prefix: Int) -> UInt64 {
        let rest = max(0, key.count &- prefix)
        if rest >= 8 { return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: prefix, as: UInt64.self)) }
        var head: UInt64 = 0
        for index in 0 ..< rest { head |= UInt64(key[prefix + index]) << UInt64(56 - 8 * index) }
        return head
    }

    /// Traps where the heads are not those of the pages.
    func checkInvariants() {
        precondition(!pages.isEmpty && pages.count <= Self.limit, "a branch of \(pages.count) pages")
        let fresh = Branch(pages)
        precondition(fresh.prefix == prefix && fresh.heads == heads, "a branch does not know its pages' first keys")
    }
}

extension PageView {
    /// How many bytes of `other` the first key begins with.
    fileprivate func firstKeyShares(_ other: [UInt8]) -> Int {
        guard count > 0 else { return 0 }
        return other.withUnsafeBytes { other in
            let shared = commonPrefix(prefix, other)
            guard shared == prefixLength else { return shared }
            return shared + commonPrefix(suffix(at: 0), other.part(shared, other.count - shared))
        }
    }

    /// The eight bytes of the first key behind `skipped` as a number, zeros behind a shorter one.
    fileprivate func firstKeyHead(behind skipped: Int) -> UInt64 {
        guard count > 0 else { return 0 }
        let suffix = suffix(at: 0)
        var head: UInt64 = 0
        for place in 0 ..< 8 {
            let index = skipped + place
            var byte: UInt8 = 0
            if index < prefixLength {
                byte = prefix[index]
            } else if index - prefixLength < suffix.count {
                byte = suffix[index - prefixLength]
            }
            head = head << 8 | UInt64(byte)
        }
        return head
    }
}
