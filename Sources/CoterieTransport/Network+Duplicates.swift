// Two that come under one number (INV 4).
//
// While a connection with member m stands, another one introduces itself as m. It is one of these:
// 1. The same process (the same nonce). It has given up the old connection, which we have not noticed yet: it never has
//    two. The new one replaces the old.
// 2. A second life of m, the first being dead without a word: the machine lost power, the network was cut. The old
//    connection would stand until a heartbeat's deadline, and a restarted node must not be kept out so long.
// 3. A second process on a copy of m's data or configuration, while the first is alive. It must stay out: a number has
//    one bearer.
// 2 and 3 are told apart by asking the bearer. It gets a heartbeat, to which a transport answers by itself; the
// newcomer waits for its hello. An answer, or any byte, within `probeTimeout`: the newcomer is refused. None: it takes
// over. A bearer that was only stopped or cut off then finds its connection closed, tries again, and is the newcomer
// itself. Nothing of what is stored rests on this: dots carry the incarnation, so even two bearers never mint the same.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Logging
import NIOCore

extension Heartbeat {
    /// Heartbeats with this number are the transport's own: nodes count theirs from 1.
    static let probe: UInt64 = 0
}

extension Network {
    func challenge(
        _ bearer: Connection, of peer: Peer, bearersNonce: UInt64, by newcomer: Connection, _ hello: Hello,
        nonce: UInt64
    ) {
        if nonce == bearersNonce {
            // It lives: whoever else waits under its number stays out.
            keepBearer(of: peer)
            bearer.finish(.lost("replaced by a newer connection of the same process"))
            return establish(peer, newcomer, hello, nonce: nonce)
        }
        // Only the last newcomer waits; an earlier one tries again anyway.
        peer.candidate?.connection.drain(.closed)
        strangers[ObjectIdentifier(newcomer)] = nil
        newcomer.identity = .candidate(peer)
        peer.candidate = Peer.Candidate(connection: newcomer, hello: hello)

        let heard = bearer.traffic.bytesIn
        _ = bearer.send(.heartbeat(Heartbeat(sequence: Heartbeat.probe, isReply: false, epoch: layout.epoch)))
        eventLoop.assumeIsolated().scheduleTask(in: settings.probeTimeout.timeAmount) {
            guard let candidate = peer.candidate, candidate.connection === newcomer else { return }
            if peer.connection === bearer, bearer.traffic.bytesIn > heard { return self.keepBearer(of: peer) }
            bearer.finish(.lost("it does not answer, and another process came under its number"))
        }
    }

    /// The bearer lives: the newcomer is refused.
    func keepBearer(of peer: Peer) {
        guard let candidate = peer.candidate else { return }
        peer.candidate = nil
        let text = "\(peer.member.name) (\(peer.number)) is connected to \(local.name) already; is it started twice?"
        turnAway(candidate.connection, candidate.hello, Refusal(.duplicateMember, text))
    }

    /// The bearer is gone: the newcomer, if there is one, takes over.
    func succeedBearer(of peer: Peer) {
        guard let candidate = peer.candidate, case .member(_, _, let nonce) = candidate.hello.speaker else { return }
        peer.candidate = nil
        establish(peer, candidate.connection, candidate.hello, nonce: nonce)
    }
}
