// A machine with a clock that the test moves, and effects written as short lines, so that a test reads like a log.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

@testable import CoterieClientMachine

struct Rig {
    var machine: ClientMachine
    var time: Int64 = 0
    /// Milliseconds for which each timer is set.
    var timers: [ClientTimer: Int64] = [:]
    /// The link that each endpoint's port was last connected by.
    var links: [Int: LinkID] = [:]
    var calls: UInt64 = 0

    static let cluster = "test"

    init(seeds: [Int] = [1], clusterName: String? = nil, _ change: (inout ClientSettings) -> Void = { _ in }) {
        var settings = ClientSettings()
        change(&settings)
        machine = ClientMachine(
            settings: settings, seeds: seeds.map(Self.endpoint), clusterName: clusterName, origin: 77)
    }

    /// Node `i` listens at port `i`, is member `i`, and is called n`i`.
    static func endpoint(_ node: Int) -> Endpoint { Endpoint(host: "h", port: node) }

    static func layout(epoch: UInt64 = 1, members: Int = 4, replicas: Int = 3) -> Layout {
        let all = (1 ... members).map { i in
            Member(
                number: MemberNumber(UInt32(i)), name: "n\(i)", peer: endpoint(i),
                http: Endpoint(host: "h", port: 1000 + i))
        }
        do {
            let first = try Layout(
                first: ClusterDefinition(name: cluster, partitions: 8, replicas: replicas, members: all))
            return try Layout(
                clusterName: cluster, hashKey: first.hashKey, epoch: Epoch(epoch), partitionCount: 8,
                replicas: replicas, members: all, bucketTypes: first.bucketTypes, owners: first.owners)
        } catch {
            fatalError("\(error)")
        }
    }

    static func key(_ name: String) -> ObjectKey { ObjectKey(type: "default", bucket: "b", key: name) }

    /// The owners of a key in `layout()`, preferred first, as node numbers.
    static func owners(_ name: String, in layout: Layout = layout()) -> [Int] {
        layout.preferenceList(for: layout.group(for: key(name), n: layout.replicas)).primaries.map { Int($0.rawValue) }
    }

    /// One input; what it leads to, timers left out.
    mutating func feed(_ input: ClientInput) -> [String] {
        var effects: [ClientEffect] = []
        let now = Now(monotonic: Instant(nanoseconds: time * 1_000_000), wall: WallTime(milliseconds: time))
        machine.handle(input, at: now, into: &effects)
        machine.checkInvariants()
        for effect in effects {
            switch effect {
            case .setTimer(let timer, let at): timers[timer] = (at.nanoseconds + 999_999) / 1_000_000
            case .cancelTimer(let timer): timers[timer] = nil
            case .connect(let id, let endpoint, _): links[endpoint.port] = id
            default: break
            }
        }
        return effects.compactMap(line)
    }

