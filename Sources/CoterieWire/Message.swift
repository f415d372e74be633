// Every message of the native protocol. Schema: coterie.proto, beside this file.
//
// A connection is one duplex stream of frames. Both ends begin with `hello`; whoever dislikes the other's answers
// `refused` and closes. Between members requests and replies share the one connection of the pair.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import NIOCore

public enum Message: Hashable, Sendable {
    // Both ends, once.
    case hello(Hello)
    case refused(Refusal)
    // Clients to nodes; and a node that is no owner to an owner (`request.forwarded`).
    indirect case request(Request)
    indirect case response(Response)
    // Coordinator to owners.
    case store(Store)
    case storeReply(StoreReply)
    case fetch(Fetch)
    case fetchReply(FetchReply)
    // Anyone to a node.
    case layoutRequest(LayoutRequest)
    case layoutReply(LayoutReply)
    // Members among each other.
    case heartbeat(Heartbeat)
    case gossip(Gossip)
    case properties(PropertiesUpdate)
    // A member with an empty store to the others.
    case introduce(Introduce)
    case introduceReply(IntroduceReply)
    case scan(Scan)
    case scanReply(ScanReply)
    // Owners of a group among each other: anti-entropy.
    case adverts(Adverts)
    case pull(Pull)
    case offer(Offer)
    // And the scrub.
    case compare(Compare)
    case comparison(Comparison)
    // Members among each other: rounds.
    case roundReport(RoundReport)
}

/// Who is speaking.
public struct Hello: Hashable, Sendable {
    public enum Speaker: Hashable, Sendable {
        case client(name: String)
        /// `nonce` is the member's start nonce: a second life of the same member is told from the first by it.
        case member(number: MemberNumber, name: String, nonce: UInt64)
    }
    public var clusterName: String
    /// Empty from a client that takes whatever cluster it finds.
    public var speaker: Speaker
    /// The protocol versions it speaks.
    public var minVersion: UInt32
    public var maxVersion: UInt32
    public var epoch: Epoch
    /// `Layout.digest`; 0 from a client that has none.
    public var layoutDigest: UInt64

    public static let version: UInt32 = 1

    public init(
        clusterName: String, speaker: Speaker, minVersion: UInt32 = Hello.version, maxVersion: UInt32 = Hello.version,
        epoch: Epoch, layoutDigest: UInt64
    ) {
        self.clusterName = clusterName
        self.speaker = speaker
        self.minVersion = minVersion
        self.maxVersion = maxVersion
        self.epoch = epoch
        self.layoutDigest = layoutDigest
    }
}

/// Why a connection ends.
public struct Refusal: Error, Hashable, Sendable {
    public enum Reason: UInt8, Hashable, Sendable {
        case wrongCluster = 1
        case unsupportedVersion = 2
        case unknownMember = 3
        /// Another process already speaks under this member number (INV 4).
        case duplicateMember = 4
        case malformed = 5
        case differentLayout = 6
        case shuttingDown = 7
        case tooManyConnections = 8
        /// A reason of a newer node that this one does not know.
        case other = 255
    }
    public var reason: Reason
    public var text: String

    public init(_ reason: Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }
}

/// Names a request for ever: whoever first sent it, and its count there. Retries and forwards keep it (INV 5).
public struct RequestID: Hashable, Comparable, Sendable {
    /// A random number that the sender drew at its start.
    public var origin: UInt64
    public var sequence: UInt64

    public init(origin: UInt64, sequence: UInt64) {
        self.origin = origin
        self.sequence = sequence
    }

    public static func < (a: Self, b: Self) -> Bool {
        a.origin != b.origin ? a.origin < b.origin : a.sequence < b.sequence
    }
}

/// A client request on its way to whoever carries it.
public struct Request: Hashable, Sendable {
    public var id: RequestID
    /// The sender's epoch; 0 from a client without a layout.
    public var epoch: Epoch
    /// How much of the client's patience is left.
    public var timeLeft: TimeSpan
    /// Set by a node that passes it to an owner: an owner never passes it on again.
    public var forwarded: Bool
    public var request: ClientRequest

    public init(id: RequestID, epoch: Epoch, timeLeft: TimeSpan, forwarded: Bool = false, request: ClientRequest) {
        self.id = id
        self.epoch = epoch
        self.timeLeft = timeLeft
        self.forwarded = forwarded
        self.request = request
    }
}

public struct Response: Hashable, Sendable {
    public var id: RequestID
    public var reply: ClientReply

