// The real world of a client: connections of CoterieTransport, the clock and timers of an event loop.

import CoterieClientMachine
import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieWire
import Logging
import NIOCore

extension LoopClient {
    /// A client over TCP. May be made on any thread; everything else happens on `eventLoop`.
    /// - Parameters:
    ///   - seeds: at least one.
    ///   - settings: without a `problem`, and `limits` too.
    public convenience init(
        seeds: [Endpoint], clusterName: String? = nil, settings: ClientSettings = ClientSettings(),
        limits: Limits = Limits(), eventLoop: any EventLoop,
        logger: Logger = Logger(label: "coterie.client", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        let network = TransportNetwork(eventLoop: eventLoop, limits: limits, connectTimeout: settings.connectTimeout)
        self.init(
            settings: settings, seeds: seeds, clusterName: clusterName, limits: limits,
            origin: UInt64.random(in: 1 ... .max), network: network, logger: logger)
    }
}

/// Makes connections on one event loop. Confined to it.
final class TransportNetwork: ClientNetwork {
    let eventLoop: any EventLoop
    private let tick: EndOfTick
    private let limits: Limits
    private var settings = TransportSettings()

    init(eventLoop: any EventLoop, limits: Limits, connectTimeout: TimeSpan) {
        self.eventLoop = eventLoop
        self.limits = limits
        tick = EndOfTick(eventLoop: eventLoop)
        // The machine's own timer bounds the whole attempt; these are never reached before it.
        settings.connectTimeout = max(settings.connectTimeout, connectTimeout * 2)
        settings.helloTimeout = max(settings.helloTimeout, connectTimeout * 2)
    }

    var now: Now {
        // The wall clock decides nothing in a client.
        Now(
            monotonic: Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)),
            wall: WallTime(milliseconds: 0))
    }

    func connect(_ endpoint: Endpoint, _ hello: Hello, _ receiver: LinkReceiver) -> any ClientLink {
        let link = TransportLink(receiver)
        let connection = NativeConnection(
            to: endpoint, hello: hello, tick: tick, limits: limits, settings: settings, owner: link)
        link.connection = connection
        connection.connect()
        return link
    }

    func schedule(at instant: Instant, _ body: @escaping () -> Void) -> Scheduled<Void> {
        let deadline = NIODeadline.uptimeNanoseconds(UInt64(max(0, instant.nanoseconds)))
        return eventLoop.assumeIsolated().scheduleTask(deadline: deadline, body)
    }
}

/// One connection, telling the machine of itself.
private final class TransportLink: ClientLink, NativeConnectionOwner {
    private let receiver: LinkReceiver
    var connection: NativeConnection?

    init(_ receiver: LinkReceiver) { self.receiver = receiver }

    func send(_ message: Message) -> Bool { connection?.send(message) ?? false }

    func close() {
        connection?.close()
        connection = nil
    }

    func connected(_ connection: NativeConnection, _ hello: Hello) { receiver.up(hello) }

    func received(_ message: Message, on connection: NativeConnection) { receiver.received(message) }

    func ended(_ connection: NativeConnection, _ end: ConnectionEnd) {
        self.connection = nil
        receiver.down(LinkFailure(end, of: connection.endpoint))
    }
}

extension LinkFailure {
    /// The endpoint is named where the failure is shown; once is enough.
    init(_ end: ConnectionEnd, of endpoint: Endpoint) {
        let prefix = "\(endpoint): "
        self =
            switch end {
            case .notConnected(let text):
                .notConnected(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
            case .refused(let refusal): .refused(refusal)
            case .refusing(let refusal): .lost(refusal.text)
            case .lost(let text): .lost(text)
            case .closed: .lost("closed")
            }
    }
}
