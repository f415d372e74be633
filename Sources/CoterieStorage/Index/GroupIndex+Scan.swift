// Walking a group's keys in order, and checking that the order holds.

import CoteriePrimitives
import NIOCore

extension GroupIndex {
    /// At most `limit` keys from `start` (inclusive) on, in order. The keys are slices of one buffer. O(log keys +
    /// limit).
    func keys(from start: ByteBuffer, limit: Int) -> [ByteBuffer] {
        guard limit > 0, count > 0 else { return [] }
        var ends: [Int] = []
        ends.reserveCapacity(min(limit, count))
        var all = ByteBuffer()
        start.withUnsafeReadableBytes { start in
            forEach(from: start) { prefix, suffix, _ in
                all.writeBytes(prefix)
                all.writeBytes(suffix)
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

    /// Visits keys, each in two parts, from `start` (inclusive) on, in order, until `body` says false.
    func forEach(
        from start: UnsafeRawBufferPointer,
        _ body: (_ prefix: UnsafeRawBufferPointer, _ suffix: UnsafeRawBufferPointer, Location) -> Bool
    ) {
        guard let first = place(of: start) else { return }
        var page = first.page
        var index = branches[first.branch].pages[page].search(start).index
        for branch in branches[first.branch...] {
            while page < branch.count {
                let goesOn = branch.pages[page].bytes.withUnsafeBytes { raw in
                    let view = PageView(raw)
                    while index < view.count {
                        guard body(view.prefix, view.suffix(at: index), view.location(at: index)) else { return false }
                        index += 1
                    }
                    return true
                }
                guard goesOn else { return }
                index = 0
                page += 1
            }
            page = 0
        }
    }

    /// Traps where an invariant of the structure does not hold. O(keys).
    func checkInvariants() {
        var keys = 0
        var pageTotal = 0
        var byteTotal = 0
        var last: [UInt8]?
        for branch in branches {
            branch.checkInvariants()
            for page in branch.pages {
                precondition(page.count > 0, "an empty page")
                if let fault = page.structureFault { preconditionFailure("a page of the index is broken: \(fault)") }
                if let last {
                    let order = last.withUnsafeBytes { page.compareKey(at: 0, with: $0) }
                    precondition(order > 0, "pages of the index are out of order")
                }
                last = page.key(at: page.count - 1)
                keys += page.count
                pageTotal += 1
                byteTotal += page.bytes.count
            }
        }
        precondition(keys == count, "the index counts \(count) keys and holds \(keys)")
        precondition(byteTotal + pageTotal * Self.bytesBesidePage == bytes, "the index miscounts its bytes")
    }
}
