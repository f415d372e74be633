// What the doors ask of the node they stand before: one narrow protocol, so that a door knows nothing of replication,
// and a door's tests need no cluster.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieTypes
import CoterieWire
import NIOCore

/// The node behind a door.
public protocol NodeGateway: Sendable {
    /// The member that this node is.
    var member: MemberNumber { get }

    /// The layout this node acts on now.
    var layout: Layout { get }

    var limits: Limits { get }

    /// The replicated types that this node knows.
    var types: TypeRegistry { get }

    /// Carries one request to its answer. Never throws: a failure is an answer. Runs to its end when the caller's task
    /// is cancelled; its own timeout bounds it.
    func perform(_ request: ClientRequest) async -> ClientReply

    /// The effective properties of a bucket: the type's defaults, then the bucket's overrides; of the type itself where
    /// `bucket` is nil.
    func properties(type: ByteBuffer, bucket: ByteBuffer?) async -> Result<BucketProperties, Failure>

    /// What was set for a bucket (or for a type), and nothing that holds by itself: what `setProperties` replaces.
    func overrides(type: ByteBuffer, bucket: ByteBuffer?) async -> BucketProperties

    /// Replaces the overrides of a bucket (or of a type); nil takes them away. Durable on this node and sent to all
    /// peers before it returns.
    func setProperties(_ properties: BucketProperties?, type: ByteBuffer, bucket: ByteBuffer?) async -> Failure?

    func status() async -> NodeStatus

    /// What this node's own replica holds of a key, and what it remembers of the key's merges.
    func replica(of key: ObjectKey) async -> ReplicaView

    /// What breaks and slows this node's links on purpose; nil where that is not allowed.
    var faults: (any FaultInjection)? { get }
}

/// One replica of a key, as it is: no quorum, no other replica.
public struct ReplicaView: Sendable {
    /// Empty where nothing is known of the key. A failure with the code `notOwner` where this node keeps no replica of it.
    public var object: Result<CausalObject, Failure>
    /// The newest first.
    public var merges: [Merge]

    public init(object: Result<CausalObject, Failure>, merges: [Merge] = []) {
        self.object = object
        self.merges = merges
    }

    /// A merge that the node remembers: see `MergeReport`.
    public struct Merge: Hashable, Sendable {
        public var ago: TimeSpan
        public var from: MemberNumber?
        public var event: Dot?
        public var arrived: [Dot]
        public var replaced: [Dot]
        public var discarded: [Dot]
        public var stayed: [Dot]

        public init(
            ago: TimeSpan, from: MemberNumber?, event: Dot?, arrived: [Dot] = [], replaced: [Dot] = [],
            discarded: [Dot] = [], stayed: [Dot] = []
        ) {
            self.ago = ago
            self.from = from
            self.event = event
            self.arrived = arrived
            self.replaced = replaced
            self.discarded = discarded
            self.stayed = stayed
        }
    }
}

/// The links of a node that was started with faults allowed.
public protocol FaultInjection: Sendable {
    func table() async -> FaultTable
    /// Does from now on what the table says, and nothing else. All members in it are known.
    func set(_ table: FaultTable) async
}
