// One key's state at one replica: its siblings, each under the dot that wrote it, and the context, all that was seen.
//
// An object carries its own causal context, and only object contexts decide what is kept and what is discarded (design,
// section 4). This is the causal dot store of Almeida, Shoker and Baquero, "Delta state replicated data types" (2018),
// with a version vector as its context: exact, because within one incarnation a replica's knowledge of a key only grows.

import CoteriePrimitives
import NIOCore

/// One of several concurrent values, with the event that wrote it.
public struct Sibling: Hashable, Sendable {
    /// Names the payload: equal dots have equal payloads.
    public let dot: Dot
    public let payload: ByteBuffer

    @inlinable public init(dot: Dot, payload: ByteBuffer) {
        self.dot = dot
        self.payload = payload
    }
}

/// Live dots with their payloads, and a context that covers them and all that was overwritten.
///
/// It holds at all times: siblings ascend strictly by dot, and the context covers each of them.
public struct CausalObject: Hashable, Sendable {
    /// For each replica the last event of this key that was seen.
    public internal(set) var context: VersionVector
    /// The concurrent values, ascending by dot.
    public internal(set) var siblings: [Sibling]

    /// Of a key that was never written, or whose marker is gone.
    public init() {
        context = VersionVector()
        siblings = []
    }

    init(context: VersionVector, siblings: [Sibling]) {
        self.context = context
        self.siblings = siblings
    }

    /// Deleted: nothing is live, and what was seen is still known.
    public var isMarker: Bool { siblings.isEmpty && !context.isEmpty }

    /// Never written, or reclaimed: nothing is live and nothing is known.
    public var isEmpty: Bool { context.isEmpty }

    /// A write or a delete at the replica that mints `dot` (design, section 4, rule 2): drops the siblings that the
    /// client has seen, takes the payload under its dot, joins both contexts and the dot. Siblings that the client has
    /// not seen stay beside it.
    ///
    /// - Parameters:
    ///   - dot: freshly minted, for this key: neither the object nor `observed` may cover it (`canMint`).
    ///   - payload: nil is a delete: the dot is seen and holds nothing.
    ///   - observed: the context that came with the request; empty from a client that never read the key.
    public mutating func write(dot: Dot, payload: ByteBuffer?, observed: VersionVector) {
        precondition(
            canMint(dot, observed: observed),
            "\(dot) is not fresh: the context is \(context), the client's \(observed); a new incarnation must mint")
        if !observed.isEmpty { siblings.removeAll { observed.covers($0.dot) } }
        context.merge(observed)
        context.observe(dot)
        guard let payload else { return }
        let position = siblings.firstIndex { dot < $0.dot } ?? siblings.count
        siblings.insert(Sibling(dot: dot, payload: payload), at: position)
    }

    /// Whether `dot` is an event that neither the object nor the client's context has seen. Where this is false, the
    /// replica has met its own identity beyond what it holds: it takes a new incarnation before it mints (INV 1, 2).
    public func canMint(_ dot: Dot, observed: VersionVector) -> Bool {
        !context.covers(dot) && !observed.covers(dot)
    }

    /// Whether the event was seen: its value is here, or was overwritten.
    @inlinable public func holdsOrCovers(_ dot: Dot) -> Bool { context.covers(dot) }

    /// Whether the event's value is here. O(log siblings).
    public func holds(_ dot: Dot) -> Bool {
        let position = position(of: dot)
        return position < siblings.count && siblings[position].dot == dot
    }

    /// Drops siblings while the context goes on covering them, so that they do not come back by a merge: how a rule
    /// that keeps one value discards the others.
    ///
    /// - Returns: what was dropped, ascending by dot.
    @discardableResult
    public mutating func retain(where keeps: (Sibling) -> Bool) -> [Sibling] {
        var kept: [Sibling] = []
        var dropped: [Sibling] = []
        for sibling in siblings {
            if keeps(sibling) { kept.append(sibling) } else { dropped.append(sibling) }
        }
        if !dropped.isEmpty { siblings = kept }
        return dropped
    }

    /// Where the first sibling lies that is not below `dot`.
    func position(of dot: Dot) -> Int {
        if siblings.count <= 8 { return siblings.firstIndex { !($0.dot < dot) } ?? siblings.count }
        var low = 0
        var high = siblings.count
        while low < high {
            let middle = (low + high) / 2
            if siblings[middle].dot < dot { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension CausalObject {
    /// The live dots, ascending.
    public var liveDots: [Dot] { siblings.map(\.dot) }

    /// The events that the object names: its live dots and the last dot of each entry of its context, ascending. These,
    /// and never the dots in between, may enter a clock when the object is received (design, section 4, rule 4).
    public var namedDots: [Dot] {
        var dots = liveDots
        for last in context.lastDots where !holds(last) { dots.append(last) }
        dots.sort()
        return dots
    }

    /// A live dot of the replica of `dot` that lies strictly between the replica's previous event of this key and
    /// `dot`. There is none, unless the minter has forgotten an event of its own (design, section 4, rule 3).
    ///
    /// - Parameter previous: the counter of the minter's previous event of this key; 0 where it has none.
    public func liveDot(forgottenBy dot: Dot, after previous: UInt64) -> Dot? {
        siblings.first { $0.dot.replica == dot.replica && $0.dot.counter > previous && $0.dot.counter < dot.counter }?
            .dot
    }

    /// Traps, with the values, where the structure is broken.
    public func checkInvariants() {
        context.checkInvariants()
        var previous: Dot?
        for sibling in siblings {
            precondition(context.covers(sibling.dot), "the context \(context) does not cover live \(sibling.dot)")
            if let previous { precondition(previous < sibling.dot, "out of order: \(previous), \(sibling.dot)") }
            previous = sibling.dot
        }
    }
}

extension CausalObject: CustomStringConvertible {
    public var description: String {
        let live = siblings.map { "\($0.dot)[\($0.payload.readableBytes)]" }.joined(separator: ", ")
        return "(\(live.isEmpty ? "nothing live" : live); \(context))"
    }
}
