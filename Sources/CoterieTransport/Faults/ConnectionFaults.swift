// What waits on one connection because of a fault, in both directions.

import NIOCore

/// Both directions of a connection with a fault.
final class ConnectionFaults {
    let outgoing: WaitingBytes
    let incoming: WaitingBytes
    /// Bytes beyond which nothing more is read: then they wait in the other end's system, as behind a slow network.
    static let maxIncomingBytes = 4 << 20

    init(
        on eventLoop: any EventLoop, send: @escaping (ByteBuffer) -> Void, receive: @escaping (ByteBuffer) -> Void
    ) {
        outgoing = WaitingBytes(on: eventLoop, deliver: send)
        incoming = WaitingBytes(on: eventLoop, deliver: receive)
    }

    var isFull: Bool { incoming.count >= Self.maxIncomingBytes }

    func discard() {
        outgoing.discard()
        incoming.discard()
    }
}
