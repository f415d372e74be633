// Reaching the members with larger numbers, again and again.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Logging
import NIOCore
import NIOPosix

extension Network {
    /// Begins an attempt to reach the peer, where it is ours to do and none is under way.
    func dial(_ peer: Peer) {
        guard peer.weDial, !isShutDown, receiver != nil, case .absent = peer.state else { return }
        peer.retry?.cancel()
        peer.retry = nil
        guard !isCut(.member(peer.member.name)) else {
            peer.lastEnd = Self.cutEnd
            return scheduleRetry(peer)
        }
        peer.state = .dialling
        connect(to: peer.member.peer, on: eventLoop, settings: settings) {
            let connection = Connection(side: .dialled, owner: self, tick: self.tick, settings: self.settings)
            connection.identity = .greeting(peer)
            return connection
        }
        .assumeIsolated()
        .whenFailure { error in
            guard case .dialling = peer.state else { return }
            self.dialEnded(peer, .notConnected("\(peer.member.peer): \(DialFailure.text(error))"))
        }
    }

    /// The dialled end has accepted the connection: we say hello.
    func greet(_ peer: Peer, _ connection: Connection) {
        guard case .dialling = peer.state, !isShutDown else { return connection.drain(.closed) }
        peer.state = .greeting(connection)
        guard !isCut(.member(peer.member.name)) else { return connection.doom(Self.cutEnd) }
        _ = connection.send(.hello(local.hello(layout)))
        awaitHello(connection)
    }

    /// The dialled end's hello: it has accepted ours.
    func accept(_ peer: Peer, _ connection: Connection, _ hello: Hello) {
        let objection =
            Handshake(local: local, layout: layout).objection(to: hello) ?? objectionToBeing(peer, hello)
        if let objection { return connection.refuse(objection) }
        guard case .member(_, _, let nonce) = hello.speaker else { return }
        establish(peer, connection, hello, nonce: nonce)
    }

    private func objectionToBeing(_ peer: Peer, _ hello: Hello) -> Refusal? {
        if case .member(let number, _, _) = hello.speaker, number == peer.number { return nil }
        return Refusal(
            .unknownMember,
            "\(peer.member.name) (\(peer.number)) should be at \(peer.member.peer), not \(hello.speaker)")
    }

    /// An attempt has failed, or a dialled connection has ended before it was one.
    func dialEnded(_ peer: Peer, _ end: ConnectionEnd) {
        peer.state = .absent
        peer.lastEnd = end
        switch end {
        case .refused(let refusal): report(refusal, of: peer, byUs: false)
        case .refusing(let refusal): report(refusal, of: peer, byUs: true)
        case .notConnected, .lost, .closed: break
        }
        scheduleRetry(peer)
    }

    func scheduleRetry(_ peer: Peer) {
        guard peer.weDial, !isShutDown, case .absent = peer.state else { return }
        peer.retry?.cancel()
        let pause = peer.backoff.next()
        peer.retry = eventLoop.assumeIsolated().scheduleTask(in: pause.timeAmount) { self.dial(peer) }
    }
}

/// Connects, and adds what `makeConnection` makes as the channel's last handler. Must be called on the event loop.
func connect(
    to endpoint: Endpoint, on eventLoop: any EventLoop, settings: TransportSettings,
    _ makeConnection: @escaping () -> Connection
) -> EventLoopFuture<any Channel> {
    let make = NIOLoopBound(makeConnection, eventLoop: eventLoop)
    let bootstrap = ClientBootstrap(group: eventLoop)
        .connectTimeout(settings.connectTimeout.timeAmount)
        .channelOption(.socketOption(.tcp_nodelay), value: 1)
        .channelOption(.recvAllocator, value: settings.receiveAllocator)
        .channelOption(.writeBufferWaterMark, value: ConnectionOptions.waterMark)
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try settings.prepareChannel?(channel, .dialled)
                try channel.pipeline.syncOperations.addHandler(make.value())
            }
        }
    // An address needs no look-up, which would take another thread.
    if let address = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
        return bootstrap.connect(to: address)
    }
    return bootstrap.connect(host: endpoint.host, port: endpoint.port)
}
