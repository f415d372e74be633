// After the faults: all nodes must serve, be connected and see each other alive, and then all owners of each key must come
// to hold the same bytes, by anti-entropy alone: nothing is read, but for what only a read restores (see `needsReading`).
// And nothing must be left of what was deleted: all members are there, so that every marker goes. Last, every key is read
// at r=all. What does not come about in bounded virtual time is named.

import CoterieCausality
import CoterieClientMachine
import CoterieHistory
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore

/// How far the reading at r=all has come.
struct ConvergenceState {
    /// Keys, by their places, that are not known to be equal everywhere.
    var pending: [Int]
    /// Asked for and not answered.
    var asked: Set<Int> = []
    /// What the last read of each found.
    var found: [Int: CausalObject] = [:]
    /// Why the last read failed.
    var failures: [Int: String] = [:]
    /// Keys whose last read said that a record is corrupt and nobody else has the key.
    var isCorrupt: Set<Int> = []
    /// Keys of which the only copy is gone: they answer with an error for ever, never "not found".
    var lost: Set<Int> = []
    var attempts = 0
    /// Until then nothing is looked at: the owners have to exchange something first.
    var lookAgainAt: Int64 = 0
}

extension World {
    /// Moves from one stage to the next where it is time.
    func lookAtPhase() {
        switch stage {
        case .bootstrap:
            if nodes.allSatisfy(\.hasServed), allMembersAreConnected || plan.faults.fromTheStart { beginSafety() }
            if now > plan.bounds.bootstrap.nanoseconds { beginSafety() }
        case .safety:
            endWorkloadInTime()
            if (workloadIsDone && script.isDone) || now > stageBegan + plan.bounds.safety.nanoseconds { beginHealing() }
        case .healing:
            if nodes.allSatisfy(\.isServing), allMembersAreConnected, allMembersAreAlive {
                beginConverging()
            } else if now > stageBegan + plan.bounds.liveness.nanoseconds || waitsForRefillInVain {
                finish(stuck: true)
            }
        case .converging: converge()
        case .over: return
        }
        if stage != .over { queue.push(.phase, 0, at: now + Self.phaseStep) }
    }

    private func enter(_ next: Stage) {
        stage = next
        stageBegan = now
        if trace.isOn { trace.add(now, "--", "stage", "\(next)") }
    }

    private func beginSafety() {
        enter(.safety)
        beginScript()
        if !plan.faults.fromTheStart { faults.schedule(into: &queue, at: now) }
    }

    private func beginHealing() {
        enter(.healing)
        giveUpScript("had not ended when the time of the run was over")
        operationsLeft = 0
        statistics.safetyTime = now
        heal()
    }

    private func beginConverging() {
        enter(.converging)
        convergence = ConvergenceState(pending: Array(keys.indices))
        converge()
    }

    /// Asks for every key that is not known to be equal and not being asked for.
    private func converge() {
        guard var state = convergence, now >= state.lookAgainAt else { return }
        if state.asked.isEmpty {
            state.lost = state.isCorrupt.union(state.failures.keys).filter(isLostForGood)
            for key in state.lost.sorted() { state.found[key] = CausalObject() }
            // All of them, each time: a late write or a record that rots may part what was equal.
            let there = keys.indices.filter { !state.lost.contains($0) }
            state.pending = there.filter { !isEqualEverywhere($0, state.found[$0]) }
            convergence = state
            if !state.lost.isEmpty { probes.reach(.keyLost) }
            let areHandedOver = hintsAreGone || (!state.lost.isEmpty && hintsAreRefused)
            if state.pending.isEmpty, areHandedOver { return finish(stuck: false) }
            if now > stageBegan + plan.bounds.liveness.nanoseconds { return finish(stuck: true) }
            // A hint that stays, of a key whose only record is lost, holds up all rounds, and with them every marker.
            let markersGo = hintsAreGone
            let isExchanged =
                areHandedOver && there.allSatisfy { isTheSameEverywhere($0) && !(markersGo && isMarkedSomewhere($0)) }
            if !isExchanged { state.lookAgainAt = now + plan.replication.exchangeInterval.nanoseconds / 4 }
            state.attempts += 1
            convergence = state
            for key in state.pending where isExchanged || needsReading(key) {
                state.asked.insert(key)
                convergence = state
                askConverging(key, attempt: state.attempts)
                state = convergence ?? state
            }
        } else if now > stageBegan + plan.bounds.liveness.nanoseconds {
            finish(stuck: true)
        }
    }

    private func askConverging(_ key: Int, attempt: Int) {
        var request = ClientRequest(key: keys[key], operation: .get)
        request.options.r = .all
        request.options.timeout = plan.bounds.convergenceRead
        let node = nodes[(key + attempt) % nodes.count]
        guard node.state == .up else {
            convergence?.asked.remove(key)
            return
        }
        nextDoorCall += 1
        doorCalls[nextDoorCall] = .convergence(key: key, node: node.index)
        feed(node, .client(ReplyToken(rawValue: nextDoorCall), request))
        settle(node)
    }

    /// A key's read at r=all is answered.
    func converged(_ key: Int, _ reply: ClientReply) {
        convergence?.asked.remove(key)
        switch reply.result {
        case .object(let object):
            convergence?.found[key] = object
            convergence?.isCorrupt.remove(key)
            convergence?.failures[key] = nil
        case .failed(let failure):
            convergence?.failures[key] = failure.description
            if failure.code == .corrupt { convergence?.isCorrupt.insert(key) }
        case .stored: preconditionFailure("a read is answered as a write")
        }
    }

