// A node in memory with the real semantics of causal objects, one copy of each key, and as many of its replicas
// "reachable" as a test says: enough to reach every answer of the door without a cluster.

import CoterieCausality
import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieTypes
import CoterieWire
import NIOCore
import Synchronization

final class FakeNode: NodeGateway {
    struct State {
        var objects: [ObjectKey: CausalObject] = [:]
        var overrides: [ByteBuffer: BucketProperties] = [:]
        var nextCounter: UInt64 = 1
        /// Milliseconds; each write is a second and a quarter later than the one before it.
        var clock: Int64 = 1_767_322_800_000
        var reachable = 3
        /// Answered instead of the next request's own result.
        var nextFailure: Failure?
        var requests: [ClientRequest] = []
        var durability = "fsync"
        var faults = FaultTable()
        var merges: [ReplicaView.Merge] = []
        /// Requests wait until this is called.
        var gate: Gate?
    }

    let member = MemberNumber(1)
    let layout: Layout
    let limits: Limits
    let state: Mutex<State>
    let allowsFaults: Bool
    static let incarnation = Incarnation(nonce: 0x0123_4567_89ab_cdef)

    /// - Parameter types: a program's own ones beside the built-in ones; each has a bucket type of its name.
    init(
        limits: Limits = Limits(), defaultKind: TypeKind = .siblings, allowsFaults: Bool = false,
        types: TypeRegistry = .builtIn
    ) {
        self.allowsFaults = allowsFaults
        self.types = types
        let own = types.names.filter { !TypeRegistry.builtIn.names.contains($0) }
            .map { BucketType(name: $0, n: 3, kind: TypeKind(rawValue: $0)) }
        let members = (1 ... 5).map { number in
            Member(
                number: MemberNumber(UInt32(number)), name: "n\(number)", zone: "z\(number)", weight: 1,
                peer: Endpoint(host: "127.0.0.1", port: 7100 + number),
                http: Endpoint(host: "127.0.0.1", port: 8100 + number))
        }
        let definition = ClusterDefinition(
            name: "test", partitions: 64, replicas: 3, members: members,
            bucketTypes: Self.bucketTypes(defaultKind) + own)
        do {
            layout = try Layout(first: definition)
        } catch {
            preconditionFailure("\(error)")
        }
        self.limits = limits
        state = Mutex(State())
    }

    /// Those of every cluster, and one of each replicated type that these have not.
    private static func bucketTypes(_ defaultKind: TypeKind) -> [BucketType] {
        var types = ClusterDefinition.standardBucketTypes(replicas: 3, defaultKind: defaultKind)
        let wanted = [
            ("counters", "counter"), ("sets", "set"), ("maps", "map"), ("gsets", "gset"), ("hlls", "hll"),
            ("flags", "flag"), ("registers", "register"), ("maxima", "max"), ("bcounters", "bcounter"),
        ]
        for (name, kind) in wanted where !types.contains(where: { $0.name == name }) {
            types.append(BucketType(name: name, n: 3, kind: TypeKind(rawValue: kind)))
        }
        return types
    }

    /// The value of a key as a concurrent client would have stored it: without having seen anything.
    func putConcurrently(_ bucket: String, _ key: String, _ value: String, type: String = "default") {
        state.withLock { state in
            let key = ObjectKey(type: type, bucket: bucket, key: key)
            var object = state.objects[key] ?? CausalObject()
            let content = Content(ByteBuffer(string: value), contentType: "text/plain")
            Self.write(content, context: nil, to: &object, &state)
            state.objects[key] = object
        }
    }

    let types: TypeRegistry

    /// This node has all there is; of merges it remembers what a test says.
    func replica(of key: ObjectKey) async -> ReplicaView {
        state.withLock { ReplicaView(object: .success($0.objects[key] ?? CausalObject()), merges: $0.merges) }
    }

    var requests: [ClientRequest] { state.withLock { $0.requests } }

    func perform(_ request: ClientRequest) async -> ClientReply {
        let gate = state.withLock { state in
            state.requests.append(request)
            return state.gate
        }
        await gate?.wait()
        return state.withLock { answer(request, &$0) }
    }

    func properties(type: ByteBuffer, bucket: ByteBuffer?) async -> Result<BucketProperties, Failure> {
        guard let known = layout.bucketType(named: type) else {
            return .failure(Failure(.unknownBucketType, "no bucket type \(String(buffer: type))"))
        }
        return state.withLock { state in
            var effective = known.properties
            if let own = state.overrides[Self.name(type, nil)] { effective = effective.merging(overrides: own) }
            if bucket != nil, let own = state.overrides[Self.name(type, bucket)] {
                effective = effective.merging(overrides: own)
            }
            return .success(effective)
        }
    }

