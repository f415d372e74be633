// What the doors of this process see of the node: requests hop to its event loop and back.

import CoterieCausality
import CoterieHTTP
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTransport
import CoterieTypes
import CoterieWire
import NIOCore

/// The node behind its doors.
struct Gateway: NodeGateway {
    private let node: CoterieNode
    let core: NodeCore
    private let network: Network
    private let startedAt = NIODeadline.now()

    init(node: CoterieNode, core: NodeCore, network: Network) {
        self.network = network
        self.node = node
        self.core = core
    }

    var member: MemberNumber { node.member.number }
    var layout: Layout { core.layout }
    var limits: Limits { node.settings.limits }
    var types: TypeRegistry { node.settings.types }

    func perform(_ request: ClientRequest) async -> ClientReply {
        await withCheckedContinuation { done in
            core.eventLoop.execute { core.ask(request) { done.resume(returning: $0) } }
        }
    }

    var faults: (any FaultInjection)? {
        node.settings.transport.allowsFaults ? NodeFaults(network: network) : nil
    }

    func properties(type: ByteBuffer, bucket: ByteBuffer?) async -> Result<BucketProperties, Failure> {
        guard let bucketType = layout.bucketType(named: type) else { return .failure(unknown(type)) }
        let prefix = ObjectKey.bucketPrefix(type: type, bucket: bucket ?? ByteBuffer())
        return await withCheckedContinuation { done in
            core.eventLoop.execute {
                done.resume(returning: .success(core.effectiveProperties(bucket: prefix, of: bucketType)))
            }
        }
    }

    func overrides(type: ByteBuffer, bucket: ByteBuffer?) async -> BucketProperties {
        let prefix = ObjectKey.bucketPrefix(type: type, bucket: bucket ?? ByteBuffer())
        return await withCheckedContinuation { done in
            core.eventLoop.execute { done.resume(returning: core.overriddenProperties(bucket: prefix)) }
        }
    }

    func setProperties(_ properties: BucketProperties?, type: ByteBuffer, bucket: ByteBuffer?) async -> Failure? {
        guard let bucketType = layout.bucketType(named: type) else { return unknown(type) }
        if let invalid = properties?.firstInvalid(n: bucketType.n) {
            return Failure(
                .badRequest, "property \(invalid.name)=\(invalid.value) is not allowed: \(invalid.allowed)")
        }
        let change = PropertiesChange(
            bucket: ObjectKey.bucketPrefix(type: type, bucket: bucket ?? ByteBuffer()), properties: properties)
        let reply = await withCheckedContinuation { done in
            core.eventLoop.execute { core.setProperties(change) { done.resume(returning: $0) } }
        }
        if case .failed(let failure) = reply.result { return failure }
        return nil
    }

    private func unknown(_ type: ByteBuffer) -> Failure {
        let known = layout.bucketTypes.map(\.name).joined(separator: ", ")
        return Failure(.unknownBucketType, "there is no bucket type '\(String(buffer: type))'; there are: \(known)")
    }

    func status() async -> NodeStatus {
        await withCheckedContinuation { done in
            core.eventLoop.execute { done.resume(returning: describe(core.status, core.latencies)) }
        }
    }

    private func describe(_ status: MachineStatus, _ latencies: Latencies) -> NodeStatus {
        var described = NodeStatus(
            node: node.member.name, number: member.rawValue, incarnation: "\(status.identity.incarnation)",
            cluster: layout.clusterName, epoch: status.epoch.rawValue, version: CoterieVersion.current,
            uptimeMilliseconds: (NIODeadline.now() - startedAt).nanoseconds / 1_000_000,
            durability: "\(node.settings.replication.durability)", engine: node.settings.engine.rawValue,
            requestsInFlight: status.requestsUnderWay)
        described.describe(status, names: { layout.member($0)?.name ?? "\($0)" })
        for (name, value) in status.counters.named { described.counters[name] = value }
        for (name, histogram) in latencies.named where histogram.count > 0 {
            described.latencies[name] = LatencySummary(
                count: histogram.count, p50: histogram.percentile(50), p90: histogram.percentile(90),
                p99: histogram.percentile(99), p999: histogram.percentile(99.9), max: histogram.max)
        }
        described.storage = status.storage.named
        described.network = network.statistics.named
        described.deletes = deletes(status.reclaim)
        if let hindrance = described.deletes?.hindrance {
            described.waiting.append(
                NodeStatus.Waiting(
                    what: "deletes to be reclaimed", why: hindrance,
                    milliseconds: status.reclaim.since?.milliseconds ?? described.uptimeMilliseconds, peer: nil))
        }
        return described
    }
}

extension NetworkStatistics {
    /// By the names that `/stats` shows.
    fileprivate var named: [String: Int] {
        let peers = peers.reduce(into: Traffic()) { $0 += $1.traffic }
        let figures = [
            ("peer_bytes_in", peers.bytesIn), ("peer_bytes_out", peers.bytesOut), ("peer_frames_in", peers.framesIn),
            ("peer_frames_out", peers.framesOut), ("client_bytes_in", clientTraffic.bytesIn),
            ("client_bytes_out", clientTraffic.bytesOut),
        ]
        return Dictionary(uniqueKeysWithValues: figures.map { ($0.0, Int(clamping: $0.1)) })
    }
}

extension Gateway {
    private func deletes(_ status: ReclaimStatus) -> NodeStatus.Deletes {
        func names(_ members: [MemberNumber]) -> [String] {
            members.map { layout.member($0)?.name ?? "\($0)" }
        }
        return NodeStatus.Deletes(
            round: status.round, wantedRound: status.wantedRound, waiting: status.waiting, resting: status.resting,
            isSearching: status.isWalking, unadvertised: names(status.unadvertised), behind: names(status.behind),
            sinceMilliseconds: status.since?.milliseconds)
    }
}

/// The links of a node that was started with faults allowed.
private struct NodeFaults: FaultInjection {
    let network: Network

    func table() async -> FaultTable {
        await withCheckedContinuation { done in
            network.eventLoop.execute { done.resume(returning: network.faultTable ?? FaultTable()) }
        }
    }

    func set(_ table: FaultTable) async {
        await withCheckedContinuation { done in
            network.eventLoop.execute {
                network.setFaults(table)
                done.resume()
            }
        }
    }
}

extension StorageStatistics {
    /// All by the names that `/stats` shows.
    fileprivate var named: [String: Int] {
        [
            "keys": keys, "live_bytes": liveBytes, "total_bytes": totalBytes, "index_bytes": indexBytes,
            "segments": segments, "accepted_bytes": acceptedBytes, "written_bytes": writtenBytes, "flushes": flushes,
            "fsyncs": fsyncs, "compactions": compactions, "checkpoints": checkpoints, "faults": faults,
            "waiting_bytes": waitingBytes,
        ]
    }
}
