// Nodes that speak the real protocol over real sockets and keep their objects in one dictionary, as if replication took
// no time. What a node does with a request can be replaced, so that tests can make it refuse, be silent, or die.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieTypes
import CoterieWire
import Logging
import NIOCore
import NIOPosix

/// Confined to its event loop; the functions called by tests hop there.
final class ToyCluster: @unchecked Sendable {
    /// What a node does with a request.
    enum Conduct {
        case serve
        case fail(ErrorCode, Failure.Outcome)
        case beSilent
        /// Does what it was asked and is killed before it answers.
        case applyAndDie
    }

    let eventLoop: any EventLoop
    private(set) var layout: Layout
    private(set) var endpoints: [Endpoint] = []
    private var nodes: [ToyNode?] = []
    fileprivate var objects: [ObjectKey: CausalObject] = [:]
    fileprivate var counter: UInt64 = 0
    fileprivate var conduct: @Sendable (Int, Request) -> Conduct = { _, _ in .serve }
    fileprivate var served: [Int: Int] = [:]
    private var lives: UInt64 = 100

    static let name = "toys"

    private init(eventLoop: any EventLoop, layout: Layout) {
        self.eventLoop = eventLoop
        self.layout = layout
    }

    static func start(nodes count: Int = 3) async throws -> ToyCluster {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let cluster = ToyCluster(eventLoop: loop, layout: try layout(epoch: 1, ports: Array(40_001 ... 40_000 + count)))
        // Free ports first, then the layout that names them.
        let networks = try await loop.submit { (0 ..< count).map { cluster.network($0, port: 0) } }.get()
        var bound: [Int] = []
        for network in networks {
            let endpoint = try await loop.flatSubmit { network.listen() }.get()
            bound.append(endpoint.port)
        }
        let ports = bound
        let real = try layout(epoch: 2, ports: ports)
        try await loop.submit {
            cluster.layout = real
            cluster.endpoints = ports.map { Endpoint(host: "127.0.0.1", port: $0) }
            for (index, network) in networks.enumerated() {
                network.updateLayout(real)
                let node = ToyNode(cluster, index, network)
                cluster.nodes.append(node)
                _ = network.start(receiver: node)
            }
        }.get()
        return cluster
    }

    private static func layout(epoch: UInt64, ports: [Int]) throws -> Layout {
        let members = ports.enumerated().map { index, port in
            Member(
                number: MemberNumber(UInt32(index + 1)), name: "n\(index + 1)",
                peer: Endpoint(host: "127.0.0.1", port: port), http: Endpoint(host: "127.0.0.1", port: 1_000 + index))
        }
        let first = try Layout(
            first: ClusterDefinition(
                name: name, partitions: 16, replicas: min(3, ports.count), members: members,
                bucketTypes: bucketTypes(replicas: min(3, ports.count))))
        return try Layout(
            clusterName: name, hashKey: first.hashKey, epoch: Epoch(epoch), partitionCount: 16,
            replicas: first.replicas, members: members, bucketTypes: first.bucketTypes, owners: first.owners)
    }

    /// Those of every cluster, and one of each replicated type that these have not.
    private static func bucketTypes(replicas: Int) -> [BucketType] {
        var types = ClusterDefinition.standardBucketTypes(replicas: replicas)
        let wanted = [
            ("counters", "counter"), ("sets", "set"), ("maps", "map"), ("gsets", "gset"), ("hlls", "hll"),
            ("flags", "flag"), ("registers", "register"), ("maxima", "max"), ("minima", "min"),
            ("bcounters", "bcounter"),
        ]
        for (name, kind) in wanted where !types.contains(where: { $0.name == name }) {
            types.append(BucketType(name: name, n: replicas, kind: TypeKind(rawValue: kind)))
        }
        return types
    }

