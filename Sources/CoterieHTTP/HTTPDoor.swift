// The HTTP door: Riak's conventions on Hummingbird's server. It takes requests off connections, gives them to `Routes`,
// and writes what comes back. No router: `Target` splits paths before it decodes them.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A node's HTTP server. `run` once.
public struct HTTPDoor: Sendable {
    /// What an operator may set about connections. Configuration section `http`.
    public struct Settings: Hashable, Sendable {
        /// Connections at once; further ones wait to be accepted.
        public var maxConnections = 8_192
        /// Bytes of one header field, and of all headers of a request with its path.
        public var maxHeaderBytes = 256 << 10
        public var maxHeaderFields = 1_000
        /// Bytes that the bodies of all requests in progress may take together.
        public var maxBodyBytes = 512 << 20
        /// A connection that sends no whole request head for so long is closed.
        public var idleTimeout = TimeSpan.seconds(60)
        /// A body must be there within this time from its first byte asked for.
        public var bodyTimeout = TimeSpan.seconds(120)
        /// How long what a client still sends is taken and thrown away behind an answer that ends the connection.
        public var lingerTimeout = TimeSpan.seconds(2)
        /// How long requests in progress may take once the door stops.
        public var stopTimeout = TimeSpan.seconds(10)

        public init() {}
    }

    private let gateway: any NodeGateway
    private let bind: Endpoint
    private let settings: Settings
    private let group: any EventLoopGroup
    private let logger: Logger
    private let drawName: @Sendable () -> String

    /// - Parameters:
    ///   - bind: where to listen; port 0 takes a free one.
    ///   - group: the event loops of its connections.
    public init(
        gateway: any NodeGateway, bind: Endpoint, settings: Settings = Settings(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
    ) {
        self.init(
            gateway: gateway, bind: bind, settings: settings, group: group, logger: logger,
            drawName: { base62(UInt128.random(in: .min ... .max)) })
    }

    /// With a source of names of the caller's, for tests.
    init(
        gateway: any NodeGateway, bind: Endpoint, settings: Settings, group: any EventLoopGroup, logger: Logger,
        drawName: @escaping @Sendable () -> String
    ) {
        self.gateway = gateway
        self.bind = bind
        self.settings = settings
        self.group = group
        self.logger = logger
        self.drawName = drawName
    }

    /// Serves until its task is cancelled or a graceful shutdown is asked for; then takes no new requests, lets those
    /// in progress end, and returns; after `stopTimeout` at the latest, with the connections of those that have not
    /// ended closed.
    ///
    /// - Parameter onListening: called once, when connections are taken, with the address and its real port.
    /// - Throws: `HTTPDoorError` where it cannot listen.
    public func run(onListening: @escaping @Sendable (Endpoint) async -> Void = { _ in }) async throws {
        let registry = ConnectionRegistry()
        let application = application(registry, onListening)
        let ending = Ending()
        let serving = Task {
            do {
                ending.end(.success(try await application.run()))
            } catch {
                ending.end(.failure(error))
            }
        }
        let stopTimeout = settings.stopTimeout
        do {
            try await withTaskCancellationHandler {
                try await ending.wait()
            } onCancel: {
                registry.stop()
                Task {
                    try? await Task.sleep(for: .nanoseconds(stopTimeout.nanoseconds))
                    registry.closeAll()
                    serving.cancel()
                    ending.end(.success(()))
                }
            }
        } catch {
            // The server says that it ended before it was told to; it was told by closing its listening channel.
            if registry.isStopping { return }
            throw HTTPDoorError(bind: bind, error)
        }
    }

    private func application(
        _ registry: ConnectionRegistry, _ onListening: @escaping @Sendable (Endpoint) async -> Void
    ) -> Application<DoorResponder> {
        let bind = bind
        var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
        decoder.maxHeaderFieldSize = settings.maxHeaderBytes
        decoder.maxHeaderListSize = settings.maxHeaderBytes
        decoder.maxHeaderFieldCount = settings.maxHeaderFields
        var quiet = logger
        // The server tells at `info` that it listens; who runs the door tells that with the node's readiness.
        if quiet.logLevel < .notice { quiet.logLevel = .notice }
        return Application(
            responder: DoorResponder(
                routes: Routes(gateway: gateway, drawName: drawName), settings: settings, registry: registry,
                budget: BodyBudget(limit: settings.maxBodyBytes)),
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [RegisteringHandler(registry)],
                    idleTimeout: .nanoseconds(settings.idleTimeout.nanoseconds), httpDecoderConfiguration: decoder)),
            configuration: ApplicationConfiguration(
                address: .hostname(bind.host, port: bind.port), serverName: "Coterie", backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(settings.maxConnections, logger: quiet)),
            onServerRunning: { channel in
                registry.listen(on: channel)
                await onListening(Endpoint(host: bind.host, port: channel.localAddress?.port ?? bind.port))
            },
            eventLoopGroupProvider: .shared(group), logger: quiet)
    }
}

/// Why the door does not open.
public struct HTTPDoorError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        case addressInUse
        case addressNotHere
        case notPermitted
        case other(String)
    }

    public let bind: Endpoint
    public let reason: Reason

    init(bind: Endpoint, _ error: any Error) {
        self.bind = bind
        reason =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL: .addressNotHere
            case EACCES, EPERM: .notPermitted
            default: .other(String(describing: error))
            }
    }

    public var description: String {
        switch reason {
        case .addressInUse: "cannot serve HTTP at \(bind): another process listens there"
        case .addressNotHere: "cannot serve HTTP at \(bind): this machine does not have the address"
        case .notPermitted: "cannot serve HTTP at \(bind): not permitted; ports below 1024 need privileges"
        case .other(let text): "cannot serve HTTP at \(bind): \(text)"
        }
    }
}
