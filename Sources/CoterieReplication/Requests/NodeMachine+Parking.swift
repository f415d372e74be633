// A connection that breaks is soon there again, and a node that has just started is not yet connected to all: a request
// for which too few owners are connected waits a moment for those that are not given up, before it is refused. Not so a
// write for which fallbacks can stand in.

import CoteriePrimitives
import CoterieRing
import CoterieWire

extension NodeMachine {
    /// Lets the request wait where that may help; false where it is to go on now.
    mutating func park(_ coordination: Coordination, _ slot: UInt64, _ now: Now) -> Bool {
        let until = coordination.parkedUntil ?? min(coordination.deadline, now.monotonic + settings.reconnectGrace)
        guard now.monotonic < until else { return false }
        let owners = coordination.plan.owners
        let needed = ownersNeeded(coordination)
        let connected = owners.count { canAnswer($0) }
        guard connected < needed, !fallbacksCanHelp(coordination) else { return false }
        let hopeful = owners.count { canAnswer($0) || mayComeBack($0) }
        guard hopeful >= needed else { return false }
        if coordination.parkedUntil == nil { deadlines.insert(slot, at: until) }
        coordination.parkedUntil = until
        coordination.phase = .parked
        requests.put(coordination, at: slot)
        parked.append(slot)
        return true
    }

    /// A member is connected, or seen otherwise: what waited is looked at again, in the order in which it came.
    mutating func unpark(_ now: Now, _ effects: inout Effects) {
        guard !parked.isEmpty else { return }
        let slots = parked
        parked = []
        for slot in slots {
            guard let coordination = requests.take(slot) else { continue }
            // One whose time is up is not begun: its deadline ends it.
            guard case .parked = coordination.phase, coordination.deadline > now.monotonic else {
                requests.put(coordination, at: slot)
                continue
            }
            dispatch(coordination, slot, now, &effects)
        }
    }

    /// How many owners this request needs to reach from here: one, where another node counts for it.
    private func ownersNeeded(_ coordination: Coordination) -> Int {
        let asked = coordination.plan.options.asked
        let isForwarded =
            coordination.request.operation.isWrite && (service != .serving || !coordination.plan.owners.contains(me))
        return isForwarded ? 1 : max(asked.quorum, asked.primary, asked.durable, asked.nodeConfirms)
    }

    private func canAnswer(_ owner: MemberNumber) -> Bool { owner == me ? service == .serving : isReachable(owner) }

    private func mayComeBack(_ owner: MemberNumber) -> Bool {
        guard let peer = peers[owner] else { return false }
        return !peer.isConnected && !peer.isDead
    }

    /// Requests that wait for owners, by owner, in the words of the status.
    func requestsWaiting(at now: Instant) -> [Waiting] {
        var counts: [MemberNumber: (count: Int, since: Instant)] = [:]
        for slot in parked {
            guard let coordination = requests[slot], case .parked = coordination.phase else { continue }
            for owner in coordination.plan.owners where !canAnswer(owner) {
                let known = counts[owner] ?? (0, coordination.started)
                counts[owner] = (known.count + 1, min(known.since, coordination.started))
            }
        }
        return counts.keys.sorted().compactMap { owner in
            guard let (count, since) = counts[owner] else { return nil }
            let why = owner == me ? "this node does not serve: \(service)" : obstacle(owner, at: now)
            return Waiting(
                what: "\(count) requests", why: why ?? "it cannot be reached", span: max(.zero, now - since),
                member: owner)
        }
    }
}
