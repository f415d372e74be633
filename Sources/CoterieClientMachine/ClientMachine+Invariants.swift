// What holds between any two inputs; tests and the simulator call it at each step.

import CoteriePrimitives
import CoterieWire
import DequeModule

extension ClientMachine {
    /// Traps, with the values, where the machine contradicts itself. O(calls + connections).
    public func checkInvariants() {
        precondition(calls.count <= settings.maxPending, "\(calls.count) calls, at most \(settings.maxPending)")
        var outstanding: [LinkID: Int] = [:]
        var queued: [Int: Int] = [:]
        calls.forEach { call in
            for link in call.links { outstanding[link, default: 0] += 1 }
            if case .queued(let node) = call.phase { queued[node, default: 0] += 1 }
            check(call)
        }
        for (index, node) in nodes.enumerated() {
            precondition(node.queued == queued[index, default: 0], "node \(index) counts \(node.queued) queued")
            precondition(
                node.queue.count <= 64 + 2 * settings.maxPending,
                "the queue of node \(index) grew to \(node.queue.count)")
            precondition(node.queued == 0 || node.isUp, "calls are queued for node \(index), which is down")
            let sum = node.links.reduce(0) { $0 + ($1?.outstanding ?? 0) }
            precondition(node.outstanding == sum, "node \(index) counts \(node.outstanding) calls, its links \(sum)")
            let up = node.links.count { $0?.isUp == true }
            precondition(node.upLanes == up, "node \(index) counts \(node.upLanes) links, \(up) are up")
            for link in node.links {
                guard let link else { continue }
                let counted = outstanding.removeValue(forKey: link.id) ?? 0
                precondition(link.outstanding == counted, "\(link.id) counts \(link.outstanding), not \(counted)")
                precondition(link.isUp || link.outstanding == 0, "\(link.id) is not up and has calls")
            }
        }
        precondition(outstanding.isEmpty, "calls wait for links that are gone: \(outstanding.keys.sorted())")
        precondition(waiting.count <= 64 + 2 * settings.maxPending, "\(waiting.count) numbers wait")
        precondition(calls.count == 0 || attentionAt != nil || stage == .closed, "calls wait and no timer is set")
    }

    private func check(_ call: borrowing Call) {
        precondition(stage != .closed, "call \(call.sequence) outlives the client")
        precondition(call.sends <= settings.maxAttempts, "call \(call.sequence) was sent \(call.sends) times")
        switch call.phase {
        case .waiting, .queued, .awaitingLayout:
            precondition(
                !call.isWrite || !call.inDoubt || call.isRepeatable,
                "write \(call.sequence) is in doubt and may go anywhere")
        case .hedged: precondition(!call.isWrite, "write \(call.sequence) is hedged")
        case .lost:
            precondition(
                call.isWrite && call.inDoubt && !call.isRepeatable, "call \(call.sequence) is lost and not in doubt")
        case .sent: break
        }
    }
}

extension Call {
    /// The connections over which an answer is awaited.
    fileprivate var links: [LinkID] {
        switch phase {
        case .sent(let attempt): [attempt.link]
        case .hedged(let first, let second): [first.link, second.link]
        case .waiting, .queued, .awaitingLayout, .lost: []
        }
    }
}
