// Faults of links, where a node was started with them allowed. Otherwise `Network.faults` is nil, and a connection pays
// for all of this with one comparison to nil where it is flushed and where bytes are read.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

/// The faults that hold now, with their draws.
struct NetworkFaults {
    var table = FaultTable()
    private var links: [FaultyLinkName: FaultyLink] = [:]

    init() {}

    init(_ table: FaultTable) {
        self.table = table
        for rule in table.rules where !rule.fault.isNothing {
            let name = Array("\(rule.link)".utf8)
            let seed = name.withUnsafeBytes { stableHash($0, key: HashKey(table.seed, 0x6661_756c_7473)) }
            links[rule.link] = FaultyLink(rule.fault, draws: SeededGenerator(seed: seed))
        }
    }

    func link(_ direction: FaultyLinkName.Direction, _ peer: FaultyLinkName.Peer) -> FaultyLink? {
        links[FaultyLinkName(direction, peer)]
    }

    /// Whether new connections fail.
    func isCut(_ peer: FaultyLinkName.Peer) -> Bool {
        FaultyLinkName.Direction.allCases.contains { link($0, peer)?.isCut == true }
    }

    func breaks(_ peer: FaultyLinkName.Peer) -> Bool {
        FaultyLinkName.Direction.allCases.contains { link($0, peer)?.fault.cut == .break }
    }
}

extension Network {
    /// What is done to the links; nil where faults are not allowed (`TransportSettings.allowsFaults`).
    public var faultTable: FaultTable? {
        eventLoop.preconditionInEventLoop()
        return faults?.table
    }

    /// Does from now on what `table` says, and nothing else. What waited for a fault that is healed passes at once.
    public func setFaults(_ table: FaultTable) {
        eventLoop.preconditionInEventLoop()
        precondition(faults != nil, "faults are not allowed here: TransportSettings.allowsFaults is false")
        let faults = NetworkFaults(table)
        self.faults = faults
        for peer in sortedPeers {
            let name = FaultyLinkName.Peer.member(peer.member.name)
            for connection in peer.allConnections {
                let isEstablished = connection === peer.connection
                if isEstablished ? faults.breaks(name) : faults.isCut(name) {
                    connection.doom(Self.cutEnd)
                } else if isEstablished {
                    applyFaults(to: connection, name)
                }
            }
        }
        for (_, connection) in clients.sorted(by: { $0.key < $1.key }) {
            let peer = faultPeer(ofClient: connection.clientName)
            if faults.breaks(peer) { connection.doom(Self.cutEnd) } else { applyFaults(to: connection, peer) }
        }
    }

    static let cutEnd = ConnectionEnd.lost("the link is cut by a fault that was asked for")

    /// A connection has come to be one of this peer's.
    func applyFaults(to connection: Connection, _ peer: FaultyLinkName.Peer) {
        guard let faults else { return }
        connection.setFaults(outgoing: faults.link(.to, peer), incoming: faults.link(.from, peer))
    }

    /// By which name a rule means a client.
    func faultPeer(ofClient name: String) -> FaultyLinkName.Peer {
        let named = FaultyLinkName.Peer.client(named: name)
        let isNamed = faults?.table.rules.contains { $0.link.peer == named } ?? false
        return isNamed ? named : .clients
    }

    /// Whether no connection with the peer can be made now.
    func isCut(_ peer: FaultyLinkName.Peer) -> Bool { faults?.isCut(peer) ?? false }

    func isCut(_ hello: Hello) -> Bool {
        guard faults != nil else { return false }
        switch hello.speaker {
        case .client(let name): return isCut(faultPeer(ofClient: name))
        case .member(_, let name, _): return isCut(.member(name))
        }
    }
}
