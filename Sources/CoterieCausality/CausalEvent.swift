// One write event of a key by itself: which dots it minted, which live dots it dropped, what it wrote. Where the base of
// an event is contained, applying the event and merging the whole object that the minter made of it are the same
// (INV 12): so an event can travel alone.
//
// An event may write several values at once (a batch of set elements, of map fields): each has a dot of its own, so that
// each can be dropped alone, and the dots are one contiguous run of the minter's counters. Nobody ever has a part of a run.

import CoteriePrimitives
import NIOCore

/// The contiguous dots of one event, at least one.
public struct DotRun: Hashable, Sendable, CustomStringConvertible {
    public let first: Dot
    public let count: Int

    /// `count` must be at least 1, and the last counter at most `Dot.maximumCounter`.
    public init(_ first: Dot, count: Int = 1) {
        precondition(count >= 1, "a run has at least one dot, not \(count)")
        precondition(
            UInt64(count) - 1 <= Dot.maximumCounter - first.counter, "a run of \(count) from \(first) is too long")
        self.first = first
        self.count = count
    }

    public var replica: ReplicaID { first.replica }
    public var last: Dot { Dot(first.replica, first.counter + UInt64(count - 1)) }

    /// The dot at `position`, in `0 ..< count`.
    public subscript(_ position: Int) -> Dot {
        precondition(position >= 0 && position < count, "the run \(self) has no dot \(position)")
        return Dot(first.replica, first.counter + UInt64(position))
    }

    public var dots: [Dot] { (0 ..< count).map { self[$0] } }

    public var description: String { count == 1 ? "\(first)" : "\(first)…\(last.counter)" }
}

/// What one event did to its key.
public struct CausalEvent: Hashable, Sendable {
    /// The dots that it minted: one for each payload, and one where there is none.
    public let run: DotRun
    /// All that its minter had seen of the key. Only who has seen that too can apply the event alone: then objects stay
    /// closed under causality, as whole objects make them. (With less, say with what was dropped, an event that followed
    /// a delete could be read beside what the delete had taken.)
    public let base: VersionVector
    /// The live dots that it dropped, ascending: exactly these, whatever else their replicas wrote.
    public let dropped: [Dot]
    /// The values that it wrote, in the order of the run. Empty: it only dropped.
    public let payloads: [ByteBuffer]
    /// Where the event replaced the whole key: all that its client had seen of it, known to the minter or not. Empty in
    /// events that change a part: they must not vouch for what their minter does not hold.
    public let joined: VersionVector

    /// `run` must have a dot for each payload, one where there is none, and lie behind what `base` has of its replica.
    public init(
        run: DotRun, base: VersionVector, dropped: [Dot], payloads: [ByteBuffer],
        joined: VersionVector = VersionVector()
    ) {
        precondition(
            run.count == max(1, payloads.count), "\(payloads.count) payloads under the \(run.count) dots of \(run)")
        precondition(!base.covers(run.first), "\(run) is not behind its base \(base)")
        self.run = run
        self.base = base
        self.dropped = dropped.ascending()
        self.payloads = payloads
        self.joined = joined
    }

    /// The counter of the minter's previous event of this key; 0 where it had none.
    public var previous: UInt64 { base[run.replica] }
}

/// What became of an event that arrived alone.
public enum EventArrival: Hashable, Sendable {
    case applied
    /// It was seen before.
    case known
    /// Something of its base was not seen: the whole object must be fetched. Nothing was changed.
    case lacksBase
}

extension CausalObject {
    /// Applies an event that arrived by itself, if what it builds on is here.
    @discardableResult
    public mutating func apply(_ event: CausalEvent) -> EventArrival {
        if context.covers(event.run.last) { return .known }
        guard context.descends(event.base) else { return .lacksBase }
        let (dropped, joined) = (event.dropped, event.joined)
        if !dropped.isEmpty || !joined.isEmpty {
            siblings.removeAll { joined.covers($0.dot) || dropped.containsAscending($0.dot) }
        }
        context.merge(joined)
        context.observe(event.run.last)
        let position = position(of: event.run.first)
        siblings.insert(
            contentsOf: event.payloads.enumerated().map { Sibling(dot: event.run[$0], payload: $1) }, at: position)
        return .applied
    }

    /// The same context, and of the siblings those for which `payload` has one: what a part of a composed value looks
    /// like to the type of the part.
    public func part(_ payload: (Sibling) -> ByteBuffer?) -> CausalObject {
        var kept: [Sibling] = []
        for sibling in siblings {
            if let payload = payload(sibling) { kept.append(Sibling(dot: sibling.dot, payload: payload)) }
        }
        return CausalObject(context: context, siblings: kept)
    }
}

extension [Dot] {
    /// Sorted, each once.
    fileprivate func ascending() -> [Dot] {
        var result: [Dot] = []
        for dot in sorted() where result.last != dot { result.append(dot) }
        return result
    }

    /// Whether an ascending list has the dot. O(log count).
    fileprivate func containsAscending(_ dot: Dot) -> Bool {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < dot { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == dot
    }
}

extension DotRun {
    /// Whether the dot is one of the run's. O(1).
    public func contains(_ dot: Dot) -> Bool {
        dot.replica == replica && dot.counter >= first.counter && dot.counter <= last.counter
    }
}
