// What arrives on a connection, by who is at its other end; and how connections become and cease to be.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Logging
import NIOCore

extension Network: ConnectionOwner {
    func connectionOpened(_ connection: Connection) {
        if case .greeting(let peer) = connection.identity {
            greet(peer, connection)
        } else {
            greetStranger(connection)
        }
    }

    func connection(_ connection: Connection, received message: Message) {
        switch connection.identity {
        case .member(let peer): receive(message, from: peer, connection)
        case .client(let id): receive(message, from: id, connection)
        case .unknown, .greeting, .candidate: receiveFirst(message, connection)
        }
    }

    @inline(__always)
    private func receive(_ message: Message, from peer: Peer, _ connection: Connection) {
        switch message {
        case .hello: connection.refuse(Refusal(.malformed, "a second hello"))
        case .refused(let refusal): connection.finish(.refused(refusal))
        case .heartbeat(let heartbeat) where heartbeat.sequence == Heartbeat.probe:
            if heartbeat.isReply {
                keepBearer(of: peer)
            } else {
                answer(heartbeat, connection)
            }
        default:
            tick.touch()
            receiver?.received(message, from: .member(peer.number))
        }
    }

    private func receive(_ message: Message, from client: ConnectionID, _ connection: Connection) {
        switch message {
        case .request, .layoutRequest:
            tick.touch()
            receiver?.received(message, from: .client(client))
        case .heartbeat(let heartbeat): if !heartbeat.isReply { answer(heartbeat, connection) }
        case .refused(let refusal): connection.finish(.refused(refusal))
        default: connection.refuse(Refusal(.malformed, "a client may not send \(message.kind)"))
        }
    }

    private func receiveFirst(_ message: Message, _ connection: Connection) {
        switch (message, connection.identity) {
        case (.hello(let hello), .unknown): admit(connection, hello)
        case (.hello(let hello), .greeting(let peer)): accept(peer, connection, hello)
        case (.refused(let refusal), _): connection.finish(.refused(refusal))
        default: connection.refuse(Refusal(.malformed, "\(message.kind) before the hellos"))
        }
    }

    private func answer(_ heartbeat: Heartbeat, _ connection: Connection) {
        let reply = Heartbeat(sequence: heartbeat.sequence, isReply: true, epoch: layout.epoch)
        _ = connection.send(.heartbeat(reply))
    }

    /// Ends the connection where the other end does not say who it is in time.
    func awaitHello(_ connection: Connection) {
        let timeout = settings.helloTimeout
        eventLoop.assumeIsolated().scheduleTask(in: timeout.timeAmount) { [weak connection] in
            switch connection?.identity {
            case .unknown, .greeting:
                connection?.refuse(Refusal(.malformed, "no hello within \(timeout)"))
            case .candidate, .member, .client, nil: break
            }
        }
    }

    /// Both hellos are accepted: from here on the peer is connected.
    func establish(_ peer: Peer, _ connection: Connection, _ hello: Hello, nonce: UInt64) {
        strangers[ObjectIdentifier(connection)] = nil
        connection.identity = .member(peer)
        connection.raiseLimits(
            maxFrameBytes: limits.maxFrameBytes, maxBacklogBytes: limits.maxPeerBacklogBytes, pauseBytes: nil)
        applyFaults(to: connection, .member(peer.member.name))
        if connection.side == .accepted { _ = connection.send(.hello(local.hello(layout))) }
        peer.state = .connected(connection, nonce: nonce)
        peer.connections += 1
        peer.backoff.reset()
        peer.toldRefusal = nil
        logger.debug("member connected", metadata: ["member": "\(peer.member.name)", "number": "\(peer.number)"])
        receiver?.memberConnected(peer.number, hello: hello)
        tick.touch()
    }

    func connectionEnded(_ connection: Connection, _ end: ConnectionEnd) {
        strangers[ObjectIdentifier(connection)] = nil
        strangerEnded(connection, end)
        switch connection.identity {
        case .unknown: break
        case .greeting(let peer):
            if case .greeting(let current) = peer.state, current === connection { dialEnded(peer, end) }
        case .candidate(let peer):
            if peer.candidate?.connection === connection { peer.candidate = nil }
        case .member(let peer):
            if peer.connection === connection { memberEnded(peer, connection, end) }
        case .client(let id):
            clients[id] = nil
            clientTraffic += connection.traffic
            logger.debug("client disconnected", metadata: ["client": "\(id)", "reason": "\(end)"])
            receiver?.clientDisconnected(id)
            tick.touch()
        }
    }

    private func memberEnded(_ peer: Peer, _ connection: Connection, _ end: ConnectionEnd) {
        peer.traffic += connection.traffic
        peer.state = .absent
        peer.lastEnd = end
        logger.debug(
            "member disconnected",
            metadata: ["member": "\(peer.member.name)", "number": "\(peer.number)", "reason": "\(end)"])
        receiver?.memberDisconnected(peer.number, end)
        tick.touch()
        succeedBearer(of: peer)
        scheduleRetry(peer)
    }

    /// Tells the node that a member will not have us, or we it; once until it changes. The node decides how loudly.
    func report(_ refusal: Refusal, of peer: Peer, byUs: Bool) {
        guard refusal.reason != .shuttingDown, peer.toldRefusal != refusal else { return }
        peer.toldRefusal = refusal
        logger.debug(
            byUs ? "refused a member" : "refused by a member",
            metadata: ["member": "\(peer.member.name)", "number": "\(peer.number)", "reason": "\(refusal.text)"])
        receiver?.memberRefused(peer.number, refusal, byUs: byUs)
        tick.touch()
    }
}
