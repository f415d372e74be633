// What may be done to the links of a node on purpose, as a value: which bytes wait, for how long, and which never pass.
//
// A link is what passes between this node and one other end in one direction. Everything is done to the bytes of TCP
// connections, so it keeps TCP's promise: what arrives is whole and in order, or the connection ends.

import CoteriePrimitives

/// One direction between this node and another member, or its native clients.
public struct FaultyLinkName: Hashable, Sendable, CustomStringConvertible {
    public enum Peer: Hashable, Sendable {
        /// By its name in the layout.
        case member(String)
        /// Every client of the native protocol that no rule names; each connection by itself.
        case clients
        /// The clients that introduce themselves by this name.
        case client(named: String)
    }

    public enum Direction: String, Hashable, Sendable, CaseIterable {
        /// What this node sends.
        case to
        /// What this node receives.
        case from
    }

    public var direction: Direction
    public var peer: Peer

    public init(_ direction: Direction, _ peer: Peer) {
        self.direction = direction
        self.peer = peer
    }

    public var description: String {
        switch peer {
        case .member(let name): "\(direction.rawValue) \(name)"
        case .clients: "\(direction.rawValue) clients"
        case .client(let name): "\(direction.rawValue) clients named \(name)"
        }
    }
}

/// What is done to one link. Nothing, as it is made.
public struct LinkFault: Hashable, Sendable {
    /// Nothing passes.
    public enum Cut: String, Hashable, Sendable, CaseIterable {
        /// Connections stand and what was sent waits, as when a cable is pulled; it arrives once the cut is healed.
        case stall
        /// Connections are broken, as when a machine in between resets them.
        case `break`
    }

    /// New connections fail under either kind, in both directions: making one takes both.
    public var cut: Cut?
    /// Drawn anew for every piece that is handed over; a piece never overtakes the one before it.
    public var delay: LinkDelay?
    public var loss: LinkLoss?
    /// At least 1; shared by all connections of the link.
    public var bytesPerSecond: Int?

    public init(cut: Cut? = nil, delay: LinkDelay? = nil, loss: LinkLoss? = nil, bytesPerSecond: Int? = nil) {
        self.cut = cut
        self.delay = delay
        self.loss = loss
        self.bytesPerSecond = bytesPerSecond
    }

    public var isNothing: Bool { self == LinkFault() }
}

/// Loss as it shows on an ordered stream: a lost piece is sent again after a while, and all behind it waits too. Each
/// repetition may be lost again; the wait doubles, as TCP's does (RFC 6298).
public struct LinkLoss: Hashable, Sendable {
    /// Pieces lost of 1,000,000.
    public var perMillion: Int
    /// The first wait; Linux waits at least 200 ms.
    public var retransmit: TimeSpan

    public init(perMillion: Int, retransmit: TimeSpan = .milliseconds(200)) {
        self.perMillion = perMillion
        self.retransmit = retransmit
    }

    /// At most so many repetitions are lost in a row.
    static let longestRun = 6

    func draw(_ draws: inout SeededGenerator) -> TimeSpan {
        var wait = TimeSpan.zero
        var next = retransmit
        for _ in 0 ..< Self.longestRun {
            guard draws.chance(perMillion, in: 1_000_000) else { break }
            wait = wait + next
            next = next * 2
        }
        return wait
    }
}

/// All that is done to a node's links.
public struct FaultTable: Hashable, Sendable {
    public struct Rule: Hashable, Sendable {
        public var link: FaultyLinkName
        public var fault: LinkFault

        public init(_ link: FaultyLinkName, _ fault: LinkFault) {
            self.link = link
            self.fault = fault
        }
    }

    /// Decides all draws, each link's by itself.
    public var seed: UInt64
    /// One for each link at most.
    public var rules: [Rule]

    public init(seed: UInt64 = 0, rules: [Rule] = []) {
        self.seed = seed
        self.rules = rules
    }

    public subscript(link: FaultyLinkName) -> LinkFault? {
        get { rules.first { $0.link == link }?.fault }
        set {
            rules.removeAll { $0.link == link }
            if let newValue, !newValue.isNothing { rules.append(Rule(link, newValue)) }
        }
    }
}
