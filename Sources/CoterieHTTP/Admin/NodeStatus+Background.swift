// How fast a node's background work may go, why no faster, and what has used it.

extension NodeStatus {
    /// The budget for background work.
    public struct Background: Codable, Hashable, Sendable {
        /// What it may cost now, in hundredths of what was set, and a second.
        public var percent: Int
        public var operationsPerSecond: Int
        public var bytesPerSecond: Int
        /// For how long it has yielded to requests; absent: it does not.
        public var yieldingMilliseconds: Int64?
        /// What nine of ten requests take at most, now and when all is calm, in microseconds, by `reads` and `writes`; absent
        /// where too few came.
        public var foreground: [String: Latency]
        /// By kind: `hints`, `repairs`, `exchange`, `refill`, `reclaim`, `scrub`.
        public var kinds: [String: Kind]

        /// The latency of requests as the budget sees it.
        public struct Latency: Codable, Hashable, Sendable {
            public var now: Int
            public var calm: Int

            public init(now: Int, calm: Int) {
                self.now = now
                self.calm = calm
            }
        }

        /// One kind of background work since the node's start.
        public struct Kind: Codable, Hashable, Sendable {
            /// Records that were read or sent, and their bytes.
            public var operations: Int
            public var bytes: Int
            /// How often it was told to wait.
            public var waits: Int
            /// Questions of other nodes that wait for the budget now.
            public var waiting: Int

            public init(operations: Int, bytes: Int, waits: Int, waiting: Int) {
                self.operations = operations
                self.bytes = bytes
                self.waits = waits
                self.waiting = waiting
            }
        }

        public init(
            percent: Int, operationsPerSecond: Int, bytesPerSecond: Int, yieldingMilliseconds: Int64? = nil,
            foreground: [String: Latency] = [:], kinds: [String: Kind] = [:]
        ) {
            self.percent = percent
            self.operationsPerSecond = operationsPerSecond
            self.bytesPerSecond = bytesPerSecond
            self.yieldingMilliseconds = yieldingMilliseconds
            self.foreground = foreground
            self.kinds = kinds
        }
    }
}
