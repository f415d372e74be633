// Through which doors a run asks: a client library in several client processes, and each node's own door.

import CoterieClient
import CoterieClientMachine
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire
import NIOCore
import NIOPosix
import Synchronization

/// The clients of a run. Closed once with `close`.
final class BlackBoxClients: Sendable {
    private struct State {
        /// By client process: each routes to owners, as programs do.
        var owners: [CoterieClient]
        /// How often each was made anew.
        var lives: [Int]
        /// By member: each sends everything through one node.
        var doors: [CoterieClient] = []
        var closing: [CoterieClient] = []
    }

    private let seeds: [Endpoint]
    private let clusterName: String?
    private let state: Mutex<State>

    /// Client processes are called c1, c2, … for the nodes, and what asks nodes' doors, door.
    ///
    /// - Parameter doors: the nodes whose own doors can be asked; may be empty.
    init(count: Int, seeds: [Endpoint], doors: [Endpoint], clusterName: String? = nil) throws(CoterieError) {
        self.seeds = seeds
        self.clusterName = clusterName
        var owners: [CoterieClient] = []
        for index in 0 ..< count { owners.append(try Self.client(.owners, seeds, clusterName, "c\(index + 1)")) }
        var ofDoors: [CoterieClient] = []
        for door in doors { ofDoors.append(try Self.client(.seeds, [door], clusterName, "door")) }
        state = Mutex(State(owners: owners, lives: Array(repeating: 0, count: count), doors: ofDoors))
    }

    private static func client(
        _ routing: ClientSettings.Routing, _ seeds: [Endpoint], _ clusterName: String?, _ name: String
    ) throws(CoterieError) -> CoterieClient {
        var configuration = CoterieClient.Configuration(seeds: seeds, clusterName: clusterName)
        configuration.settings.routing = routing
        configuration.settings.name = name
        // A node that is down is a fault that the run is about, not a reason to wait.
        configuration.settings.reachPatience = routing == .seeds ? .milliseconds(300) : .seconds(2)
        // One that is back is there for its clients at once.
        configuration.settings.reconnectDelay = .milliseconds(20)
        configuration.settings.maxReconnectDelay = .milliseconds(60)
        return try CoterieClient(configuration: configuration)
    }

    /// A client process, and which of its lives it is.
    func client(_ index: Int) -> (client: CoterieClient, life: Int) {
        state.withLock { ($0.owners[index], $0.lives[index]) }
    }

    func life(of index: Int) -> Int { state.withLock { $0.lives[index] } }

    /// The door of the node at this place in the list that was given.
    func door(_ index: Int) -> CoterieClient { state.withLock { $0.doors[index] } }
    var doorCount: Int { state.withLock { $0.doors.count } }

    /// Replaces a client process: its requests are never answered.
    func restart(_ index: Int) throws(CoterieError) {
        let fresh = try Self.client(.owners, seeds, clusterName, "c\(index + 1)")
        state.withLock { state in
            state.closing.append(state.owners[index])
            state.owners[index] = fresh
            state.lives[index] += 1
        }
    }

    /// Learns the layout from the nodes.
    func layout() async throws -> Layout {
        let (client, _) = client(0)
        var request = ClientRequest(key: ObjectKey(type: "default", bucket: "coterie", key: "layout"), operation: .get)
        request.options.r = .one
        request.options.timeout = .seconds(5)
        do throws(CoterieError) {
            _ = try await client.perform(request)
        } catch {
            if let layout = client.layout { return layout }
            throw CommandFailure(error.exitStatus, "the cluster does not answer: \(error.message)")
        }
        guard let layout = client.layout else {
            throw CommandFailure(.unreachable, "no node has told the layout of the cluster")
        }
        return layout
    }

    func close() async {
        let all = state.withLock { $0.owners + $0.doors + $0.closing }
        await withTaskGroup(of: Void.self) { group in
            for client in all { group.addTask { await client.close(grace: .zero) } }
        }
    }
}
