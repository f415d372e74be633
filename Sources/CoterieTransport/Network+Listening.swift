// Inbound connections: who may come in, and as what.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Logging
import NIOCore
import NIOPosix

extension Network {
    /// Binds the endpoint that other members know, or `TransportSettings.listen`; port 0 takes a free one.
    /// - Returns: where it listens; fails with `ListenError`.
    public func listen() -> EventLoopFuture<Endpoint> {
        eventLoop.preconditionInEventLoop()
        guard let wanted = settings.listen ?? layout.member(local.number)?.peer else {
            preconditionFailure("\(local.number) is not in the layout")
        }
        let settings = settings
        return ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: settings.receiveAllocator)
            .childChannelOption(.writeBufferWaterMark, value: ConnectionOptions.waterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try settings.prepareChannel?(channel, .accepted)
                    let connection = Connection(side: .accepted, owner: self, tick: self.tick, settings: settings)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .bind(host: wanted.host, port: wanted.port)
            .flatMapErrorThrowing { throw ListenError(host: wanted.host, port: wanted.port, $0) }
            .map { channel in
                self.listener = channel
                return self.endpoint(of: channel)
            }
    }

    func endpoint(of channel: any Channel) -> Endpoint {
        let address = channel.localAddress
        return Endpoint(host: address?.ipAddress ?? "", port: address?.port ?? 0)
    }

    /// Somebody connected. It has until the hello's deadline to say who it is.
    func greetStranger(_ connection: Connection) {
        // Before the start there is nobody to tell of a member: it tries again.
        guard !isShutDown, receiver != nil else { return connection.drain(.closed) }
        guard strangers.count < settings.maxInboundConnections else {
            refusedCount += 1
            return connection.refuse(Refusal(.tooManyConnections, "too many connections to \(local.name)"))
        }
        strangers[ObjectIdentifier(connection)] = connection
        awaitHello(connection)
    }

    /// The first message of an inbound connection.
    func admit(_ connection: Connection, _ hello: Hello) {
        if isCut(hello) { return connection.doom(Self.cutEnd) }
        if let objection = Handshake(local: local, layout: layout).objection(to: hello) {
            return turnAway(connection, hello, objection)
        }
        switch hello.speaker {
        case .client: admitClient(connection, hello)
        case .member(let number, _, let nonce):
            guard let peer = peers[number] else {
                return turnAway(connection, hello, Refusal(.unknownMember, "\(number) is not in the layout"))
            }
            admitMember(peer, connection, hello, nonce: nonce)
        }
    }

    private func admitClient(_ connection: Connection, _ hello: Hello) {
        guard clients.count < settings.maxInboundConnections else {
            let objection = Refusal(.tooManyConnections, "\(local.name) has \(clients.count) clients already")
            return turnAway(connection, hello, objection)
        }
        lastClient += 1
        let id = ConnectionID(rawValue: lastClient)
        strangers[ObjectIdentifier(connection)] = nil
        clients[id] = connection
        connection.identity = .client(id)
        connection.raiseLimits(
            maxFrameBytes: limits.maxFrameBytes, maxBacklogBytes: settings.maxClientBacklogBytes,
            pauseBytes: settings.pauseClientBytes)
        if faults != nil, case .client(let name) = hello.speaker {
            connection.clientName = name
            applyFaults(to: connection, faultPeer(ofClient: name))
        }
        _ = connection.send(.hello(local.hello(layout)))
        logger.debug("client connected", metadata: ["client": "\(id)", "address": "\(connection.remoteAddress)"])
    }

    private func admitMember(_ peer: Peer, _ connection: Connection, _ hello: Hello, nonce: UInt64) {
        guard !peer.weDial else {
            let objection = Refusal(.malformed, "of two members the smaller number dials: \(local.name) dials, not you")
            return turnAway(connection, hello, objection)
        }
        switch peer.state {
        case .absent: establish(peer, connection, hello, nonce: nonce)
        case .connected(let bearer, let bearersNonce):
            challenge(bearer, of: peer, bearersNonce: bearersNonce, by: connection, hello, nonce: nonce)
        case .dialling, .greeting, .removed:
            preconditionFailure("\(peer.number) dials us, and is in the state of one that we dial: \(peer.state)")
        }
    }

    /// Refuses an inbound connection.
    func turnAway(_ connection: Connection, _ hello: Hello, _ objection: Refusal) {
        refusedCount += 1
        connection.refuse(objection)
        if case .member(let number, _, _) = hello.speaker, let peer = peers[number] {
            report(objection, of: peer, byUs: true)
        } else {
            logger.debug(
                "refused an inbound connection",
                metadata: ["address": "\(connection.remoteAddress)", "reason": "\(objection.text)"])
        }
    }

    /// An inbound connection that is no member's has ended.
    func strangerEnded(_ connection: Connection, _ end: ConnectionEnd) {
        if case .refusing(let refusal) = end, refusal.reason == .malformed {
            malformedCount += 1
            logger.warning(
                "closed a connection that does not speak the protocol",
                metadata: ["address": "\(connection.remoteAddress)", "reason": "\(refusal.text)"])
        }
    }
}

/// Options that all channels share.
enum ConnectionOptions {
    /// A channel that holds more than the upper mark gets no more until it holds less than the lower.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)
}

extension TransportSettings {
    var receiveAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 16_384, maximum: max(readBytes, 16_384))
    }
}
