// Taking calls and ending them: each has exactly one outcome.

import CoteriePrimitives
import CoterieTypes
import CoterieWire
import DequeModule
import NIOCore

extension ClientMachine {
    /// Accepts a call, or ends it at once where nothing may be added.
    mutating func take(_ id: CallID, _ request: ClientRequest, at now: Instant, into effects: inout [ClientEffect]) {
        let bytes = request.operation.valueBytes
        guard stage == .running || stage == .ready else {
            return refuse(id, .closing, "the client is closing", into: &effects)
        }
        guard calls.count < settings.maxPending else {
            return refuse(
                id, .overloaded, "\(calls.count) requests wait already: maxPending is \(settings.maxPending)",
                into: &effects)
        }
        // A single value of any size is taken by an idle client; what brings no value is always taken.
        guard bytes == 0 || calls.bytes == 0 || calls.bytes + bytes <= settings.maxPendingBytes else {
            return refuse(
                id, .overloaded,
                "writes of \(calls.bytes) bytes wait already: maxPendingBytes is \(settings.maxPendingBytes)",
                into: &effects)
        }
        budget.earn()
        let timeout = max(request.options.timeout ?? settings.defaultTimeout, .milliseconds(1))
        let sequence = calls.next
        calls.insert(
            Call(
                sequence: sequence, id: id, request: request, bytes: bytes, started: now, nodeDeadline: now + timeout,
                deadline: now + timeout + settings.answerGrace))
        dispatch(sequence, at: now, into: &effects)
    }

    private func refuse(
        _ id: CallID, _ reason: Unanswered.Reason, _ message: String, into effects: inout [ClientEffect]
    ) {
        effects.append(.complete(id, .unanswered(Unanswered(reason, message))))
    }

    /// The caller has gone: what was sent may still happen.
    mutating func cancel(_ id: RequestID, at now: Instant, into effects: inout [ClientEffect]) {
        guard id.origin == origin else { return }
        end(Call.sequence(of: id), .cancelled, "the caller cancelled the request", into: &effects)
    }

    /// Ends a call without an answer: not applied only where that is certain.
    mutating func end(
        _ sequence: UInt64, _ reason: Unanswered.Reason, _ message: String, into effects: inout [ClientEffect]
    ) {
        guard let call = leave(sequence) else { return }
        let outcome = call.isSurelyNotApplied ? Failure.Outcome.notApplied : .unknown
        effects.append(.complete(call.id, .unanswered(Unanswered(reason, message, outcome: outcome))))
    }

    /// Ends a call with a node's answer. A refusal of a repeat says nothing about what was sent before it.
    mutating func finish(
        _ sequence: UInt64, with reply: ClientReply, by node: Int, into effects: inout [ClientEffect]
    ) {
        guard let call = leave(sequence) else { return }
        var reply = reply
        if call.inDoubt, case .failed(var failure) = reply.result, failure.outcome == .notApplied {
            failure.outcome = .unknown
            failure.message += " (and the answer to the first attempt was lost)"
            reply.result = .failed(failure)
        }
        effects.append(.complete(call.id, .answered(reply, by: nodes[node].address)))
    }

    /// Takes a call out of the table and out of all counts.
    private mutating func leave(_ sequence: UInt64) -> Call? {
        guard let call = calls.remove(sequence) else { return nil }
        release(call.phase)
        return call
    }

    /// Undoes what a phase has counted. The numbers in queues stay until they are met, or until they are too many.
    mutating func release(_ phase: Call.Phase) {
        switch phase {
        case .sent(let attempt): release(attempt.link)
        case .hedged(let first, let second):
            release(first.link)
            release(second.link)
        case .queued(let node):
            nodes[node].queued -= 1
            if nodes[node].queue.count > 32 + 2 * nodes[node].queued { purgeQueue(of: node) }
        case .waiting, .awaitingLayout:
            if waiting.count > 32 + 2 * calls.count { purgeWaiting() }
        case .lost: break
        }
    }

    private mutating func release(_ link: LinkID) {
        if nodes[link.node].links[link.lane]?.id == link { nodes[link.node].links[link.lane]?.outstanding -= 1 }
        nodes[link.node].outstanding -= 1
        if nodes[link.node].queued > 0 { hasRoom = true }
    }

    private mutating func occupy(_ link: LinkID) {
        nodes[link.node].links[link.lane]?.outstanding += 1
        nodes[link.node].outstanding += 1
    }

    private mutating func purgeQueue(of node: Int) {
        let calls = calls
        nodes[node].queue.removeAll { calls[$0]?.phase != .queued(node: node) }
    }

    private mutating func purgeWaiting() {
        let calls = calls
        waiting.removeAll { calls[$0]?.phase != .waiting }
    }

    /// Moves a call to another phase, counting what it leaves and what it enters.
    mutating func move(_ sequence: UInt64, to phase: Call.Phase) {
        guard
            let old = calls.update(
                sequence,
                { call in
                    let old = call.phase
                    call.phase = phase
                    return old
                })
        else { return }
        switch phase {
        case .sent(let attempt): occupy(attempt.link)
        case .hedged(let first, let second):
            occupy(first.link)
            occupy(second.link)
        case .queued(let node):
            nodes[node].queued += 1
            nodes[node].queue.append(sequence)
        case .waiting: waiting.append(sequence)
        case .awaitingLayout, .lost: break
        }
        release(old)
    }
}

extension Operation {
    /// What it adds to the memory that waiting calls hold.
    var valueBytes: Int {
        switch self {
        case .get, .delete: 0
        case .put(let content, context: _, condition: _): content.value.readableBytes
        case .update(let operation, context: _, id: _): operation.readableBytes
        }
    }
}
