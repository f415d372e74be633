// The client's end: connected, refused, lost, never there.

import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieWire
import NIOCore
import NIOPosix
import Testing

/// A client that keeps what it is told.
private final class TestClient: NativeConnectionOwner, @unchecked Sendable {
    let tick = EndOfTick(eventLoop: MultiThreadedEventLoopGroup.singleton.next())
    let conditions: Conditions
    private(set) var hello: Hello?
    private(set) var received: [Message] = []
    private(set) var end: ConnectionEnd?
    private(set) var connection: NativeConnection?

    init() { conditions = Conditions(tick.eventLoop) }

    func connect(to endpoint: Endpoint, cluster: String = "") async throws {
        try await tick.eventLoop.submit {
            let hello = Hello(clusterName: cluster, speaker: .client(name: "test"), epoch: Epoch(0), layoutDigest: 0)
            let connection = NativeConnection(
                to: endpoint, hello: hello, tick: self.tick, settings: .testing, owner: self)
            #expect(!connection.send(.get(0)), "not before the hellos")
            self.connection = connection
            connection.connect()
        }.get()
    }

    func wait(_ what: String, _ holds: @escaping @Sendable (TestClient) -> Bool) async throws {
        try await conditions.wait(what) { holds(self) }
    }

    func connected(_ connection: NativeConnection, _ hello: Hello) {
        self.hello = hello
        conditions.look()
    }
    func received(_ message: Message, on connection: NativeConnection) {
        received.append(message)
        conditions.look()
    }
    func ended(_ connection: NativeConnection, _ end: ConnectionEnd) {
        #expect(self.end == nil, "ended twice")
        self.end = end
        conditions.look()
    }
}

struct NativeConnectionTests {
    private func node() async throws -> TestNode {
        let node = TestNode(1, layout: try nowhere(1))
        try await node.run {
            $0.respond = { node, message, origin in
                guard case .client(let id) = origin else { return }
                _ = node.network.send(.answer(message.sequence ?? 0), to: id)
            }
        }
        try await node.start()
        return node
    }

    @Test func requestsAreAnsweredInOrder() async throws {
        let node = try await node()
        let client = TestClient()
        try await client.connect(to: node.endpoint)
        try await client.wait("the hello") { $0.hello?.epoch == Epoch(1) }
        try await client.tick.eventLoop.submit {
            for sequence in 0 ..< UInt64(1_000) { #expect(client.connection?.send(.get(sequence)) == true) }
        }.get()
        try await client.wait("the answers") { $0.received.count == 1_000 }
        let answers = try await client.tick.eventLoop.submit { client.received.compactMap(\.sequence) }.get()
        #expect(answers == Array(0 ..< 1_000))
        let flushes = try await client.tick.eventLoop.submit { client.connection?.traffic.flushes }.get()
        #expect(flushes == 2, "one for the hello, one for the burst")

        try await client.tick.eventLoop.submit { client.connection?.close() }.get()
        try await node.waitFor(.clientGone(ConnectionID(rawValue: 1)))
        #expect(try await client.tick.eventLoop.submit { client.end }.get() == nil, "who closes knows")
        try await node.stop()
    }

    @Test func aRefusalIsHandedOn() async throws {
        let node = try await node()
        let client = TestClient()
        try await client.connect(to: node.endpoint, cluster: "elsewhere")
        try await client.wait("the refusal") {
            if case .refused(let refusal) = $0.end { refusal.reason == .wrongCluster } else { false }
        }
        try await node.stop()
    }

    @Test func aLostNodeIsTold() async throws {
        let node = try await node()
        let client = TestClient()
        try await client.connect(to: node.endpoint)
        try await client.wait("the hello") { $0.hello != nil }
        try await node.stop()
        try await client.wait("the loss") { if case .lost = $0.end { true } else { false } }
        #expect(try await client.tick.eventLoop.submit { client.connection?.send(.get(1)) }.get() == false)
    }

    @Test func aNodeThatIsNotThereIsTold() async throws {
        let node = try await node()
        let endpoint = node.endpoint
        try await node.stop()
        let client = TestClient()
        try await client.connect(to: endpoint)
        try await client.wait("the failure") { if case .notConnected = $0.end { true } else { false } }
    }
}
