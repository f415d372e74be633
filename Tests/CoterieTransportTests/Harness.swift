// Nodes on real loopback sockets, raw connections that say whatever they like, and waiting for what must come.

import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieWire
import Logging
import NIOCore
import NIOPosix
import Testing

/// Waits on an event loop until a condition holds, looked at whenever something happened there, and for what tells
/// nobody (statistics) every few milliseconds.
final class Conditions: @unchecked Sendable {
    let eventLoop: any EventLoop
    private var waiting: [(holds: () -> Bool, promise: EventLoopPromise<Void>)] = []

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func look() {
        waiting.removeAll { condition in
            guard condition.holds() else { return false }
            condition.promise.succeed()
            return true
        }
    }

    /// Fails the test after a minute.
    func wait(_ what: String, _ holds: @escaping @Sendable () -> Bool) async throws {
        let promise = eventLoop.makePromise(of: Void.self)
        let timeout = eventLoop.scheduleTask(in: .seconds(60)) { promise.fail(TimedOut(what: what)) }
        let regularly = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { _ in self.look()
        }
        eventLoop.execute { self.waiting.append((holds, promise)) }
        defer {
            timeout.cancel()
            regularly.cancel()
        }
        try await promise.futureResult.get()
    }

    struct TimedOut: Error { let what: String }
}

/// A node: a network and a record of what it was told. Answers as the test says.
final class TestNode: NetworkReceiver, @unchecked Sendable {
    enum Event: Equatable {
        case received(Message, MessageOrigin)
        case connected(MemberNumber, nonce: UInt64)
        case disconnected(MemberNumber)
        case refused(MemberNumber, Refusal.Reason, byUs: Bool)
        case clientGone(ConnectionID)
        case tickEnded
    }

    let eventLoop: any EventLoop
    let network: Network
    let conditions: Conditions
    var events: [Event] = []
    var respond: ((TestNode, Message, MessageOrigin) -> Void)?
    private(set) var endpoint = Endpoint(host: "", port: 0)

