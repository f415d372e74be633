// Walking a group's keys in order, and checking that the order holds.

import CoteriePrimitives
import NIOCore

extension GroupIndex {
    /// At most `limit` keys from `start` (inclusive) on, in order. The keys are slices of one buffer. O(log keys + limit).
    func keys(from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        guard limit > 0, count > 0 else { return [] }
        var ends: [Int] = []
        ends.reserveCapacity(min(limit, count))
        var all = ByteBuffer()
        start.withUnsafeReadableBytes { start in
            forEach(from: start) { key, _ in
                all.writeBytes(key)
                ends.append(all.writerIndex)
                return ends.count < limit
            }
        }
        var keys: [ByteBuffer] = []
        keys.reserveCapacity(ends.count)
        for end in ends {
            guard let key = all.readSlice(length: end - all.readerIndex) else { break }
            keys.append(key)
        }
        return keys
    }

    /// Visits keys from `start` (inclusive) on, in order, until `body` says false.
    func forEach(from start: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, Location) -> Bool) {
        guard let first = firstPlace(for: start) else { return }
        var index = branches[first.branch][first.page].search(start).index
        var page = first.page
        for branch in first.branch ..< branches.count {
            while page < branches[branch].count {
                let leaf = branches[branch][page]
                while index < leaf.count {
                    let location = leaf.location(at: index)
                    guard leaf.withKey(at: index, { body($0, location) }) else { return }
                    index += 1
                }
                index = 0
                page += 1
            }
            page = 0
        }
    }

    private func firstPlace(for key: UnsafeRawBufferPointer) -> (branch: Int, page: Int)? {
        guard !branches.isEmpty else { return nil }
        func starts(behind page: Page) -> Bool { page.withKey(at: 0) { compareBytes($0, key) > 0 } }
        let branch = max(0, (branches.firstIndex { starts(behind: $0[0]) } ?? branches.count) - 1)
        let page = max(0, (branches[branch].firstIndex { starts(behind: $0) } ?? branches[branch].count) - 1)
        return (branch, page)
    }

    /// Traps where an invariant of the structure does not hold. O(keys).
    func checkInvariants() {
        var keys = 0
        var pageTotal = 0
        var byteTotal = 0
        var previous: Page?
        for branch in branches {
            precondition(!branch.isEmpty && branch.count <= Self.branchLimit, "a branch of \(branch.count) pages")
            for page in branch {
                precondition(page.count > 0, "an empty page")
                if let fault = page.structureFault { preconditionFailure("a page of the index is broken: \(fault)") }
                if let previous {
                    let order = previous.withKey(at: previous.count - 1) { last in
                        page.withKey(at: 0) { compareBytes(last, $0) }
                    }
                    precondition(order < 0, "pages of the index are out of order")
                }
                keys += page.count
                pageTotal += 1
                byteTotal += page.bytes.count
                previous = page
            }
        }
        precondition(keys == count, "the index counts \(count) keys and holds \(keys)")
        precondition(byteTotal + pageTotal * Self.bytesBesidePage == bytes, "the index miscounts its bytes")
    }
}