    public init(id: RequestID, reply: ClientReply) {
        self.id = id
        self.reply = reply
    }
}

/// An object for a replica: a write, or a repair.
public struct Store: Hashable, Sendable {
    /// The coordinator's own number for the exchange; comes back in the reply. 0: no reply is wanted (repair).
    public var exchange: UInt64
    public var epoch: Epoch
    /// The round in which the content left a store (design, section 4, rule 8): of what was merged, the oldest.
    public var round: UInt64
    public var group: Group
    public var key: ObjectKey
    /// The encoded `CausalObject`.
    public var object: ByteBuffer
    /// The event that this message spreads, and the minter's previous dot of this key (0: none); nil for a repair, and
    /// for an update that was applied before.
    public var event: Event?
    /// Whether the acknowledgement must wait for fsync whatever the node's durability policy says.
    public var durable: Bool
    /// The owner that cannot be reached, for whom the receiver, a fallback, is to keep the object as a hint; nil: the
    /// receiver is an owner itself.
    public var hintFor: MemberNumber?

    public struct Event: Hashable, Sendable {
        /// The first dot.
        public var dot: Dot
        public var previous: UInt64
        /// How many dots the event has: a run from `dot` on. 1 to `Limits.maxRunDots`.
        public var count: Int
        public init(dot: Dot, previous: UInt64, count: Int = 1) {
            self.dot = dot
            self.previous = previous
            self.count = count
        }

        public var run: DotRun { DotRun(dot, count: count) }
    }

    public init(
        exchange: UInt64, epoch: Epoch, round: UInt64 = 0, group: Group, key: ObjectKey, object: ByteBuffer,
        event: Event?, durable: Bool, hintFor: MemberNumber? = nil
    ) {
        self.exchange = exchange
        self.epoch = epoch
        self.round = round
        self.group = group
        self.key = key
        self.object = object
        self.event = event
        self.durable = durable
        self.hintFor = hintFor
    }
}

public struct StoreReply: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        /// Merged, and as safe as the node's policy has it; `durable` where that was fsync.
        case stored(durable: Bool)
        case refused(ErrorCode)
    }
    public var exchange: UInt64
    public var epoch: Epoch
    public var status: Status

    public init(exchange: UInt64, epoch: Epoch, status: Status) {
        self.exchange = exchange
        self.epoch = epoch
        self.status = status
    }
}

/// A read of one replica.
public struct Fetch: Hashable, Sendable {
    public var exchange: UInt64
    public var epoch: Epoch
    public var group: Group
    public var key: ObjectKey
    /// The `CausalObject.digest` that the asker already holds: an equal replica answers `same`.
    public var digest: UInt64?
    /// What the client wants to be covered; empty where it asks for nothing.
    public var floor: VersionVector

    /// The receiver is a fallback: what it keeps for owners is asked for, all hints of the key merged.
    public var hints: Bool

    /// How much patience is left with the request that it is for; nil where its sender does not say.
    public var timeLeft: TimeSpan?

    public init(
        exchange: UInt64, epoch: Epoch, group: Group, key: ObjectKey, digest: UInt64?,
        floor: VersionVector = VersionVector(), hints: Bool = false, timeLeft: TimeSpan? = nil
    ) {
        self.exchange = exchange
        self.epoch = epoch
        self.group = group
        self.key = key
        self.digest = digest
        self.floor = floor
        self.hints = hints
        self.timeLeft = timeLeft
    }
}

public struct FetchReply: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        case same
        /// The encoded `CausalObject`; a marker too.
        case object(ByteBuffer)
        case absent
        case refused(ErrorCode)
    }
    public var exchange: UInt64
    public var epoch: Epoch
    public var round: UInt64
    public var status: Status
    /// The entries of the floor whose event the replica's clock has handled: where its object does not cover them any
    /// more, they were deleted, and the marker is gone.
    public var handled: VersionVector

    public init(
        exchange: UInt64, epoch: Epoch, round: UInt64 = 0, status: Status, handled: VersionVector = VersionVector()
    ) {
        self.exchange = exchange
        self.epoch = epoch
        self.round = round
        self.status = status
        self.handled = handled
    }
}

public struct LayoutRequest: Hashable, Sendable {
    /// The newest that the asker has.
    public var epoch: Epoch
    public init(epoch: Epoch) { self.epoch = epoch }
}

public struct LayoutReply: Hashable, Sendable {
    /// `Layout.encoded()`.
    public var layout: ByteBuffer
    public init(layout: ByteBuffer) { self.layout = layout }
}