    init(
        _ number: UInt32, nonce: UInt64 = 1, layout: Layout, limits: Limits = Limits(),
        settings: TransportSettings = .testing
    ) {
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let name = layout.member(MemberNumber(number))?.name ?? ""
        conditions = Conditions(eventLoop)
        network = Network(
            eventLoop: eventLoop, local: LocalMember(number: MemberNumber(number), name: name, nonce: nonce),
            layout: layout, limits: limits, settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs on the node's event loop.
    func run<T: Sendable>(_ body: @escaping @Sendable (TestNode) throws -> T) async throws -> T {
        try await eventLoop.submit { try body(self) }.get()
    }

    func listen() async throws -> Endpoint {
        endpoint = try await eventLoop.flatSubmit { self.network.listen() }.get()
        return endpoint
    }

    func start() async throws {
        endpoint = try await eventLoop.flatSubmit { self.network.start(receiver: self) }.get()
    }

    func stop(graceful: Bool = false) async throws {
        try await eventLoop.flatSubmit { self.network.shutdown(graceful: graceful) }.get()
    }

    func wait(_ what: String, _ holds: @escaping @Sendable (TestNode) -> Bool) async throws {
        try await conditions.wait(what) { holds(self) }
    }

    func waitFor(_ event: Event) async throws { try await wait("\(event)") { $0.events.contains(event) } }

    func statistics() async throws -> NetworkStatistics { try await run { $0.network.statistics } }

    /// The messages that were received, without who from.
    var messages: [Message] {
        events.compactMap { if case .received(let message, _) = $0 { message } else { nil } }
    }

    private func record(_ event: Event) {
        eventLoop.preconditionInEventLoop()
        events.append(event)
        conditions.look()
    }

    func received(_ message: Message, from origin: MessageOrigin) {
        respond?(self, message, origin)
        record(.received(message, origin))
    }
    func memberConnected(_ member: MemberNumber, hello: Hello) {
        guard case .member(member, _, let nonce) = hello.speaker else {
            Issue.record("\(member) said \(hello)")
            return
        }
        record(.connected(member, nonce: nonce))
    }
    func memberDisconnected(_ member: MemberNumber, _ end: ConnectionEnd) { record(.disconnected(member)) }
    func memberRefused(_ member: MemberNumber, _ refusal: Refusal, byUs: Bool) {
        record(.refused(member, refusal.reason, byUs: byUs))
    }
    func clientDisconnected(_ connection: ConnectionID) { record(.clientGone(connection)) }
    func tickEnded() { record(.tickEnded) }
}

/// A connection without manners: says bytes, keeps what it hears.
final class RawConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private(set) var heard: [Message] = []
    private(set) var isClosed = false
    private var decoder = FrameDecoder(maxFrameBytes: 128 << 20)
    private var context: ChannelHandlerContext?
    let conditions: Conditions

    private init(_ conditions: Conditions) { self.conditions = conditions }

    static func connect(to endpoint: Endpoint, reading: Bool = true) async throws -> RawConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let raw = RawConnection(Conditions(eventLoop))
        let bootstrap = ClientBootstrap(group: eventLoop).channelOption(.autoRead, value: reading)
        _ = try await (reading ? bootstrap : bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 65_536))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(raw) }
            }
            .connect(host: endpoint.host, port: endpoint.port).get()
        return raw
    }

    func say(_ messages: Message...) async throws {
        var bytes = ByteBuffer()
        for message in messages { message.encode(into: &bytes) }
        try await say(bytes)
    }

    func say(_ bytes: ByteBuffer) async throws {
        try await conditions.eventLoop.submit { self.context?.writeAndFlush(NIOAny(bytes), promise: nil) }.get()
    }

    /// Reads from now on.
    func read() async throws {
        try await conditions.eventLoop.submit {
            try self.context?.channel.syncOptions?.setOption(.autoRead, value: true)
        }.get()
    }

    func close() async throws { try await conditions.eventLoop.submit { self.context?.close(promise: nil) }.get() }

    /// Throws where the connection ends first.
    func wait(_ what: String, _ holds: @escaping @Sendable (RawConnection) -> Bool) async throws {
        try await conditions.wait(what) { holds(self) || self.isClosed }
        let (held, last) = try await conditions.eventLoop.submit { (holds(self), self.heard.last) }.get()
        if !held { throw Ended(instead: what, last: last) }
    }

    struct Ended: Error {
        let instead: String
        let last: Message?
    }

    func waitForEnd() async throws -> [Message] {
        try await wait("the end of the connection") { $0.isClosed }
        return try await conditions.eventLoop.submit { self.heard }.get()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        decoder.append(unwrapInboundIn(data))
        do {
            while let frame = try decoder.next() { heard.append(try Message.decode(frame)) }
        } catch {
            Issue.record("heard nonsense: \(error)")
        }
        conditions.look()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        self.context = nil
        conditions.look()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

extension TransportSettings {
    /// Any free port of loopback, little pause before another attempt, and more patience with a test than any test
    /// needs: on a busy machine seconds pass between two of its lines. A test that is about patience sets its own.
    static var testing: TransportSettings {
        var settings = TransportSettings()
        settings.listen = Endpoint(host: "127.0.0.1", port: 0)
        settings.connectTimeout = .seconds(300)
        settings.helloTimeout = .seconds(600)
        settings.probeTimeout = .seconds(300)
        settings.lingerTimeout = .seconds(60)
        settings.reconnectInitial = .milliseconds(1)
        settings.reconnectMax = .milliseconds(20)
        return settings
    }
}

/// Members 1 … n, listening where they say.
func testLayout(_ endpoints: [Endpoint], epoch: UInt64 = 1, cluster: String = "test", key: UInt64 = 1) throws -> Layout
{
    let members = endpoints.enumerated().map { index, endpoint in
        Member(
            number: MemberNumber(UInt32(index + 1)), name: "n\(index + 1)", peer: endpoint,
            http: Endpoint(host: "127.0.0.1", port: 8_000 + index))
    }
    return try Layout(
        clusterName: cluster, hashKey: HashKey(key, key), epoch: Epoch(epoch), partitionCount: 1, replicas: 1,
        members: members, bucketTypes: [BucketType(name: "default", n: 1, kind: .siblings)], owners: [MemberNumber(1)])
}

/// A layout whose members are nowhere yet.
func nowhere(_ count: Int) throws -> Layout {
    try testLayout((1 ... count).map { Endpoint(host: "127.0.0.1", port: $0) })
}

/// Nodes 1 … n that know each other's ports, not started.
func testNodes(
    _ count: Int, limits: Limits = Limits(), settings: TransportSettings = .testing
) async throws -> [TestNode] {
    let provisional = try nowhere(count)
    let nodes = (1 ... count).map {
        TestNode(UInt32($0), nonce: UInt64($0), layout: provisional, limits: limits, settings: settings)
    }
    var endpoints: [Endpoint] = []
    for node in nodes { endpoints.append(try await node.listen()) }
    let layout = try testLayout(endpoints)
    for node in nodes { try await node.run { $0.network.updateLayout(layout) } }
    return nodes
}

extension Message {
    static func heartbeat(_ sequence: UInt64, isReply: Bool = false) -> Message {
        .heartbeat(Heartbeat(sequence: sequence, isReply: isReply, epoch: Epoch(1)))
    }

    static func get(_ sequence: UInt64) -> Message {
        let key = ObjectKey(type: "default", bucket: "b", key: "k\(sequence)")
        return .request(
            Request(
                id: RequestID(origin: 1, sequence: sequence), epoch: Epoch(0), timeLeft: .seconds(1),
                request: ClientRequest(key: key, operation: .get)))
    }

    /// The answer to `get`, with a message of `size` bytes.
    static func answer(_ sequence: UInt64, size: Int = 0) -> Message {
        let failure = Failure(.timeout, String(repeating: "x", count: size))
        let receipt = Receipt(coordinator: MemberNumber(1), epoch: Epoch(1))
        return .response(
            Response(
                id: RequestID(origin: 1, sequence: sequence),
                reply: ClientReply(result: .failed(failure), receipt: receipt)))
    }

    static func helloClient(cluster: String = "") -> Message {
        .hello(Hello(clusterName: cluster, speaker: .client(name: "raw"), epoch: Epoch(0), layoutDigest: 0))
    }

    static func helloMember(_ number: UInt32, nonce: UInt64, _ layout: Layout) -> Message {
        let speaker = Hello.Speaker.member(number: MemberNumber(number), name: "n\(number)", nonce: nonce)
        return .hello(
            Hello(clusterName: "test", speaker: speaker, epoch: layout.epoch, layoutDigest: layout.digest))
    }

    var sequence: UInt64? {
        switch self {
        case .request(let request): request.id.sequence
        case .response(let response): response.id.sequence
        case .heartbeat(let heartbeat): heartbeat.sequence
        default: nil
        }
    }
}

extension [Message] {
    var refusal: Refusal? {
        for case .refused(let refusal) in self { return refusal }
        return nil
    }
}
