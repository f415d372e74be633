// What the clients of a run do: few keys with many collisions, so that siblings, repairs and races are common.

import CoteriePrimitives
import CoterieRing

/// The workload of a run.
public struct WorkloadPlan: Hashable, Sendable {
    /// How often each kind of operation is drawn, relative to the others; 0 switches it off.
    public struct Mix: Hashable, Sendable {
        public var get = 40
        /// A put that brings no context: concurrent with all that is there.
        public var blindPut = 15
        /// A put with the context that the session saw last.
        public var put = 25
        /// A get, then a put with its context.
        public var update = 10
        public var blindDelete = 3
        public var delete = 5
        public var conditional = 5

        public init() {}

        var weights: [Int] { [get, blindPut, put, update, blindDelete, delete, conditional] }
    }

    /// What a request asks of the replicas; nil leaves it to the bucket type.
    public struct Quorums: Hashable, Sendable {
        public var r: Quorum?
        public var w: Quorum?
        public var pr: Quorum?
        public var pw: Quorum?
        public var dw: Quorum?
        public var notfoundOK: Bool?
        public var basicQuorum: Bool?
        public var sloppy: Bool?

        public init(r: Quorum? = nil, w: Quorum? = nil) {
            self.r = r
            self.w = w
        }
    }

    /// Client processes, each with one connection pool.
    public var clients = 2
    /// Sessions of each client: each has one request under way and its own memory of contexts.
    public var sessionsPerClient = 3
    /// Of 1000 sessions so many ask a node's own door instead, as its HTTP clients do.
    public var doorSessions = 100
    /// Requests in all.
    public var operations = 300
    /// No request begins later than this after the first could; nil: only their number counts.
    public var duration: TimeSpan?
    /// Between an answer and the session's next request, at most.
    public var thinkTime = TimeSpan.milliseconds(5)
    public var mix = Mix()
    /// Bucket types that are used, by name, each as likely.
    public var bucketTypes = [BucketType.defaultName]
    public var keysPerType = 4
    /// 0: all keys are as likely; 1, 2, …: the first ones more and more.
    public var skewness = 1
    public var quorums = [Quorums()]
    public var timeout = TimeSpan.seconds(2)
    public var valueBytes = 32 ... 64
    /// Of 1000 values so many have `largeValueBytes`.
    public var largeValues = 10
    public var largeValueBytes = 4096
    /// Of 1000 reads so many bring the session's context as a floor.
    public var floors = 200
    /// Of 1000 writes so many ask for the object in the answer.
    public var returnBody = 100
    /// Of 1000 answers so many make the session forget its contexts, as a page that is loaded anew does.
    public var forgetting = 20
    /// Requests begin before the cluster has served for the first time.
    public var fromTheStart = false

    public init() {}
}
