// What this owner answered to the writes that came to it with a request id: one client write gets one dot, whatever
// is retried on the way (INV 5). Bounded; what falls out can no longer be retried here and its sender says `unknown`.

import CoteriePrimitives
import CoterieWire

/// The latest requests by id.
struct RememberedRequests {
    enum Memory: Equatable {
        /// Under way, in this slot.
        case underWay(UInt64)
        case answered(ClientReply)
    }

    let limit: Int
    private var memory: [RequestID: Memory] = [:]
    private var order: [RequestID] = []
    private var oldest = 0
    /// By origin, the highest sequence that fell out.
    private var forgotten: [UInt64: UInt64] = [:]

    init(limit: Int) {
        precondition(limit > 0, "at least one request must be remembered, not \(limit)")
        self.limit = limit
    }

    subscript(id: RequestID) -> Memory? { memory[id] }

    /// Remembers a request that begins. Amortised O(1).
    mutating func begin(_ id: RequestID, slot: UInt64) {
        if memory.updateValue(.underWay(slot), forKey: id) == nil { order.append(id) }
        while order.count - oldest > limit {
            let id = order[oldest]
            memory[id] = nil
            forgotten[id.origin] = max(forgotten[id.origin] ?? 0, id.sequence)
            oldest += 1
        }
        if oldest > limit {
            order.removeFirst(oldest)
            oldest = 0
        }
    }

    /// Whether a request that is not remembered may have been carried and fallen out since: then it must not be carried
    /// again. An origin counts its requests upwards, so what is above all that fell out has not been here.
    func mayHaveForgotten(_ id: RequestID) -> Bool { forgotten[id.origin].map { id.sequence <= $0 } ?? false }

    /// Remembers the answer of a request that was refused at once.
    mutating func remember(_ id: RequestID, _ reply: ClientReply) {
        begin(id, slot: 0)
        finish(id, with: reply)
    }

    /// Remembers its answer, if the request itself still is remembered. A refusal too: whoever hears that nothing was
    /// applied believes it, and a copy of the request that is still on its way must not be carried then.
    mutating func finish(_ id: RequestID, with reply: ClientReply) {
        guard memory[id] != nil else { return }
        memory[id] = .answered(reply)
    }

    var count: Int { memory.count }
}