/// The transport's question whether the other end of a connection lives, and its answer.
public struct Heartbeat: Hashable, Sendable {
    public var sequence: UInt64
    /// False: please answer. True: this is the answer.
    public var isReply: Bool
    public var epoch: Epoch

    public init(sequence: UInt64, isReply: Bool, epoch: Epoch) {
        self.sequence = sequence
        self.isReply = isReply
        self.epoch = epoch
    }
}

/// One message of the membership, who is alive: its content is the membership's own matter (`MembershipMessage`).
public struct Gossip: Hashable, Sendable {
    /// The sender's layout's: news of a newer layout travels with it.
    public var epoch: Epoch
    public var content: ByteBuffer

    public init(epoch: Epoch, content: ByteBuffer) {
        self.epoch = epoch
        self.content = content
    }
}

/// The overrides of one bucket's properties, as of a hybrid time: the latest wins.
public struct PropertiesUpdate: Hashable, Sendable {
    /// `ObjectKey.bucketPrefix`; of the type alone (with an empty bucket) for the type's own properties.
    public var bucket: ByteBuffer
    public var properties: BucketProperties
    /// A `HybridTime`, ties broken by `author`.
    public var time: UInt64
    public var author: MemberNumber

    public init(bucket: ByteBuffer, properties: BucketProperties, time: UInt64, author: MemberNumber) {
        self.bucket = bucket
        self.properties = properties
        self.time = time
        self.author = author
    }
}

/// A store, by the member that it is or was of.
public struct KnownStore: Hashable, Sendable {
    public var member: MemberNumber
    /// The nonce of its first start.
    public var store: UInt64

    public init(_ member: MemberNumber, store: UInt64) {
        self.member = member
        self.store = store
    }
}

/// "My store has never served, or was lost: did I exist before, and whom do you know?" Whoever answers has durably
/// recorded that it knows this member now.
public struct Introduce: Hashable, Sendable {
    public var epoch: Epoch
    /// Which store asks: the nonce of its first start.
    public var store: UInt64

    public init(epoch: Epoch, store: UInt64) {
        self.epoch = epoch
        self.store = store
    }
}

public struct IntroduceReply: Hashable, Sendable {
    public var epoch: Epoch
    /// Whether the answering member had recorded the asker under another store.
    public var knownBefore: Bool
    /// The members that the answering one has met, itself included once it has served.
    public var known: [KnownStore]
    /// The answering member's durable round; 0 where it has none yet.
    public var round: UInt64

    public init(epoch: Epoch, knownBefore: Bool, known: [KnownStore], round: UInt64 = 0) {
        self.epoch = epoch
        self.knownBefore = knownBefore
        self.known = known
        self.round = round
    }
}

/// Asks another owner of a group for its objects, in key order: how a replica that lost its store is refilled.
public struct Scan: Hashable, Sendable {
    public var exchange: UInt64
    public var epoch: Epoch
    public var group: Group
    /// Keys from here on; empty: from the beginning.
    public var start: ByteBuffer
    /// About how many bytes of objects a reply may carry; at least one object always comes.
    public var maxBytes: UInt32

    public init(exchange: UInt64, epoch: Epoch, group: Group, start: ByteBuffer, maxBytes: UInt32) {
        self.exchange = exchange
        self.epoch = epoch
        self.group = group
        self.start = start
        self.maxBytes = maxBytes
    }
}

public struct ScanReply: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        /// Objects in key order; `next` is where to go on, nil at the end. The first batch brings the clock that the
        /// source had durably before it read anything: what a complete scan makes its taker know.
        case batch([ScannedObject], next: ByteBuffer?, clock: PartitionClock?)
        case refused(ErrorCode)
    }
    public var exchange: UInt64
    public var epoch: Epoch
    public var round: UInt64
    public var status: Status

    public init(exchange: UInt64, epoch: Epoch, round: UInt64 = 0, status: Status) {
        self.exchange = exchange
        self.epoch = epoch
        self.round = round
        self.status = status
    }
}

/// One key's encoded `CausalObject`.
public struct ScannedObject: Hashable, Sendable {
    public var key: ObjectKey
    /// Nil: there is a record and it cannot be read. It brings nothing, and does not say that the key is gone.
    public var object: ByteBuffer?

    public init(key: ObjectKey, object: ByteBuffer?) {
        self.key = key
        self.object = object
    }
}
