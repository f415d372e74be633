// Another member, as seen from here: the one connection with it, or the way to one.
//
// Of two members the one with the smaller number dials. It alone tries again after a loss, so that there is never more
// than one attempt under way. The other waits; when a newcomer comes under the peer's number while a connection stands,
// `Network+Duplicates` decides between the two.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

final class Peer {
    enum State {
        /// The dialled end between connections; or the dialling one, about to dial.
        case absent
        /// Can transition to: absent (failed), greeting.
        case dialling
        /// Dialled and connected, our hello sent. Can transition to: absent, connected.
        case greeting(Connection)
        /// Can transition to: absent, connected (replaced by a newcomer).
        case connected(Connection, nonce: UInt64)
        /// Not in the layout any more, or the network is shut down. The end.
        case removed
    }

    /// A newcomer under this number that waits for the verdict on the bearer.
    struct Candidate {
        let connection: Connection
        let hello: Hello
    }

    let number: MemberNumber
    let weDial: Bool
    var member: Member
    var state = State.absent
    var candidate: Candidate?
    var backoff: Backoff
    var retry: Scheduled<Void>?
    /// Of earlier connections.
    var traffic = Traffic()
    var connections: UInt64 = 0
    var lastEnd: ConnectionEnd?
    /// The refusal that was told last, so that a repeated one is not told again.
    var toldRefusal: Refusal?

    init(member: Member, weDial: Bool, backoff: Backoff) {
        number = member.number
        self.member = member
        self.weDial = weDial
        self.backoff = backoff
    }

    /// The connection that messages pass on.
    @inline(__always) var connection: Connection? {
        if case .connected(let connection, _) = state { connection } else { nil }
    }

    var isConnected: Bool { connection != nil }

    /// Whatever is open in the peer's name.
    var allConnections: [Connection] {
        let own: [Connection] =
            switch state {
            case .greeting(let connection), .connected(let connection, _): [connection]
            case .absent, .dialling, .removed: []
            }
        return own + (candidate.map { [$0.connection] } ?? [])
    }

    var statistics: NetworkStatistics.Peer {
        var sum = traffic
        if let connection { sum += connection.traffic }
        return NetworkStatistics.Peer(
            member: number, name: member.name, isConnected: isConnected, connections: connections,
            backlogBytes: connection?.backlogBytes ?? 0, traffic: sum, lastEnd: lastEnd)
    }
}
