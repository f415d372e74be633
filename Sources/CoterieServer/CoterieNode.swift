// A node of a cluster, to run as a process (`coterie serve`) or inside a program of one's own.

import CoterieCausality
import CoterieFileDisk
import CoterieHTTP
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTransport
import CoterieWire
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// One node: its store, its place in the cluster, its doors.
///
/// ```swift
/// let node = try CoterieNode(settings: settings, logger: Logger(label: "coterie"))
/// try await node.run()  // until `stop()` or cancellation
/// ```
public final class CoterieNode: Sendable {
    public let settings: NodeSettings
    let member: Member
    private let logger: Logger
    private let layout: Layout
    private let stopping: AsyncStream<Void>
    private let stopRequest: AsyncStream<Void>.Continuation

    /// A node that has not touched its disk or the network yet.
    /// - Throws: what is wrong with the settings.
    public init(settings: NodeSettings, logger: Logger) throws(NodeStartError) {
        guard let member = settings.member else {
            throw .unknownNode(name: settings.node, known: settings.cluster.members.map(\.name))
        }
        if let problem = settings.limits.problem ?? settings.replication.problem ?? settings.transport.problem {
            throw .configuration(problem)
        }
        do throws(LayoutError) {
            layout = try Layout(first: settings.cluster)
        } catch {
            throw .layout(error)
        }
        if let objection = settings.types.objection(to: layout) { throw .unknownType(objection) }
        self.settings = settings
        self.member = member
        self.logger = logger
        (stopping, stopRequest) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks a running node to stop: it finishes what is under way and refuses the rest. Returns at once.
    public func stop() async { stopRequest.yield() }

    /// Opens the store, joins the peers, serves; returns when it has stopped.
    /// - Throws: `NodeStartError`.
    public func run() async throws {
        let nonce = UInt64.random(in: 1 ... .max)
        let store = try OpenedStore(settings: settings, logger: logger)
        let layout = try storedLayout(in: store.engine) ?? layout
        for note in layout.placementNotes { logger.warning("placement", metadata: ["note": "\(note)"]) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let lanes = DiskLanes(disk: store.disk, eventLoop: eventLoop, readers: 2)
        let machine = NodeMachine(
            NodeMachine.Birth(
                member: member.number, nonce: nonce, layout: layout, settings: settings.replication,
                limits: settings.limits, types: settings.types, storeIsDoubtful: store.isDoubtful,
                knowledge: store.knowledge),
            engine: store.engine)
        var transport = settings.transport
        if let host = settings.listenHost { transport.listen = Endpoint(host: host, port: member.peer.port) }
        let network = Network(
            eventLoop: eventLoop, local: LocalMember(member, nonce: nonce), layout: layout, limits: settings.limits,
            settings: transport, logger: logger)
        let core = NodeCore(
            eventLoop: eventLoop, machine: machine, network: network, lanes: lanes, logger: logger)
        do {
            try await serve(core, network)
        } catch {
            await shutDown(core, network, lanes, group)
            throw error
        }
        await shutDown(core, network, lanes, group)
    }

    private func serve(_ core: NodeCore, _ network: Network) async throws {
        do {
            _ = try await network.eventLoop.flatSubmit { network.start(receiver: core) }.get()
        } catch let error as ListenError {
            throw NodeStartError.peerPort(error)
        }
        let gateway = Gateway(node: self, core: core, network: network)
        let host = settings.listenHost ?? member.http.host
        let door = HTTPDoor(
            gateway: gateway, bind: Endpoint(host: host, port: member.http.port), settings: settings.http,
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let (listening, isListening) = AsyncStream<Void>.makeStream()
            tasks.addTask {
                do {
                    try await door.run { _ in isListening.finish() }
                } catch let error as HTTPDoorError {
                    throw NodeStartError.httpPort(error)
                }
            }
            tasks.addTask { [self] in
                for await _ in listening {}
                try Task.checkCancellation()
                core.eventLoop.execute { [self] in
                    core.start { [self] in announce(core) }
                }
                for await _ in stopping { break }
                await withCheckedContinuation { stopped in
                    core.eventLoop.execute { core.stop { stopped.resume() } }
                }
            }
            try await tasks.next()
            tasks.cancelAll()
            while let _ = try? await tasks.next() {}
        }
    }

    private func announce(_ core: NodeCore) {
        if settings.transport.allowsFaults {
            logger.warning("faults are allowed: whoever reaches the HTTP door can cut and slow this node's links")
        }
        logger.notice(
            "serving",
            metadata: [
                "node": "\(member.name)", "cluster": "\(settings.cluster.name)", "epoch": "\(core.layout.epoch)",
                "peer": "\(member.peer)", "http": "\(member.http)", "durability": "\(settings.replication.durability)",
            ])
    }

    private func shutDown(
        _ core: NodeCore, _ network: Network, _ lanes: DiskLanes, _ group: MultiThreadedEventLoopGroup
    ) async {
        try? await network.eventLoop.flatSubmit {
            core.cancelTimers()
            return network.shutdown()
        }.get()
        await lanes.stop()
        try? await group.shutdownGracefully()
    }

    /// The layout that this store was created with or has learnt; it must be of this cluster.
    private func storedLayout(in engine: any StorageEngine) throws(NodeStartError) -> Layout? {
        guard let record = engine.metadata("layout") else { return nil }
        let stored: Layout
        do throws(LayoutError) {
            stored = try Layout(decoding: record)
        } catch {
            throw .otherCluster(directory: settings.dataDirectory, difference: "its layout cannot be read: \(error)")
        }
        if let difference = stored.difference(from: layout, member: member) {
            throw .otherCluster(directory: settings.dataDirectory, difference: difference)
        }
        if let objection = settings.types.objection(to: stored) { throw .unknownType(objection) }
        if stored.epoch == layout.epoch, stored.digest != layout.digest {
            logger.warning("the cluster was created with other bucket types or another hash key; those count")
        }
        return stored
    }
}

extension Layout {
    /// What keeps a store with this layout from serving as `member` under a definition that gives `other`.
    fileprivate func difference(from other: Layout, member: Member) -> String? {
        if clusterName != other.clusterName { return "it is of '\(clusterName)', not of '\(other.clusterName)'" }
        if let own = self.member(member.number), own.name != member.name {
            return "member \(member.number) is '\(own.name)' there, not '\(member.name)'"
        }
        guard epoch == other.epoch, digest != other.digest else { return nil }
        if partitionCount != other.partitionCount {
            return "it has \(partitionCount) partitions, not \(other.partitionCount)"
        }
        if replicas != other.replicas { return "it has \(replicas) replicas of each key, not \(other.replicas)" }
        if members != other.members {
            let (here, there) = (other.members.map(\.description), members.map(\.description))
            return "its members are \(there.joined(separator: ", ")), not \(here.joined(separator: ", "))"
        }
        return nil
    }
}
