// A link with a fault, and the bytes of one connection that wait because of it.

import CoteriePrimitives
import NIOCore

/// What all connections of one link share: the fault, its draws, and the wire where bandwidth is scarce.
final class FaultyLink {
    let fault: LinkFault
    private var draws: SeededGenerator
    private var wireIsBusyUntil = NIODeadline.uptimeNanoseconds(0)

    init(_ fault: LinkFault, draws: SeededGenerator) {
        self.fault = fault
        self.draws = draws
    }

    var isCut: Bool { fault.cut != nil }

    /// When a piece of so many bytes that leaves now is there.
    func arrival(of bytes: Int, leaving now: NIODeadline) -> NIODeadline {
        var time = now
        if let rate = fault.bytesPerSecond {
            let transfer = Int64(Double(bytes) / Double(rate) * 1e9)
            wireIsBusyUntil = max(now, wireIsBusyUntil) + .nanoseconds(transfer)
            time = wireIsBusyUntil
        }
        if let delay = fault.delay { time = time + delay.draw(&draws).timeAmount }
        if let loss = fault.loss { time = time + loss.draw(&draws).timeAmount }
        return time
    }
}

/// The bytes of one connection in one direction, in order, until their time has come.
final class WaitingBytes {
    private let eventLoop: any EventLoop
    /// Nil: nothing waits any longer.
    private(set) var link: FaultyLink?
    private var pieces = CircularBuffer<(due: NIODeadline, bytes: ByteBuffer)>()
    private var lastDue = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?
    private(set) var count = 0
    /// Gets every piece that is due; it may discard what waits behind it.
    private let deliver: (ByteBuffer) -> Void

    init(on eventLoop: any EventLoop, deliver: @escaping (ByteBuffer) -> Void) {
        self.eventLoop = eventLoop
        self.deliver = deliver
    }

    var isEmpty: Bool { pieces.isEmpty }

    func append(_ bytes: ByteBuffer) {
        let now = eventLoop.now
        // Nothing overtakes what was sent before it.
        lastDue = max(lastDue, link?.arrival(of: bytes.readableBytes, leaving: now) ?? now)
        count += bytes.readableBytes
        pieces.append((lastDue, bytes))
        deliverDue()
    }

    /// From now on another fault, or none: then all that waits passes at once.
    func set(_ link: FaultyLink?) {
        self.link = link
        if link == nil { lastDue = .uptimeNanoseconds(0) }
        deliverDue()
    }

    func discard() {
        timer?.cancel()
        timer = nil
        pieces.removeAll()
        count = 0
    }

    private func deliverDue() {
        timer?.cancel()
        timer = nil
        if let link, link.isCut { return }
        while let first = pieces.first {
            guard link == nil || first.due <= eventLoop.now else {
                timer = eventLoop.assumeIsolated().scheduleTask(deadline: first.due) { [weak self] in
                    self?.deliverDue()
                }
                return
            }
            pieces.removeFirst()
            count -= first.bytes.readableBytes
            deliver(first.bytes)
        }
    }
}
