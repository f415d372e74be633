// Everything that can happen to a node, as values: what the shell feeds in production and the simulator in virtual time.

import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

/// Names a request of a door in this process; the door's own number, given back with the reply.
public struct ReplyToken: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names a connection of a client that speaks the native protocol; the transport's own number.
public struct ConnectionToken: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// One event.
public enum Input: Equatable, Sendable {
    /// The first input, once: the store is open.
    case start
    /// A door of this process asks.
    case client(ReplyToken, ClientRequest)
    /// A door of this process sets the overrides of a bucket's or type's properties.
    case setProperties(ReplyToken, PropertiesChange)
    /// A door of this process asks for the own replica of a key as it is: no quorum, no other replica.
    case inspect(ReplyToken, ObjectKey)
    /// A message of another member.
    case peer(Message, from: MemberNumber)
    /// A message of a client's connection.
    case connection(Message, from: ConnectionToken)
    /// A connection to a member stands. `nonce` tells its lives apart.
    case memberConnected(MemberNumber, nonce: UInt64)
    case memberDisconnected(MemberNumber)
    case connectionClosed(ConnectionToken)
    /// A message that certainly did not leave: there was no connection, or no room.
    case unsent(Message, to: MemberNumber)
    case disk(DiskCompletion)
    case timer(TimerName)
    /// All inputs of one tick of the event loop have been handled: barriers are taken and disk work is handed out here.
    case tickEnded
    /// Finish what is under way, refuse what is new, then say `stopped`.
    case stop
}

/// The timers of a node: each is set again by its own firing or by what needs it.
public enum TimerName: UInt8, Hashable, Sendable, CaseIterable {
    /// The next deadline among the requests under way.
    case deadlines
    /// What could not be done is tried again.
    case retry
    /// The next fsync under `durability = interval`.
    case flush
    /// Stopping waits no longer.
    case stop
    /// Owners tell each other what they have handled.
    case exchange
    /// The scrub reads its next range.
    case scrub
    /// The membership's one timer.
    case membership
    /// The next step of reclaiming markers, while there is anything to do.
    case reclaim
    /// Hints are sent to targets that are there again.
    case hints
    /// What waits for the budget for background work is looked at again.
    case background
}

/// A change of properties by an operator.
public struct PropertiesChange: Hashable, Sendable {
    /// `ObjectKey.bucketPrefix`; with an empty bucket: the type's own.
    public var bucket: ByteBuffer
    /// Nil: back to the defaults.
    public var properties: BucketProperties?

    public init(bucket: ByteBuffer, properties: BucketProperties?) {
        self.bucket = bucket
        self.properties = properties
    }
}