    /// Lets time pass: timers fire when they are due.
    mutating func wait(_ milliseconds: Int64) -> [String] {
        let end = time + milliseconds
        var lines: [String] = []
        while let due = timers.filter({ $0.value <= end }).min(by: { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") }
        ) {
            time = max(time, due.value)
            timers[due.key] = nil
            lines += feed(.timer(due.key))
        }
        time = end
        return lines
    }

    mutating func start() -> [String] { feed(.start) }
    mutating func get(_ name: String = "k", timeout: Int64? = nil) -> [String] { call(name, .get, timeout) }
    mutating func put(_ name: String = "k", _ value: String = "v", timeout: Int64? = nil) -> [String] {
        call(name, .put(Content(ByteBuffer(string: value)), context: nil, condition: nil), timeout)
    }

    /// Adds to a counter.
    mutating func addition(id: UInt64? = 1) -> [String] {
        let name = id.map { OperationID(client: 1, number: $0) }
        return call("k", .update(CounterOperation.add(1).canonicalBytes(), context: nil, id: name), nil)
    }

    mutating func call(_ name: String, _ operation: CoterieWire.Operation, _ timeout: Int64?) -> [String] {
        calls += 1
        var request = ClientRequest(key: Self.key(name), operation: operation)
        request.options.timeout = timeout.map { .milliseconds($0) }
        return feed(.call(CallID(calls), request))
    }

    mutating func up(
        _ node: Int, life: UInt64 = 1, epoch: UInt64 = 1, member: Int? = nil, cluster: String = Rig.cluster,
        versions: ClosedRange<UInt32> = 1 ... 1
    ) -> [String] {
        guard let link = links[node] else { return ["no link to \(node)"] }
        let speaker = Hello.Speaker.member(
            number: MemberNumber(UInt32(member ?? node)), name: "n\(member ?? node)", nonce: life)
        return feed(
            .linkUp(
                link,
                Hello(
                    clusterName: cluster, speaker: speaker, minVersion: versions.lowerBound,
                    maxVersion: versions.upperBound, epoch: Epoch(epoch), layoutDigest: 9)))
    }

    mutating func down(_ node: Int, _ failure: LinkFailure = .lost("gone")) -> [String] {
        guard let link = links[node] else { return ["no link to \(node)"] }
        return feed(.linkDown(link, failure))
    }

    mutating func refuse(_ node: Int) -> [String] { down(node, .notConnected("refused")) }

    /// Node `node` answers request number `request`.
    mutating func answer(_ node: Int, _ request: UInt64, _ result: ClientResult, epoch: UInt64 = 1) -> [String] {
        guard let link = links[node] else { return ["no link to \(node)"] }
        let receipt = Receipt(coordinator: MemberNumber(UInt32(node)), epoch: Epoch(epoch))
        let response = Response(
            id: machine.calls[request]?.requestID(from: 77) ?? RequestID(origin: 77, sequence: request << 3),
            reply: ClientReply(result: result, receipt: receipt))
        return feed(.received(link, .response(response)))
    }

    mutating func found(_ node: Int, _ request: UInt64, epoch: UInt64 = 1) -> [String] {
        answer(node, request, .object(CausalObject()), epoch: epoch)
    }
    mutating func stored(_ node: Int, _ request: UInt64) -> [String] {
        answer(node, request, .stored(context: VersionVector(), object: nil))
    }
    mutating func refuses(
        _ node: Int, _ request: UInt64, _ code: ErrorCode, _ outcome: Failure.Outcome = .notApplied, epoch: UInt64 = 1
    ) -> [String] {
        answer(node, request, .failed(Failure(code, "no", outcome: outcome)), epoch: epoch)
    }

    mutating func tell(_ node: Int, _ layout: Layout) -> [String] {
        guard let link = links[node] else { return ["no link to \(node)"] }
        return feed(.received(link, .layoutReply(LayoutReply(layout: layout.encoded()))))
    }

    /// All nodes of `layout` connected, the layout known.
    static func connected(
        _ layout: Layout = Rig.layout(), _ change: (inout ClientSettings) -> Void = { _ in }
    ) -> Rig {
        var rig = Rig(change)
        _ = rig.start()
        _ = rig.up(1)
        _ = rig.tell(1, layout)
        for member in layout.members.dropFirst() { _ = rig.up(Int(member.number.rawValue)) }
        return rig
    }

    private func line(_ effect: ClientEffect) -> String? {
        switch effect {
        case .connect(_, let endpoint, _): "connect \(endpoint.port)"
        case .disconnect(let link): "disconnect \(port(of: link))"
        case .send(let link, let message): "\(describe(message)) → \(port(of: link))"
        case .complete(let id, let completion): "\(id.rawValue) \(describe(completion))"
        case .setTimer, .cancelTimer, .trace: nil
        case .learnt(let layout): "learnt \(layout.epoch)"
        case .closed: "closed"
        }
    }

    private func port(of link: LinkID) -> String {
        links.first { $0.value == link }.map { "\($0.key)" } ?? "\(link)"
    }

    private func describe(_ message: Message) -> String {
        switch message {
        case .request(let request):
            "\(request.request.operation.isWrite ? "put" : "get") #\(Call.sequence(of: request.id))"
        case .layoutRequest(let request): "layout? \(request.epoch)"
        default: "\(message)"
        }
    }

    private func describe(_ completion: Completion) -> String {
        switch completion {
        case .answered(let reply, let by):
            switch reply.result {
            case .object: "found by \(by.port)"
            case .stored: "stored by \(by.port)"
            case .failed(let failure): "\(failure.code) \(failure.outcome) by \(by.port)"
            }
        case .unanswered(let unanswered): "\(unanswered.reason) \(unanswered.outcome)"
        }
    }
}