    func overrides(type: ByteBuffer, bucket: ByteBuffer?) async -> BucketProperties {
        state.withLock { $0.overrides[Self.name(type, bucket)] ?? BucketProperties() }
    }

    func setProperties(_ properties: BucketProperties?, type: ByteBuffer, bucket: ByteBuffer?) async -> Failure? {
        state.withLock { state in
            if let failure = state.nextFailure {
                state.nextFailure = nil
                return failure
            }
            state.overrides[Self.name(type, bucket)] = properties
            return nil
        }
    }

    func status() async -> NodeStatus {
        let (durability, count) = state.withLock { ($0.durability, $0.requests.count) }
        return NodeStatus(
            node: "n1", number: 1, incarnation: Self.incarnation.description, cluster: "test", epoch: 1,
            version: "0.0.1", uptimeMilliseconds: 1234, durability: durability, engine: "memory",
            peers: [NodeStatus.Peer(name: "n2", number: 2, state: .alive, sinceMilliseconds: 10, connected: true)],
            counters: ["get.ok": count, "read_repairs": 7],
            latencies: ["get": LatencySummary(count: 3, p50: 100, p90: 200, p99: 300, p999: 400, max: 500)],
            storage: ["keys": 1])
    }

    var faults: (any FaultInjection)? { allowsFaults ? FakeFaults(node: self) : nil }

    private struct FakeFaults: FaultInjection {
        let node: FakeNode
        func table() async -> FaultTable { node.state.withLock { $0.faults } }
        func set(_ table: FaultTable) async { node.state.withLock { $0.faults = table } }
    }

    private static func name(_ type: ByteBuffer, _ bucket: ByteBuffer?) -> ByteBuffer {
        ObjectKey.bucketPrefix(type: type, bucket: bucket ?? ByteBuffer())
    }
}

extension FakeNode {
    private func answer(_ request: ClientRequest, _ state: inout State) -> ClientReply {
        guard let type = layout.bucketType(named: request.key.type) else {
            return failed(.unknownBucketType, "no such bucket type")
        }
        let asked = asked(request, n: type.n)
        if let failure = state.nextFailure {
            state.nextFailure = nil
            return ClientReply(result: .failed(failure), receipt: receipt(asked, state))
        }
        if let refusal = refusal(request, type, asked) { return refusal }
        var receipt = receipt(asked, state)
        if receipt.met < asked.quorum || receipt.metPrimary < asked.primary || receipt.metDurable < asked.durable {
            let unknown = request.operation.isWrite && state.reachable > 0
            return ClientReply(
                result: .failed(
                    Failure(
                        .insufficientReplicas, "\(state.reachable) of \(type.n) replicas answered",
                        outcome: unknown ? .unknown : .notApplied)), receipt: receipt)
        }
        var object = state.objects[request.key] ?? CausalObject()
        switch request.operation {
        case .get:
            let answer: Responder.Answer = object.siblings.isEmpty ? .notFound : .value
            receipt.responders = receipt.responders.map { Responder(member: $0.member, role: $0.role, answer: answer) }
            return ClientReply(result: .object(object), receipt: receipt)
        case .put(let content, let context, let condition):
            if let condition, !Self.holds(condition, object) { return failed(.preconditionFailed, "not as expected") }
            Self.write(content, context: context, to: &object, &state)
            if type.kind == .lww, let last = object.siblings.map(\.dot).max() { object.retain { $0.dot == last } }
            guard object.siblings.count <= limits.maxSiblings else {
                return failed(.tooManySiblings, "the key has \(limits.maxSiblings) siblings; resolve them first")
            }
        case .update(let operation, let context, let id):
            if let failure = update(&object, type, operation, context, id, &state) { return failure }
        case .delete(let context, let condition):
            if let condition, !Self.holds(condition, object) { return failed(.preconditionFailed, "not as expected") }
            Self.write(nil, context: context ?? object.context, to: &object, &state)
        }
        state.objects[request.key] = object
        let shown = request.options.returnBody ? object : nil
        return ClientReply(result: .stored(context: object.context, object: shown), receipt: receipt)
    }

