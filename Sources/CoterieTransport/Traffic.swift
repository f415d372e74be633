// What went over connections, counted.

import CoteriePrimitives
import CoterieWire

/// Bytes and frames of one connection, or of all connections with one peer.
public struct Traffic: Hashable, Sendable {
    public var bytesIn: UInt64 = 0
    public var bytesOut: UInt64 = 0
    public var framesIn: UInt64 = 0
    public var framesOut: UInt64 = 0
    /// Times that bytes were handed to the operating system: one for each tick in which there were any.
    public var flushes: UInt64 = 0
    /// Messages that were not sent because the backlog was full or the frame too long.
    public var dropped: UInt64 = 0

    public init() {}

    public static func += (a: inout Traffic, b: Traffic) {
        a.bytesIn += b.bytesIn
        a.bytesOut += b.bytesOut
        a.framesIn += b.framesIn
        a.framesOut += b.framesOut
        a.flushes += b.flushes
        a.dropped += b.dropped
    }
}

/// A network's figures since its start.
public struct NetworkStatistics: Hashable, Sendable {
    public struct Peer: Hashable, Sendable {
        public let member: MemberNumber
        public let name: String
        public let isConnected: Bool
        /// How often a connection with it was established.
        public let connections: UInt64
        /// Bytes that wait to be sent to it.
        public let backlogBytes: Int
        public let traffic: Traffic
        /// Why the last connection, or the last attempt at one, ended.
        public let lastEnd: ConnectionEnd?
    }

    /// By rising number.
    public let peers: [Peer]
    public let clientsConnected: Int
    /// All clients there ever were.
    public let clients: UInt64
    public let clientTraffic: Traffic
    /// Inbound connections that were not let in.
    public let refused: UInt64
    /// Connections that ended for malformed bytes.
    public let malformed: UInt64
}
