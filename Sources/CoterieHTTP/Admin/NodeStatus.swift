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
    /// Counts since the start: requests by kind and outcome (`get.ok`, `put.timeout`), read repairs
    /// (`read_repairs`), warnings, refusals.
    public var counters: [String: Int]
    /// By kind of request: `get`, `put`, `delete`.
    public var latencies: [String: LatencySummary]
    /// Figures of the storage engine, by name.
    public var storage: [String: Int]
    public var requestsInFlight: Int
    /// Anti-entropy: `indexed_events` (some other owner may lack them), `lacked_events` (told by others and not here),
    /// `lacking_groups`, `pulls`.
    public var exchange: [String: Int] = [:]
    /// The scrub: `passes` (complete walks since the start), `walked_groups` of `groups` in this one, `differing_keys` that
    /// wait to be read, `ms_since_last_pass` where there was one.
    public var scrub: [String: Int] = [:]
    /// What this node keeps for other owners, by owner.
    public var hints: [Hints] = []

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

    /// Hints for one owner.
    public struct Hints: Codable, Hashable, Sendable {
        /// The owner's name.
        public var target: String
        public var count: Int
        public var bytes: Int
        /// For how long there have been any without a break, as far as this life knows.
        public var sinceMilliseconds: Int64
        public var underWay: Int
        /// Those that the owner refuses for what they hold.
        public var refused: Int
        /// What they wait for, in words; empty while they are being delivered.
        public var waitsFor: String

        public init(
            target: String, count: Int, bytes: Int, sinceMilliseconds: Int64, underWay: Int = 0, refused: Int = 0,
            waitsFor: String = ""
        ) {
            self.target = target
            self.count = count
            self.bytes = bytes
            self.sinceMilliseconds = sinceMilliseconds
            self.underWay = underWay
            self.refused = refused
            self.waitsFor = waitsFor
        }
    }

    /// Another member, as this node sees it.
    public struct Peer: Codable, Hashable, Sendable {
        public enum State: String, Codable, Hashable, Sendable {
            case alive, suspect, dead
        }

        public var name: String
        public var number: UInt32
        public var state: State
        /// How long it has been in this state.
        public var sinceMilliseconds: Int64
        public var connected: Bool

        public init(name: String, number: UInt32, state: State, sinceMilliseconds: Int64, connected: Bool) {
            self.name = name
            self.number = number
            self.state = state
            self.sinceMilliseconds = sinceMilliseconds
            self.connected = connected
        }
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