    /// Whether one bad disk, which the plan allows, had the only copy; or a marker that the others have reclaimed.
    private func isLostForGood(_ key: Int) -> Bool {
        guard case .only(let weak) = plan.faults.losses else { return false }
        return owners(of: key).allSatisfy { owner in
            owner.member.number == weak ? stored(key, at: owner) == nil : stored(key, at: owner) == .some(nil)
        }
    }

    /// Whether anti-entropy cannot make the key's owners equal. A corrupt record is restored by a read. So is one thing that
    /// is no event, and of which no clock tells: contexts of equal siblings that differ, where the key was written again
    /// where its marker was reclaimed already, and merged into the marker elsewhere. Where there is no scrub a read finds
    /// it; it is read only after anti-entropy had its time.
    private func needsReading(_ key: Int) -> Bool {
        if owners(of: key).contains(where: { stored(key, at: $0) == nil }) { return true }
        guard now > stageBegan + 20 * plan.replication.exchangeInterval.nanoseconds, !isTheSameEverywhere(key) else {
            return false
        }
        let objects = owners(of: key).map { object(key, at: $0) }
        let haveTheSameSiblings = objects.allSatisfy { $0.liveDots == objects[0].liveDots }
        return haveTheSameSiblings && !objects[0].siblings.isEmpty
    }

    /// Whether some owner still holds the key's marker.
    private func isMarkedSomewhere(_ key: Int) -> Bool { owners(of: key).contains { object(key, at: $0).isMarker } }
    /// Whether nobody keeps anything for others any more (INV 29).
    var hintsAreGone: Bool { nodes.allSatisfy { $0.machine?.hintsWaiting == 0 } }

    /// Whether all that is kept is refused by its target: the only copy of the key is gone there, which an operator decides.
    private var hintsAreRefused: Bool {
        nodes.allSatisfy { node in
            let status = node.machine?.status(at: node.clock.now(at: now).monotonic)
            return status?.hints.allSatisfy { $0.refused == $0.count } == true
        }
    }

    /// Whether all owners hold the same, whatever it is.
    private func isTheSameEverywhere(_ key: Int) -> Bool {
        let owners = owners(of: key)
        guard let first = owners.first else { return true }
        let expected = stored(key, at: first)
        // All are looked at: a look may find what is corrupt.
        var areEqual = true
        for owner in owners {
            let bytes = owner === first ? expected : stored(key, at: owner)
            if bytes == nil || bytes != expected { areEqual = false }
        }
        return areEqual
    }

    /// What concurrent writes of a key become; also of one that only a scenario's steps use.
    private func kind(of key: Int) -> TypeKind { place(of: key)?.type.kind ?? .siblings }

    /// Whether all owners hold the same, and what a read of all found is what it shows.
    private func isEqualEverywhere(_ key: Int, _ found: CausalObject?) -> Bool {
        guard let found, isTheSameEverywhere(key), let owner = owners(of: key).first else { return false }
        var held = object(key, at: owner)
        if kind(of: key) == .lww, held.siblings.count > 1 {
            let latest = LastWriterWins.latest(in: held)
            held.retain { $0.dot == latest?.dot }
        }
        return held == found
    }

    // MARK: The end

    private func finish(stuck: Bool) {
        if stuck {
            stuckBecause = lookWhatIsPending()
            pending = describePending()
        }
        for node in nodes {
            collectCounters(of: node)
            node.engine?.checkInvariants()
        }
        for client in clients { client.machine.checkInvariants() }
        enter(.over)
    }

    /// What has not come about, by name.
    private func describePending() -> [String] {
        var lines: [String] = []
        for node in nodes where !node.isServing {
            let service = node.machine.map { "\($0.service)" } ?? "-"
            lines.append("\(node.member.number) does not serve: \(node.state), \(service)")
        }
        if !allMembersAreConnected { lines.append("not all members are connected") }
        for node in nodes {
            for standing in node.machine?.standings ?? [] where standing.status != .alive {
                lines.append("\(node.member.number) sees \(standing.member) \(standing.status)")
            }
            guard let status = node.machine?.status(at: node.clock.now(at: now).monotonic) else { continue }
            if status.reclaim.waiting + status.reclaim.resting > 0 {
                lines.append("\(node.member.number) has markers: \(status.reclaim)")
            }
            for hints in status.hints {
                lines.append(
                    "\(node.member.number) keeps \(hints.count) hints for \(hints.target): \(hints.underWay) under way, "
                        + (hints.waitsFor.isEmpty ? "waiting for nothing" : hints.waitsFor))
            }
        }
        for key in convergence?.pending ?? [] {
            let states = owners(of: key).map { "\($0.member.number): \(describe(key, at: $0))" }
            let failure = convergence?.failures[key].map { "; last read: \($0)" } ?? ""
            lines.append("\(keys[key]) is not the same everywhere: \(states.joined(separator: "; "))\(failure)")
        }
        return lines
    }

    private func describe(_ key: Int, at node: SimulatedNode) -> String {
        switch stored(key, at: node) {
        case nil: return "unreadable"
        case .some(nil): return "nothing"
        case .some(.some(let bytes)):
            guard let object = try? CausalObject(decoding: bytes) else { return "no object" }
            return "\(object)"
        }
    }

    /// The last state of each key, for the checkers.
    var finalState: FinalState {
        var final = FinalState()
        for key in keys.indices {
            if let object = convergence?.found[key] { final.set(keys[key], object, of: kind(of: key)) }
        }
        return final
    }

    /// What each replica holds in the end.
    var replicaStates: [ReplicaState] {
        nodes.map { node in
            var objects: [ObjectKey: ByteBuffer] = [:]
            for key in keys.indices where owners(of: key).contains(where: { $0 === node }) {
                if case .some(.some(let bytes)) = stored(key, at: node) { objects[keys[key]] = bytes }
            }
            return ReplicaState(member: node.member.number, objects: objects)
        }
    }
}
