// The end of an event loop's tick: the moment when everything that came in together has been handled and everything
// that was said is flushed, once per connection.
//
// The first who asks for it in a tick schedules it behind all that the loop has already read. Flushing here instead of
// at each channel's read-complete doubles the throughput (design, section 3).

import NIOCore

/// Collects the connections of one event loop that have something to send, and flushes them once per tick.
/// Confined to its event loop.
public final class EndOfTick: @unchecked Sendable {
    public let eventLoop: any EventLoop
    /// Called once at the end of each tick in which `touch` was called, before the flush.
    var whenTouched: (() -> Void)?
    private var dirty: [Connection] = []
    private var isScheduled = false
    private var isTouched = false

    public init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        dirty.reserveCapacity(64)
    }

    /// Asks for an end of this tick. Within `whenTouched` it does nothing.
    func touch() {
        isTouched = true
        schedule()
    }

    /// Has the connection flushed at the end of this tick; to be called once until then.
    func flush(_ connection: Connection) {
        dirty.append(connection)
        schedule()
    }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.execute { self.end() }
    }

    private func end() {
        if isTouched {
            whenTouched?()
            isTouched = false
        }
        // A flush may end connections, and what is then said belongs to the next tick.
        isScheduled = false
        var flushing: [Connection] = []
        swap(&flushing, &dirty)
        for connection in flushing { connection.flush() }
        flushing.removeAll(keepingCapacity: true)
        if dirty.isEmpty { swap(&flushing, &dirty) }
    }
}