    /// As an owner does it that has all there is.
    private func update(
        _ object: inout CausalObject, _ type: BucketType, _ operation: ByteBuffer, _ context: VersionVector?,
        _ id: OperationID?, _ state: inout State
    ) -> ClientReply? {
        let replica = ReplicaID(member: MemberNumber(1), incarnation: Self.incarnation)
        let occasion = Occasion(
            minter: replica, observed: context, now: WallTime(milliseconds: state.clock), id: id)
        state.clock += 1250
        do throws(TypeFault) {
            let event = try types[type.kind.rawValue].event(
                of: operation, on: object, first: Dot(replica, state.nextCounter), occasion)
            if let event {
                state.nextCounter += UInt64(event.run.count)
                object.apply(event)
            }
            return nil
        } catch {
            let isRefused = if case .refused = error { true } else { false }
            return failed(isRefused ? .operationRefused : .badOperation, "\(error)")
        }
    }

    private func refusal(_ request: ClientRequest, _ type: BucketType, _ asked: AskedQuorum) -> ClientReply? {
        if let n = request.options.n, n != type.n {
            return failed(.nMismatch, "n_val is \(n), the bucket type \(type.name) has \(type.n)")
        }
        for (name, value) in [("r or w", asked.quorum), ("pr or pw", asked.primary), ("dw", asked.durable)]
        where value > type.n {
            return failed(.badQuorum, "\(name) is \(value), the bucket type \(type.name) has n_val \(type.n)")
        }
        if request.key.key.readableBytes > limits.maxKeyBytes {
            return failed(.keyTooLarge, "the key has \(request.key.key.readableBytes) bytes, of \(limits.maxKeyBytes)")
        }
        return nil
    }

    private func asked(_ request: ClientRequest, n: Int) -> AskedQuorum {
        let options = request.options
        let isWrite = request.operation.isWrite
        return AskedQuorum(
            n: n, quorum: ((isWrite ? options.w : options.r) ?? .quorum).resolved(n: n),
            primary: ((isWrite ? options.pw : options.pr) ?? .count(0)).resolved(n: n),
            durable: isWrite ? (options.dw ?? .count(0)).resolved(n: n) : 0, nodeConfirms: options.nodeConfirms ?? 0)
    }

    private func receipt(_ asked: AskedQuorum, _ state: State) -> Receipt {
        let met = min(state.reachable, max(asked.quorum, asked.primary, asked.durable))
        let responders = (0 ..< met).map { index in
            Responder(member: MemberNumber(UInt32(index + 1)), role: .primary, answer: .durable)
        }
        return Receipt(
            coordinator: member, epoch: layout.epoch, asked: asked, met: met, metPrimary: met, metDurable: met,
            responders: responders, duration: .microseconds(412))
    }

    private func failed(_ code: ErrorCode, _ message: String) -> ClientReply {
        ClientReply(
            result: .failed(Failure(code, message)), receipt: Receipt(coordinator: member, epoch: layout.epoch))
    }

    private static func write(
        _ content: Content?, context: VersionVector?, to object: inout CausalObject, _ state: inout State
    ) {
        let replica = ReplicaID(member: MemberNumber(1), incarnation: incarnation)
        var content = content
        content?.written = HybridTime(milliseconds: state.clock)
        state.clock += 1250
        // A client may hold a context from beyond what was minted here.
        let observed = context ?? VersionVector()
        state.nextCounter = max(state.nextCounter, observed[replica] % (1 << 40) + 1)
        let dot = Dot(replica, state.nextCounter)
        state.nextCounter += 1
        guard object.canMint(dot, observed: observed) else { return }
        object.write(dot: dot, payload: content?.encoded(), observed: observed)
    }

    private static func holds(_ condition: Condition, _ object: CausalObject) -> Bool {
        let tags = object.siblings.map { vtag(of: $0.dot) }
        let times = object.siblings.compactMap { Content.written(in: $0.payload)?.wall }
        switch condition {
        case .absent: return object.siblings.isEmpty
        case .present: return !object.siblings.isEmpty
        case .unmodified(let context): return object.context == context
        case .anyVtag(let wanted): return tags.contains { wanted.contains($0) }
        case .noVtag(let unwanted): return !tags.contains { unwanted.contains($0) }
        case .unmodifiedSince(let time): return times.allSatisfy { $0 <= time }
        case .modifiedSince(let time): return times.isEmpty || times.contains { $0 > time }
        }
    }
}

/// Holds requests back until it is opened.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var arrivals: [CheckedContinuation<Void, Never>] = []
    private var arrived = 0

    func wait() async {
        arrived += 1
        for arrival in arrivals { arrival.resume() }
        arrivals = []
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Returns when a request has come to the gate.
    func someoneWaits() async {
        if arrived > 0 { return }
        await withCheckedContinuation { arrivals.append($0) }
    }

    /// Opens it from where one cannot wait for that.
    nonisolated func openSoon() {
        Task { await open() }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
