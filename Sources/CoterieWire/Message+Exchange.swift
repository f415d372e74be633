// Anti-entropy's messages. Owners of a group tell each other what they have handled (adverts); whoever lacks something
// for a while asks for it (pull) and is answered in bounded batches (offer).

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// "These are the events that I have handled, durably": of groups that the sender and the receiver both own.
public struct Adverts: Hashable, Sendable {
    public struct Advert: Hashable, Sendable {
        public var group: Group
        public var clock: PartitionClock

        public init(group: Group, clock: PartitionClock) {
            self.group = group
            self.clock = clock
        }
    }
    public var epoch: Epoch
    /// Counts the sender's adverts within its life; an older one changes nothing.
    public var number: UInt64
    public var adverts: [Advert]

    public init(epoch: Epoch, number: UInt64, adverts: [Advert]) {
        self.epoch = epoch
        self.number = number
        self.adverts = adverts
    }
}

/// "Give me the events of this group that I lack."
public struct Pull: Hashable, Sendable {
    /// The asker's own number; comes back in the offer.
    public var exchange: UInt64
    public var epoch: Epoch
    public var group: Group
    /// What the asker has handled. No advert: it need not be durable.
    public var handled: PartitionClock
    /// Keys whose objects were left out of an earlier offer, and are needed.
    public var wanted: [ObjectKey]
    /// About how many bytes an offer may carry; at least one object always comes.
    public var maxBytes: UInt32

    public init(
        exchange: UInt64, epoch: Epoch, group: Group, handled: PartitionClock, wanted: [ObjectKey], maxBytes: UInt32
    ) {
        self.exchange = exchange
        self.epoch = epoch
        self.group = group
        self.handled = handled
        self.wanted = wanted
        self.maxBytes = maxBytes
    }
}

/// One key of an offer.
public struct OfferedObject: Hashable, Sendable {
    public var key: ObjectKey
    /// The events that the asker lacks and the object holds or covers.
    public var dots: [Dot]
    /// `CausalObject.digest`.
    public var digest: UInt64
    /// The encoded `CausalObject`; nil where it is large, and the asker may hold the same.
    public var object: ByteBuffer?

    public init(key: ObjectKey, dots: [Dot], digest: UInt64, object: ByteBuffer?) {
        self.key = key
        self.dots = dots
        self.digest = digest
        self.object = object
    }
}

/// The answer to a pull.
public struct Offer: Hashable, Sendable {
    public enum Status: Hashable, Sendable {
        /// `isLast`: of what the index has. `forgotten`: there is more that the asker lacks, and the index has let it
        /// go: only the group's whole content brings it.
        case batch([OfferedObject], isLast: Bool, forgotten: Bool)
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
