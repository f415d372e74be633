// A connection between two processes: two directions, each an ordered stream of bytes that arrive or do not. As with
// TCP, what arrives is in order and whole, until it breaks; a break loses what is on its way, and each side sees it at
// a time of its own, or when it is told that there is a newer connection.
//
// In datagram mode (see `Fault.datagrams`) frames of a direction are lost, repeated and overtaken, which TCP never
// does. The core must bear it all the same: over TCP the same happens between a break and the next connection, only
// more rarely.

import CoterieClientMachine
import CoteriePrimitives
import CoterieWire
import NIOCore

/// Bytes on their way.
struct Segment {
    let arrival: Int64
    let bytes: ByteBuffer
}

/// One direction of a connection, by its receiving side.
struct Direction {
    /// Written in this tick, not flushed yet.
    var outbox = ByteBuffer()
    /// On their way, the first to arrive first.
    private var segments: [Segment] = []
    private var first = 0
    /// Bytes of all segments.
    private(set) var bytesUnderWay = 0
    /// When the last one arrives.
    var lastArrival: Int64 = 0
    /// When the delivery is due that is in the event queue.
    var scheduledAt = Int64.max
    /// It waits until a cut is mended or a process goes on.
    var isStalled = false
    var decoder: FrameDecoder

    init(maxFrameBytes: Int) { decoder = FrameDecoder(maxFrameBytes: maxFrameBytes) }

    /// When the first of them arrives.
    var nextArrival: Int64? { first < segments.count ? segments[first].arrival : nil }

    /// Hands over what was written in this tick.
    mutating func takeOutbox() -> ByteBuffer {
        var bytes = ByteBuffer()
        swap(&bytes, &outbox)
        return bytes
    }

    mutating func append(_ segment: Segment) {
        segments.append(segment)
        bytesUnderWay += segment.bytes.readableBytes
    }

    /// Puts a datagram among those that arrive later: only where each segment is a whole frame.
    mutating func insert(_ segment: Segment) {
        var place = segments.count
        while place > first, segments[place - 1].arrival > segment.arrival { place -= 1 }
        segments.insert(segment, at: place)
        bytesUnderWay += segment.bytes.readableBytes
    }

    mutating func popFirst() -> ByteBuffer? {
        guard first < segments.count else { return nil }
        let bytes = segments[first].bytes
        first += 1
        bytesUnderWay -= bytes.readableBytes
        if first == segments.count {
            segments.removeAll(keepingCapacity: true)
            first = 0
        } else if first > 64, first * 2 > segments.count {
            segments.removeFirst(first)
            first = 0
        }
        return bytes
    }

    mutating func clear() {
        segments = []
        first = 0
        bytesUnderWay = 0
        outbox = ByteBuffer()
    }
}

/// One end of a connection. A class, so that a look at it copies nothing.
final class ConnectionSide {
    let process: Int
    /// The life of the process to which it belongs.
    let life: UInt32
    /// The process holds it.
    @exclusivity(unchecked) var isOpen = true
    /// The hellos are exchanged, as seen from here.
    @exclusivity(unchecked) var isUp = false
    /// What comes in here.
    @exclusivity(unchecked) var inbound: Direction

    init(process: Int, life: UInt32, inbound: Direction) {
        self.process = process
        self.life = life
        self.inbound = inbound
    }
}

/// A connection, from the first attempt to its end.
final class Connection {
    enum Kind {
        case members
        /// A client's, by the client's own name for it.
        case client(LinkID)
    }

    let serial: Int
    let kind: Kind
    /// 0 dialled, 1 accepted.
    let sides: (ConnectionSide, ConnectionSide)
    /// Nothing passes any more, whatever the sides know.
    @exclusivity(unchecked) var isBroken = false

    init(serial: Int, kind: Kind, from: (process: Int, life: UInt32), to: (process: Int, life: UInt32), frame: Int) {
        self.serial = serial
        self.kind = kind
        sides = (
            ConnectionSide(process: from.process, life: from.life, inbound: Direction(maxFrameBytes: frame)),
            ConnectionSide(process: to.process, life: to.life, inbound: Direction(maxFrameBytes: frame))
        )
    }

    @inline(__always)
    subscript(_ side: Int) -> ConnectionSide { side == 0 ? sides.0 : sides.1 }

    /// Which side a process has.
    @inline(__always)
    func side(of process: Int) -> Int { sides.0.process == process ? 0 : 1 }

    /// Whether anything may still happen to it.
    var isGone: Bool { !sides.0.isOpen && !sides.1.isOpen }
}
