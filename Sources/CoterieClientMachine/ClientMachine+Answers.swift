// What comes in over a connection.

import CoteriePrimitives
import CoterieRing
import CoterieWire

extension ClientMachine {
    mutating func receive(
        _ message: Message, over id: LinkID, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard isUp(id) else { return }
        hear(id, at: now)
        switch message {
        case .response(let response): answer(response, over: id, at: now, into: &effects)
        case .layoutReply(let reply): learn(reply, over: id, at: now, into: &effects)
        case .refused(let refusal): drop(id, .refused(refusal), at: now, into: &effects)
        case .heartbeat(let beat) where !beat.isReply:
            let reply = Heartbeat(sequence: beat.sequence, isReply: true, epoch: layout?.epoch ?? beat.epoch)
            effects.append(.send(id, .heartbeat(reply)))
        default: break
        }
        if nodes[id.node].isRetired { closeIfIdle(id.node, into: &effects) }
    }

    /// A sign of life.
    private mutating func hear(_ id: LinkID, at now: Instant) {
        nodes[id.node].isSuspect = false
        nodes[id.node].links[id.lane]?.probed = false
        let owes = (nodes[id.node].links[id.lane]?.outstanding ?? 0) > 0
        nodes[id.node].links[id.lane]?.silentSince = owes ? now : nil
        if nodes[id.node].links[id.lane]?.wasUseful == false {
            nodes[id.node].links[id.lane]?.wasUseful = true
            nodes[id.node].failures = 0
        }
    }

    private mutating func answer(
        _ response: Response, over id: LinkID, at now: Instant, into effects: inout [ClientEffect]
    ) {
        let reply = response.reply
        if reply.receipt.epoch > layout?.epoch ?? Epoch(0), settings.routing == .owners || layout == nil {
            askForLayout(over: id, at: now, into: &effects)
        }
        // Late, repeated, or somebody else's: there is nobody to tell.
        let sequence = Call.sequence(of: response.id)
        guard response.id.origin == origin, let call = calls[sequence], call.isNamed(by: response.id), call.awaits(id)
        else { return }
        if case .failed(let failure) = reply.result {
            if failure.code == .shuttingDown { nodes[id.node].isStopping = true }
            if askAgain(call, after: failure, reply.receipt, over: id, at: now, into: &effects) { return }
        }
        finish(sequence, with: reply, by: id.node, into: &effects)
        if nodes[id.node].links[id.lane]?.outstanding == 0 { nodes[id.node].links[id.lane]?.silentSince = nil }
    }

    /// Whether a refused call goes on: nothing was applied, or it counts once whatever was, another node may do better,
    /// and the budget allows it.
    private mutating func askAgain(
        _ call: Call, after failure: Failure, _ receipt: Receipt, over id: LinkID, at now: Instant,
        into effects: inout [ClientEffect]
    ) -> Bool {
        let isSure = failure.outcome == .notApplied || !call.isWrite
        guard call.isRepeatable || isSure && !call.inDoubt else { return false }
        if case .hedged(let first, let second) = call.phase, failure.code.mayPassElsewhere {
            // The other one may still answer.
            move(call.sequence, to: .sent(first.link == id ? second : first))
            return true
        }
        guard failure.code.mayPassElsewhere, now < call.nodeDeadline, call.sends < settings.maxAttempts else {
            return false
        }
        if failure.code == .wrongEpoch, settings.routing == .owners, receipt.epoch > layout?.epoch ?? Epoch(0) {
            _ = calls.update(call.sequence) { call in
                call.refusals += 1
                call.inDoubt = call.inDoubt || !isSure
            }
            move(call.sequence, to: .awaitingLayout(receipt.epoch))
            return true
        }
        guard nodes.indices.contains(where: { $0 != id.node && nodes[$0].isUp && !nodes[$0].isRetired }),
            budget.spend()
        else { return false }
        _ = calls.update(call.sequence) { call in
            call.refusals += 1
            call.inDoubt = call.inDoubt || !isSure
            call.avoided = id.node
        }
        dispatch(call.sequence, at: now, into: &effects)
        return true
    }
}

extension ErrorCode {
    /// Whether it speaks of the node that refused, or of what that node can reach, so that another may do better. What
    /// speaks of the request is an answer.
    var mayPassElsewhere: Bool {
        switch self {
        case .overloaded, .notInSync, .wrongEpoch, .notOwner, .shuttingDown, .ownerLost, .readOnly, .diskFull,
            .corrupt, .ioError, .internalError, .causalityFault, .insufficientReplicas:
            true
        case .badRequest, .unknownBucketType, .nMismatch, .badQuorum, .keyTooLarge, .valueTooLarge, .contextTooLarge,
            .preconditionFailed, .tooManySiblings, .badOperation, .wrongType, .operationRefused, .timeout:
            false
        }
    }
}
