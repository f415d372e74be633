// A client's connection with one node: hellos, then messages both ways, flushed at the end of the event loop's tick.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

/// Who a native connection belongs to. Calls come on its event loop, never from within its own functions.
public protocol NativeConnectionOwner: AnyObject {
    /// The node has accepted the hello: messages pass from now on.
    func connected(_ connection: NativeConnection, _ hello: Hello)
    /// Any message but hello and refused.
    func received(_ message: Message, on connection: NativeConnection)
    /// Exactly once after `connect`, the last call, unless `close` came before.
    func ended(_ connection: NativeConnection, _ end: ConnectionEnd)
}

/// One attempt at one connection; never used again after its end. Confined to its event loop.
public final class NativeConnection: @unchecked Sendable {
    public let endpoint: Endpoint
    private let tick: EndOfTick
    private let hello: Hello
    private let limits: Limits
    private let settings: TransportSettings
    private var owner: (any NativeConnectionOwner)?
    private var connection: Connection?
    private var isConnected = false

    /// - Parameters:
    ///   - tick: shared by all connections of the event loop.
    ///   - hello: the speaker is a client.
    ///   - settings: without a `problem`. `connectTimeout` and `helloTimeout` bound the attempt, and
    ///     `maxClientBacklogBytes` what may wait to be sent.
    public init(
        to endpoint: Endpoint, hello: Hello, tick: EndOfTick, limits: Limits = Limits(),
        settings: TransportSettings = TransportSettings(), owner: any NativeConnectionOwner
    ) {
        self.endpoint = endpoint
        self.hello = hello
        self.tick = tick
        self.limits = limits
        self.settings = settings
        self.owner = owner
    }

    public var eventLoop: any EventLoop { tick.eventLoop }

    /// Bytes that wait to be sent.
    public var backlogBytes: Int { connection?.backlogBytes ?? 0 }

    public var traffic: Traffic { connection?.traffic ?? Traffic() }

    /// Begins; once. `connected` or `ended` follows.
    public func connect() {
        eventLoop.preconditionInEventLoop()
        precondition(connection == nil, "connected twice")
        CoterieTransport.connect(to: endpoint, on: eventLoop, settings: settings) {
            let connection = Connection(side: .dialled, owner: self, tick: self.tick, settings: self.settings)
            self.connection = connection
            return connection
        }
        .whenFailure { error in self.end(.notConnected("\(self.endpoint): \(DialFailure.text(error))")) }
    }

    /// Sends at the end of the tick. False: certainly not sent, for want of a connection, or because more than
    /// `maxClientBacklogBytes` wait, or because the frame would exceed `Limits.maxFrameBytes`.
    public func send(_ message: Message) -> Bool {
        eventLoop.assertInEventLoop()
        guard isConnected, let connection else { return false }
        if case .accepted = connection.send(message) { return true }
        return false
    }

    /// Sends what waits and closes. Nothing is told any more.
    public func close() {
        eventLoop.preconditionInEventLoop()
        owner = nil
        isConnected = false
        connection?.drain(.closed)
    }

    private func end(_ end: ConnectionEnd) {
        isConnected = false
        let owner = owner
        self.owner = nil
        owner?.ended(self, end)
    }
}

extension NativeConnection: ConnectionOwner {
    func connectionOpened(_ connection: Connection) {
        guard owner != nil else { return connection.drain(.closed) }
        self.connection = connection
        _ = connection.send(.hello(hello))
        let timeout = settings.helloTimeout
        eventLoop.scheduleTask(in: timeout.timeAmount) { [weak self] in
            guard let self, !self.isConnected else { return }
            connection.refuse(Refusal(.malformed, "no hello within \(timeout)"))
        }
    }

    func connection(_ connection: Connection, received message: Message) {
        switch message {
        case .refused(let refusal): connection.finish(.refused(refusal))
        case .hello(let hello) where !isConnected:
            isConnected = true
            connection.raiseLimits(
                maxFrameBytes: limits.maxFrameBytes, maxBacklogBytes: settings.maxClientBacklogBytes, pauseBytes: nil)
            owner?.connected(self, hello)
        case .hello: connection.refuse(Refusal(.malformed, "a second hello"))
        default:
            guard isConnected else {
                return connection.refuse(Refusal(.malformed, "\(message.kind) before the hello"))
            }
            owner?.received(message, on: self)
        }
    }

    func connectionEnded(_ connection: Connection, _ end: ConnectionEnd) {
        // An attempt at one of several addresses that failed: the attempt as a whole says so.
        guard self.connection === connection, connection.wasOpened else { return }
        self.end(end)
    }
}
