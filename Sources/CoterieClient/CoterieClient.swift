// The client that programs use.

import CoterieClientMachine
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A client of one cluster: finds the nodes, learns who owns which key, and sends each request to an owner.
///
/// ```swift
/// import CoterieClient
///
/// try await CoterieClient.with(seeds: ["127.0.0.1:7101"]) { client in
///     let carts = client.bucket("carts")
///     try await carts.put("alice", "milk")
///     let cart = try await carts.get("alice")
///     print(cart.values.map { String(buffer: $0.value) })
/// }
/// ```
///
/// A client is made once and shared by all tasks: it holds a connection to every node and pipelines all requests over
/// them. It begins to connect with `run`, or with the first request; it reconnects by itself; requests wait a while
/// (`ClientSettings.reachPatience`) for a node to come back.
///
/// Every request ends in one of three ways: it returns; it throws an error whose outcome is `notApplied`; or it throws
/// one whose outcome is `unknown`, which no retry inside of the client ever turns into something else.
public final class CoterieClient: Sendable {
    /// What a client is made with.
    public struct Configuration: Sendable {
        /// Nodes to begin with; one that answers is enough, more make a start more certain. At least one.
        public var seeds: [Endpoint]
        /// Talks to no other cluster; nil: to that of the first node that answers.
        public var clusterName: String?
        /// Connections, patience, retries and bounds.
        public var settings = ClientSettings()
        /// What is refused before it is sent: sizes of keys and values. The nodes' own limits hold as well.
        public var limits = Limits()
        /// The replicated types that the client can read without being told which (`Bucket.read`).
        public var types = TypeRegistry.builtIn
        /// Where all of it runs; nil: a thread of NIO's shared group.
        public var eventLoop: (any EventLoop)?
        /// Gets lines at the levels debug and trace only.
        public var logger = Logger(label: "coterie.client", factory: { _ in SwiftLogNoOpLogHandler() })

        public init(seeds: [Endpoint], clusterName: String? = nil) {
            self.seeds = seeds
            self.clusterName = clusterName
        }

        /// Seeds as `host:port` or `[IPv6]:port`, the nodes' peer addresses. Throws `bad_configuration` for others.
        public init(seeds: [String], clusterName: String? = nil) throws(CoterieError) {
            var endpoints: [Endpoint] = []
            for seed in seeds {
                do {
                    endpoints.append(try Endpoint.parse(seed))
                } catch {
                    throw CoterieError(.badConfiguration, "\(error)")
                }
            }
            self.init(seeds: endpoints, clusterName: clusterName)
        }

        /// What is wrong with it; nil where nothing is.
        public var problem: String? {
            if seeds.isEmpty { return "a client needs at least one seed" }
            return settings.problem ?? limits.problem
        }
    }

    public let configuration: Configuration
    let mailbox: Mailbox
    let operationNames = OperationNames()

    /// Makes a client; nothing is connected yet. Throws `bad_configuration` where the configuration has a `problem`.
    public init(configuration: Configuration) throws(CoterieError) {
        if let problem = configuration.problem { throw CoterieError(.badConfiguration, problem) }
        self.configuration = configuration
        let loop = configuration.eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
        mailbox = Mailbox(
            LoopClient(
                seeds: configuration.seeds, clusterName: configuration.clusterName, settings: configuration.settings,
                limits: configuration.limits, eventLoop: loop, logger: configuration.logger))
    }

    /// Makes a client for the time of `body`, and closes it when that ends, the graceful way.
    public static func with<Result>(
        configuration: Configuration, _ body: (CoterieClient) async throws -> Result
    ) async throws -> Result {
        let client = try CoterieClient(configuration: configuration)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// The same for seeds written `host:port`.
    public static func with<Result>(
        seeds: [String], _ body: (CoterieClient) async throws -> Result
    ) async throws -> Result {
        try await with(configuration: Configuration(seeds: seeds), body)
    }

    /// The keys of a bucket. Nothing is sent or checked.
    public func bucket(_ name: String, type: String = "default") -> Bucket {
        Bucket(client: self, type: type, name: name)
    }

    /// Connects, and returns when the client is closed. A cancelled task closes it at once: requests that wait end,
    /// those that are writes and were sent with an unknown outcome. Requests need no `run`; service groups want it.
    public func run() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.post(.waitForClose { continuation.resume() })
            }
        } onCancel: {
            mailbox.post(.abort)
        }
    }

    /// Takes no more requests, waits for those that were made, and disconnects. After `grace` the rest is ended as by a
    /// cancelled `run`. May be called more than once.
    public func close(grace: Duration = .seconds(30)) async {
        await withCheckedContinuation { continuation in
            mailbox.post(.close(grace: TimeSpan(grace)) { continuation.resume() })
        }
    }

    /// The newest layout that the client has learnt: members, bucket types, owners. Nil until a node has told.
    public var layout: Layout? { mailbox.layout }

    /// A name for an operation on a replicated type. Given to an update, it makes that update count once, however often and
    /// through whichever node it is tried: after an outcome that is `unknown`, make the update again with the same id.
    public func newOperationID() -> OperationID {
        operationNames.next()
    }

    /// One request as it is. `Bucket` is what most programs want.
    public func perform(_ request: ClientRequest) async throws(CoterieError) -> ClientReply {
        if let timeout = request.options.timeout, timeout <= .zero || timeout > configuration.limits.maxTimeout {
            throw CoterieError(
                .badRequest, "timeout is \(timeout); allowed is more than 0, up to \(configuration.limits.maxTimeout)")
        }
        let call = AsyncCall()
        let completion = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.post(.call(request, call, continuation))
            }
        } onCancel: {
            mailbox.post(.cancel(call))
        }
        return try completion.get()
    }
}
