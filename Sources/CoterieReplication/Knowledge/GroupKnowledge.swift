// What one replica knows of one group: which events it has handled, which of them somebody may still lack, and what the
// other owners have said (design, section 4).

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// What another owner has last said to have handled, durably.
struct HeardClock: Equatable {
    /// The owner's life.
    var life: UInt64
    /// Counts its adverts within that life; an older one changes nothing.
    var number: UInt64
    var clock: PartitionClock
}

/// Clock and index of one group.
struct GroupKnowledge: Equatable {
    /// The events that are handled.
    private(set) var clock = PartitionClock()
    /// Of the handled events those that some other owner may lack.
    private(set) var index = DotIndex()
    /// What of the clock is durable: only this is advertised, so that nobody forgets what a crash here could take back.
    private(set) var durable = PartitionClock()
    var heard: [MemberNumber: HeardClock] = [:]
    /// Changed since the last checkpoint's summary.
    var isUnsummarised = false
    /// The durable clock has grown since it was last told.
    var isUnadvertised = false

    /// Nothing is handled yet.
    init(heard: [MemberNumber: HeardClock] = [:]) { self.heard = heard }

    /// The events of these that are not handled yet, each once, at most `KnowledgeNote.maxDots`.
    func unhandled(_ dots: some Sequence<Dot>) -> [Dot] {
        var found: [Dot] = []
        for dot in dots where !clock.contains(dot) && !found.contains(dot) {
            found.append(dot)
            if found.count == KnowledgeNote.maxDots { break }
        }
        return found
    }

    /// Whether every event up to this one is handled. All of them, since a client's context may end below what it has not
    /// seen, at an event that is another key's; and one that was lost with a tail may be what the client has seen.
    func lacksNothing(upTo last: Dot) -> Bool { clock.base(of: last.replica) >= last.counter }

    /// Takes an event in, with the key that it belongs to.
    mutating func handle(_ dot: Dot, of key: ByteBuffer) {
        guard clock.add(dot) else { return }
        index.insert(dot, key)
        isUnsummarised = true
    }

    /// Takes events in of which nothing is left that could be offered.
    mutating func handleAbsent(_ dots: [Dot]) {
        for dot in dots where clock.add(dot) { isUnsummarised = true }
    }

    /// The key is gone: no event of it that the context covers can be offered any more.
    mutating func forget(_ key: ByteBuffer, coveredBy context: VersionVector) {
        let before = index.count
        index.forget(key, coveredBy: context)
        if index.count != before { isUnsummarised = true }
    }

    /// See `Knowledge.isForgotten`.
    func isForgotten(_ context: VersionVector) -> Bool {
        clock.hasLastDots(of: context)
            && context.entries.allSatisfy { entry in
                index.first(of: entry.replica).map { $0 > entry.counter } ?? true
            }
    }

    /// The event is safe here.
    mutating func isDurable(_ dot: Dot) {
        guard clock.contains(dot) else { return }  // It was given up meanwhile, with the identity of this replica.
        if durable.add(dot) { isUnadvertised = true }
    }

    /// Takes over what a source of a complete scan had handled durably when the scan began (rule 16).
    mutating func adopt(_ other: PartitionClock) {
        clock.merge(other)
        isUnsummarised = true
    }

    mutating func adoptedIsDurable(_ other: PartitionClock) {
        guard other.isSubset(of: clock) else { return }  // Given up meanwhile, as in `isDurable`.
        durable.merge(other)
        isUnadvertised = true
    }

    /// Forgets what every owner has durably; `others` are the owners besides this one.
    mutating func forget(heldBy others: [MemberNumber]) {
        guard !index.isEmpty else { return }
        var clocks = [durable]
        for member in others {
            guard let heard = heard[member] else { return }
            clocks.append(heard.clock)
        }
        forget(inAll: clocks)
    }

    /// The rule left out (`OmittedRules.forgetting`): one other owner is enough.
    mutating func forgetEarly(heldByAnyOf others: [MemberNumber]) {
        for member in others { if let heard = heard[member] { forget(inAll: [durable, heard.clock]) } }
    }

    private mutating func forget(inAll clocks: [PartitionClock]) {
        let before = index.count
        index.forget { PartitionClock.ranges(of: $0, inAll: clocks) }
        if index.count != before { isUnsummarised = true }
    }

    func checkInvariants() {
        clock.checkInvariants()
        durable.checkInvariants()
        index.checkInvariants()
        precondition(durable.isSubset(of: clock), "durable \(durable) is not within \(clock)")
        for (dot, key) in index.all {
            precondition(clock.contains(dot), "\(dot) of \(key) is indexed and not handled")
        }
    }
}

extension GroupKnowledge {
    /// The newest version of the summary's format, and the one that is written.
    private static let formatVersion: UInt8 = 1

    /// Clock and index, for a checkpoint: version, clock, count of entries as a varint, then dot, key length, key.
    func encoded() -> ByteBuffer {
        var out = ByteBuffer()
        out.writeInteger(Self.formatVersion)
        clock.encode(into: &out)
        out.writeVarint(UInt64(index.count))
        for (dot, key) in index.all {
            out.writeDot(dot)
            out.writeVarint(UInt64(key.readableBytes))
            out.writeImmutableBuffer(key)
        }
        return out
    }

    /// Adds what a summary says; false where the bytes are none. Adding twice, or besides notes, does no harm.
    mutating func restore(_ bytes: ByteBuffer) -> Bool {
        var bytes = bytes
        guard bytes.readInteger() == Self.formatVersion, let handled = try? PartitionClock(decoding: &bytes),
            let count = bytes.readVarint()
        else { return false }
        clock.merge(handled)
        for _ in 0 ..< count {
            guard let dot = bytes.readDot(), let length = bytes.readVarint(),
                let key = bytes.readSlice(length: Int(clamping: length)), clock.contains(dot)
            else { return false }
            index.insert(dot, key)
        }
        durable = clock
        return bytes.readableBytes == 0
    }

    /// What was replayed is in the store. Where the index holds anything it is looked at once what of it may be forgotten:
    /// a group with one owner is told of by nobody.
    mutating func restoreIsOver() {
        durable = clock
        isUnadvertised = !index.isEmpty
    }
}
