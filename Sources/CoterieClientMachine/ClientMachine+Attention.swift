// Time: deadlines, hedges and silences. One timer stands for all of them: it is set for the earliest moment at which
// something may be due, and then everything is looked at. Most calls are answered long before, and cost nothing here.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import DequeModule

extension ClientMachine {
    mutating func fire(_ timer: ClientTimer, at now: Instant, into effects: inout [ClientEffect]) {
        switch timer {
        case .attention: attend(at: now, into: &effects)
        case .connect(let id):
            drop(
                id, .notConnected("no connection and hello within \(settings.connectTimeout)"), at: now, into: &effects)
        case .reconnect(let node): resume(node, at: now, into: &effects)
        case .layout: layoutLost(at: now, into: &effects)
        }
    }

    /// Makes sure that the timer fires at `due` or before, and not much later.
    mutating func look(by due: Instant, into effects: inout [ClientEffect]) {
        if let attentionAt, attentionAt <= due { return }
        let step = settings.timerStep.nanoseconds
        let rounded = Instant(nanoseconds: (due.nanoseconds + step - 1) / step * step)
        if let attentionAt, attentionAt <= rounded { return }
        attentionAt = rounded
        effects.append(.setTimer(.attention, at: rounded))
    }

    private mutating func attend(at now: Instant, into effects: inout [ClientEffect]) {
        guard attentionAt != nil else { return }
        attentionAt = nil
        attendToLinks(at: now, into: &effects)
        attendToCalls(at: now, into: &effects)
        for node in nodes.indices where nodes[node].isRetired { closeIfIdle(node, into: &effects) }
    }

    private mutating func attendToCalls(at now: Instant, into effects: inout [ClientEffect]) {
        let hedgeAfter = settings.hedgeAfter
        var earliest: Instant?
        var due: [UInt64] = []
        calls.forEach { call in
            let attention = call.attention(hedgeAfter: hedgeAfter)
            if attention <= now {
                due.append(call.sequence)
            } else {
                earliest = min(earliest ?? attention, attention)
            }
        }
        due.sort()
        for sequence in due {
            guard let call = calls[sequence] else { continue }
            if call.deadline <= now {
                end(sequence, .deadline, deadlineText(call), into: &effects)
                continue
            }
            earliest = min(earliest ?? call.deadline, call.deadline)
            if case .sent(let attempt) = call.phase, let link = alternative(for: call, beside: attempt.link.node),
                call.sends < settings.maxAttempts, budget.spend()
            {
                hedge(sequence, after: attempt, over: link, at: now, into: &effects)
            }
        }
        failUnreachable(at: now, into: &effects)
        if let earliest { look(by: earliest, into: &effects) }
        lookAtWaiting(at: now, into: &effects)
    }

    /// Calls that wait for a node may have to be told that there is none.
    private mutating func lookAtWaiting(at now: Instant, into effects: inout [ClientEffect]) {
        let patience = settings.reachPatience
        var earliest: Instant?
        for sequence in waiting {
            guard let call = calls[sequence], call.phase == .waiting, call.started + patience > now else { continue }
            earliest = min(earliest ?? call.started + patience, call.started + patience)
        }
        if let earliest { look(by: earliest, into: &effects) }
    }

    private mutating func attendToLinks(at now: Instant, into effects: inout [ClientEffect]) {
        var silent: [LinkID] = []
        for node in nodes.indices {
            for lane in nodes[node].links.indices {
                guard let link = nodes[node].links[lane], link.isUp, let since = link.silentSince else { continue }
                let silence = now - since
                if silence >= settings.abandonAfter {
                    silent.append(link.id)
                    continue
                }
                if silence >= settings.suspectAfter, !nodes[node].isSuspect {
                    nodes[node].isSuspect = true
                    effects.append(.trace(.suspected(link.address)))
                }
                if silence >= settings.probeAfter, !link.probed {
                    nodes[node].links[lane]?.probed = true
                    effects.append(.send(link.id, .layoutRequest(LayoutRequest(epoch: layout?.epoch ?? Epoch(0)))))
                }
                look(by: since + nextSilence(after: silence), into: &effects)
            }
        }
        for id in silent {
            let text = "it owed an answer and was silent for \(settings.abandonAfter)"
            drop(id, .lost(text), at: now, into: &effects)
        }
    }

    private func nextSilence(after silence: TimeSpan) -> TimeSpan {
        if silence < settings.probeAfter { return settings.probeAfter }
        return silence < settings.suspectAfter ? settings.suspectAfter : settings.abandonAfter
    }

    private func deadlineText(_ call: Call) -> String {
        let waited = "within \(call.nodeDeadline - call.started)"
        switch call.phase {
        case .waiting: return cannotReach ? "\(unreachableText) \(waited)" : "no node was connected \(waited)"
        case .queued(let node): return "the connections to \(nodes[node].address) were full: not sent \(waited)"
        case .awaitingLayout(let epoch): return "the layout of epoch \(epoch.rawValue) was not learnt \(waited)"
        case .sent(let attempt): return "no answer from \(nodes[attempt.link.node].address) \(waited)"
        case .hedged(let first, let second):
            return "no answer from \(nodes[first.link.node].address) and \(nodes[second.link.node].address) \(waited)"
        case .lost(let node, life: _):
            return "the connection to \(nodes[node].address) was lost before it answered \(waited)"
        }
    }
}