    private func network(_ index: Int, port: Int) -> Network {
        var settings = TransportSettings()
        settings.listen = Endpoint(host: "127.0.0.1", port: port)
        lives += 1
        let local = LocalMember(
            number: MemberNumber(UInt32(index + 1)), name: "n\(index + 1)", nonce: lives)
        return Network(
            eventLoop: eventLoop, local: local, layout: layout, settings: settings,
            logger: Logger(label: "toy", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func conducts(_ conduct: @escaping @Sendable (Int, Request) -> Conduct) async throws {
        try await eventLoop.submit { self.conduct = conduct }.get()
    }

    func kill(_ index: Int) async throws {
        try await eventLoop.flatSubmit { self.killNow(index) }.get()
    }

    @discardableResult
    fileprivate func killNow(_ index: Int) -> EventLoopFuture<Void> {
        guard let node = nodes[index] else { return eventLoop.makeSucceededVoidFuture() }
        nodes[index] = nil
        return node.network.shutdown(graceful: false)
    }

    /// Back at its address, in a new life.
    func restart(_ index: Int) async throws {
        _ = try await eventLoop.flatSubmit {
            let network = self.network(index, port: self.endpoints[index].port)
            let node = ToyNode(self, index, network)
            self.nodes[index] = node
            return network.start(receiver: node)
        }.get()
    }

    func stop() async throws {
        for index in nodes.indices { try await kill(index) }
    }

    /// How many requests each node has served.
    func counts() async throws -> [Int: Int] { try await eventLoop.submit { self.served }.get() }

    func value(of key: ObjectKey) async throws -> [String] {
        try await eventLoop.submit {
            (self.objects[key]?.siblings ?? []).compactMap {
                (try? Content(decoding: $0.payload)).map { String(buffer: $0.value) }
            }
        }.get()
    }
}

private final class ToyNode: NetworkReceiver, @unchecked Sendable {
    let cluster: ToyCluster
    let index: Int
    let network: Network
    var remembered: [RequestID: ClientReply] = [:]

    init(_ cluster: ToyCluster, _ index: Int, _ network: Network) {
        self.cluster = cluster
        self.index = index
        self.network = network
    }

    func received(_ message: Message, from origin: MessageOrigin) {
        guard case .client(let client) = origin else { return }
        switch message {
        case .layoutRequest:
            _ = network.send(.layoutReply(LayoutReply(layout: cluster.layout.encoded())), to: client)
        case .request(let request):
            guard let reply = reply(to: request) else { return }
            _ = network.send(.response(Response(id: request.id, reply: reply)), to: client)
        default: break
        }
    }

    private func reply(to request: Request) -> ClientReply? {
        cluster.served[index, default: 0] += 1
        if let known = remembered[request.id] { return known }
        let receipt = Receipt(coordinator: network.local.number, epoch: cluster.layout.epoch, met: 2)
        switch cluster.conduct(index, request) {
        case .serve:
            let reply = ClientReply(result: apply(request.request), receipt: receipt)
            remembered[request.id] = reply
            return reply
        case .fail(let code, let outcome):
            return ClientReply(result: .failed(Failure(code, "told to", outcome: outcome)), receipt: receipt)
        case .beSilent: return nil
        case .applyAndDie:
            _ = apply(request.request)
            cluster.killNow(index)
            return nil
        }
    }

    private func apply(_ request: ClientRequest) -> ClientResult {
        var object = cluster.objects[request.key] ?? CausalObject()
        if request.operation == .get { return .object(object) }
        if case .delete(nil, _) = request.operation, object.siblings.isEmpty { return .object(object) }
        cluster.counter += 1
        let incarnation = Incarnation(nonce: network.local.nonce)
        let dot = Dot(ReplicaID(member: network.local.number, incarnation: incarnation), cluster.counter)
        switch request.operation {
        case .get: break
        case .put(var content, let context, _):
            content.written = HybridTime(milliseconds: Int64(cluster.counter))
            object.write(dot: dot, payload: content.encoded(), observed: context ?? VersionVector())
        case .update(let operation, let context, let id):
            let kind = cluster.layout.bucketType(named: request.key.type)?.kind.rawValue ?? ""
            let occasion = Occasion(
                minter: dot.replica, observed: context, now: WallTime(milliseconds: Int64(cluster.counter)), id: id)
            do {
                let event = try TypeRegistry.builtIn[kind].event(of: operation, on: object, first: dot, occasion)
                guard let event else { break }
                cluster.counter += UInt64(event.run.count - 1)
                object.apply(event)
            } catch {
                return .failed(Failure(.operationRefused, "\(error)"))
            }
        case .delete(let context, _): object.write(dot: dot, payload: nil, observed: context ?? object.context)
        }
        cluster.objects[request.key] = object
        return .stored(context: object.context, object: request.options.returnBody ? object : nil)
    }

    func memberConnected(_ member: MemberNumber, hello: Hello) {}
    func memberDisconnected(_ member: MemberNumber, _ end: ConnectionEnd) {}
    func clientDisconnected(_ connection: ConnectionID) {}
    func tickEnded() {}
}
