// What will happen, ordered by (time, sequence): a heap of four-way branches over small structs without references, so
// that an event costs no allocation. The sequence number breaks ties in the order of insertion: equal seeds give equal
// runs.
//
// Events are never taken out before their time. Each carries what its subject needs to see that it is out of date (the
// life of a process, the serial number of a timer), and then nothing happens.

/// One thing that will happen at a virtual time.
struct Event {
    enum Kind: UInt8 {
        /// A node handles what has come to it.
        case tick
        /// A node's timer runs out; `detail` is the timer's serial number.
        case nodeTimer
        /// A piece of disk work is done; `detail` is its serial number.
        case disk
        /// The first segment of a connection's direction has arrived; `subject` is the connection, `detail` the
        /// receiving side.
        case deliver
        /// A side of a connection sees that it is broken; as `deliver`.
        case notice
        /// A member tries to reach another; `detail` is the other's index.
        case dial
        /// A client's timer runs out; `detail` is the timer's serial number.
        case clientTimer
        /// A session makes its next request; `detail` is the session.
        case session
        /// The next fault is drawn.
        case fault
        /// A fault ends; `detail` is its number.
        case faultEnds
        /// A process starts (again); `detail` is the life that it must still be down from.
        case start
        /// An operator restarts a process whose store cannot write any more; `detail` is its life.
        case operatorRestart
        /// The run looks whether a phase is over.
        case phase
        /// A scenario's timeline goes on, or looks whether it can.
        case script
    }

    let time: Int64
    let sequence: UInt64
    let kind: Kind
    /// A process, a connection or a session.
    let subject: UInt32
    let detail: UInt64

    @inline(__always)
    static func before(_ a: Event, _ b: Event) -> Bool {
        a.time != b.time ? a.time < b.time : a.sequence < b.sequence
    }
}

/// The events that are due, the earliest first.
struct EventQueue {
    private var heap: ContiguousArray<Event> = []
    /// How many were ever inserted.
    private(set) var inserted: UInt64 = 0

    init() { heap.reserveCapacity(1024) }

    var count: Int { heap.count }
    @inline(__always) var earliest: Int64? { heap.first?.time }

    /// O(log n).
    mutating func push(_ kind: Event.Kind, _ subject: Int, detail: UInt64 = 0, at time: Int64) {
        inserted += 1
        let event = Event(
            time: time, sequence: inserted, kind: kind, subject: UInt32(truncatingIfNeeded: subject), detail: detail)
        heap.append(event)
        heap.withUnsafeMutableBufferPointer { heap in
            var place = heap.count - 1
            while place > 0 {
                let parent = (place - 1) / 4
                guard Event.before(event, heap[parent]) else { break }
                heap[place] = heap[parent]
                place = parent
            }
            heap[place] = event
        }
    }

    /// O(log n).
    mutating func pop() -> Event? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap.withUnsafeMutableBufferPointer { heap in
            var place = 0
            while true {
                let child = 4 * place + 1
                guard child < heap.count else { break }
                var least = child
                for other in child + 1 ..< max(child + 1, min(child + 4, heap.count))
                where Event.before(heap[other], heap[least]) {
                    least = other
                }
                guard Event.before(heap[least], last) else { break }
                heap[place] = heap[least]
                place = least
            }
            heap[place] = last
        }
        return first
    }
}
