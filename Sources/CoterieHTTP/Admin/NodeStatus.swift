// The answer of `GET /admin/status`, and the heart of `GET /stats`: what a node says of itself.

/// What a node says of itself. Times are milliseconds, latencies microseconds, sizes bytes.
public struct NodeStatus: Codable, Hashable, Sendable {
    /// The member's name and number.
    public var node: String
    public var number: UInt32
    /// The life of this process: `Incarnation.description`.
    public var incarnation: String
    public var cluster: String
    public var epoch: UInt64
    /// The program's version.
    public var version: String
    public var uptimeMilliseconds: Int64
    /// `fsync`, `interval(…)` or `os`.
    public var durability: String
    /// `log` or `memory`.
    public var engine: String
    /// `starting`, `introducing` (the store is empty, the peers are asked why), `refilling` (it was lost) or `serving`.
    public var service = "serving"
    public var peers: [Peer]
    /// The membership's counters since the start (`probes`, `failed_probes`, `relayed`, `suspicions`, `deaths`, `refutations`,
    /// `absences`, `exchanges`) and its state: `health_multiplier` (1 is healthy), `refutation`, `pending_news`.
    public var membership: [String: Int] = [:]
    /// Counts since the start: requests by kind and outcome (`get.ok`, `put.timeout`), read repairs
    /// (`read_repairs`), warnings, refusals.
    public var counters: [String: Int]
    /// By kind of request: `get`, `put`, `delete`.
    public var latencies: [String: LatencySummary]
    /// Figures of the storage engine, by name.
    public var storage: [String: Int]
    public var requestsInFlight: Int
    /// What went over connections since the start: `peer_bytes_in`, `peer_bytes_out`, `peer_frames_in`, `peer_frames_out`
    /// between the nodes; `client_bytes_in`, `client_bytes_out` with native clients.
    public var network: [String: Int] = [:]
    /// Anti-entropy: `indexed_events` (some other owner may lack them), `lacked_events` (told by others and not here),
    /// `lacking_groups`, `pulls`.
    public var exchange: [String: Int] = [:]
    /// The scrub: `passes` (complete walks since the start), `walked_groups` of `groups` in this one, `differing_keys` that
    /// wait to be read, `ms_since_last_pass` where there was one.
    public var scrub: [String: Int] = [:]
    /// What became of deletes; nil from a node of before there were rounds.
    public var deletes: Deletes?
    /// The budget for background work; nil from a node of before there was one.
    public var background: Background?
    /// What this node keeps for other owners, by owner.
    public var hints: [Hints] = []
    /// How long `service` has been what it is.
    public var serviceMilliseconds: Int64?
    /// How long ago this node last had all that the other owners had told it; absent: not yet since its start.
    public var inSyncAgoMilliseconds: Int64?
    /// Where events are missing here, the most first; not all where there are very many.
    public var missing: [Missing] = []
    /// What does not come about, and why.
    public var waiting: [Waiting] = []

    public init(
        node: String, number: UInt32, incarnation: String, cluster: String, epoch: UInt64, version: String,
        uptimeMilliseconds: Int64, durability: String, engine: String, peers: [Peer] = [],
        counters: [String: Int] = [:], latencies: [String: LatencySummary] = [:], storage: [String: Int] = [:],
        requestsInFlight: Int = 0
    ) {
        self.node = node
        self.number = number
        self.incarnation = incarnation
        self.cluster = cluster
        self.epoch = epoch
        self.version = version
        self.uptimeMilliseconds = uptimeMilliseconds
        self.durability = durability
        self.engine = engine
        self.peers = peers
        self.counters = counters
        self.latencies = latencies
        self.storage = storage
        self.requestsInFlight = requestsInFlight
    }
}

/// Percentiles of one kind of request, in microseconds.
public struct LatencySummary: Codable, Hashable, Sendable {
    public var count: Int
    public var p50: Int
    public var p90: Int
    public var p99: Int
    public var p999: Int
    public var max: Int

    public init(count: Int, p50: Int, p90: Int, p99: Int, p999: Int, max: Int) {
        self.count = count
        self.p50 = p50
        self.p90 = p90
        self.p99 = p99
        self.p999 = p999
        self.max = max
    }
}
