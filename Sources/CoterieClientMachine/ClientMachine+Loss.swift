// What becomes of the calls of a connection that is lost. Reads are asked elsewhere, within the budget. A write may
// have been applied: it waits for the one attempt to reach its node again, is repeated under its id if that node is
// still in the same life, and is told as unknown otherwise (INV 5, directed schedule 6). An update with an operation's id
// counts once, whoever performs it (INV 11): it is asked elsewhere, as a read is.

import CoteriePrimitives
import CoterieWire

extension ClientMachine {
    /// The link is gone from its node already.
    mutating func moveCalls(of link: Link, at now: Instant, into effects: inout [ClientEffect]) {
        if link.outstanding > 0 {
            for sequence in calls.sequences(where: { $0.awaits(link.id) }) {
                lose(sequence, with: link, at: now, into: &effects)
            }
        }
        guard !nodes[link.id.node].isUp, nodes[link.id.node].queued > 0 else { return }
        // Never sent: they go elsewhere freely.
        for sequence in calls.sequences(where: { $0.phase == .queued(node: link.id.node) }) {
            dispatch(sequence, at: now, into: &effects)
        }
    }

    private mutating func lose(
        _ sequence: UInt64, with link: Link, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard let call = calls[sequence] else { return }
        let node = link.id.node
        if call.isWrite, !call.isRepeatable {
            guard let life = link.life else { return }
            move(sequence, to: .lost(node: node, life: life))
            _ = calls.update(sequence) { $0.inDoubt = true }
            if let lane = nodes[node].lane(toLife: life) {
                repeatWrite(sequence, over: lane, of: node, at: now, into: &effects)
            }
            return
        }
        if case .hedged(let first, let second) = call.phase {
            return move(sequence, to: .sent(first.link == link.id ? second : first))
        }
        guard mayRepeat(call) else {
            return end(sequence, .lost, lostText(node), into: &effects)
        }
        _ = calls.update(sequence) { call in
            call.avoided = node
            call.inDoubt = call.isWrite
        }
        dispatch(sequence, at: now, into: &effects)
    }

    /// The connection holds too much to take the request: it is free to go elsewhere, unless it is a repeat.
    mutating func notSent(
        _ id: RequestID, over link: LinkID, at now: Instant, into effects: inout [ClientEffect]
    ) {
        let sequence = Call.sequence(of: id)
        guard id.origin == origin, let call = calls[sequence], call.isNamed(by: id), call.awaits(link) else { return }
        let text = "the connection to \(nodes[link.node].address) holds too much to take more"
        if call.inDoubt, !call.isRepeatable { return end(sequence, .lost, text, into: &effects) }
        if case .hedged(let first, let second) = call.phase {
            return move(sequence, to: .sent(first.link == link ? second : first))
        }
        _ = calls.update(sequence) { $0.avoided = link.node }
        guard call.sends < settings.maxAttempts else {
            move(sequence, to: .waiting)
            return end(sequence, .overloaded, text, into: &effects)
        }
        dispatch(sequence, at: now, into: &effects)
    }

    /// The node has introduced itself anew: the writes that wait for it are repeated to the same life, and to no other.
    mutating func resolveLostWrites(of node: Int, at now: Instant, into effects: inout [ClientEffect]) {
        for sequence in lostWrites(of: node) {
            guard case .lost(_, let life)? = calls[sequence]?.phase else { continue }
            if let lane = nodes[node].lane(toLife: life) {
                repeatWrite(sequence, over: lane, of: node, at: now, into: &effects)
            } else {
                let text = "\(nodes[node].address) has restarted before it answered: the write may have been applied"
                end(sequence, .lost, text, into: &effects)
            }
        }
    }

    private mutating func repeatWrite(
        _ sequence: UInt64, over lane: Int, of node: Int, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard let call = calls[sequence], let link = nodes[node].links[lane]?.id, mayRepeat(call) else {
            return end(sequence, .lost, lostText(node), into: &effects)
        }
        send(sequence, over: link, at: now, into: &effects)
    }

    /// The node cannot be reached again: nobody can say what became of the writes that it had.
    mutating func giveUpLostWrites(of node: Int, because reason: String, into effects: inout [ClientEffect]) {
        for sequence in lostWrites(of: node) {
            let text = "\(nodes[node].address) was lost before it answered (\(reason)): the write may have been applied"
            end(sequence, .lost, text, into: &effects)
        }
    }

    private func lostWrites(of node: Int) -> [UInt64] {
        calls.sequences { call in
            if case .lost(node, life: _) = call.phase { true } else { false }
        }
    }

    /// Whether a call may be sent once more; if so, the budget has paid for it.
    mutating func mayRepeat(_ call: Call) -> Bool { call.sends < settings.maxAttempts && budget.spend() }

    private func lostText(_ node: Int) -> String {
        "the connection to \(nodes[node].address) was lost before it answered (\(nodes[node].trouble ?? "closed"))"
    }

    /// Calls that have waited for a node long enough, while there is none to wait for.
    mutating func failUnreachable(at now: Instant, into effects: inout [ClientEffect]) {
        guard cannotReach else { return }
        let patience = settings.reachPatience
        let text = unreachableText
        for sequence in calls.sequences(where: { $0.phase == .waiting && now >= $0.started + patience }) {
            end(sequence, .unreachable, text, into: &effects)
        }
    }
}
