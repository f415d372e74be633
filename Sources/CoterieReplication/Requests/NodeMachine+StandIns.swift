// Fallbacks that stand in for owners (sloppy quorums; DeCandia et al., "Dynamo", 2007, section 4.6): who may, who can, and
// how they are asked.
//
// What must hold: a fallback counts only towards r, w and node_confirms, and only where the request allows it; it counts
// for a write behind a barrier over its hint, and for a read only with what it keeps. One fallback stands in for one owner.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieWire

extension NodeMachine {
    /// Those that may stand in for the group's owners, in ring order; none where only owners count. O(1).
    @inline(__always)
    func fallbacks(for group: Group, _ options: ResolvedOptions) -> [MemberNumber] {
        options.sloppy ? layout.preferenceList(for: group).fallbacks : []
    }

    /// Why a write cannot be acknowledged with what can be reached now; nil where it may be. Success never rests on this
    /// look at the connections; failing before anything is applied may.
    func outOfReach(_ coordination: Coordination) -> Failure? {
        let (plan, asked) = (coordination.plan, coordination.plan.options.asked)
        let owners = plan.owners.count { $0 == me || isReachable($0) }
        if owners >= max(asked.quorum, asked.primary, asked.durable, asked.nodeConfirms) { return nil }
        let standIns = standInsInReach(plan)
        let stores = owners + standIns
        let isEnough =
            stores >= max(asked.quorum, asked.nodeConfirms) && owners >= asked.primary
            && (plan.options.durableOwnersOnly ? owners : stores) >= asked.durable
        if isEnough { return nil }
        let text = WriteQuorum(asked: asked, durableOwnersOnly: plan.options.durableOwnersOnly).shortfall
        let fallbacks = standIns > 0 ? " and \(standIns) fallbacks for others" : ""
        return Failure(
            .insufficientReplicas, "\(text) (\(owners) of \(asked.n) owners\(fallbacks) reachable, nothing written)")
    }

    /// How many fallbacks could stand in for owners that cannot be reached.
    private func standInsInReach(_ plan: RequestPlan) -> Int {
        let missing = plan.owners.count { $0 != me && !isReachable($0) }
        let inReach = fallbacks(for: plan.group, plan.options).count { $0 == me ? service == .serving : isWell($0) }
        return min(missing, inReach)
    }

    /// Whether a request that reaches too few owners goes on at once: a write that can be acknowledged all the same.
    func fallbacksCanHelp(_ coordination: Coordination) -> Bool {
        let operation = coordination.request.operation
        return operation.isWrite && !operation.needsRead && outOfReach(coordination) == nil
    }

    // MARK: Writes

    /// Has the next fallback keep the write for an owner.
    mutating func standIn(
        for owner: MemberNumber, _ machine: inout WriteMachine, _ coordination: Coordination, _ slot: UInt64,
        _ effects: inout Effects
    ) {
        guard let member = machine.standIn(for: owner, where: { $0 != me && isWell($0) }) else { return }
        let plan = coordination.plan
        let store = Store(
            exchange: slot, epoch: layout.epoch, round: rounds.current, group: plan.group,
            key: coordination.request.key, object: machine.object.encoded(), event: nil,
            durable: plan.options.asked.durable > 0, hintFor: owner)
        effects.append(.send(.store(store), to: member))
    }

    /// When to look whether owners are silent; nil where nobody may stand in for them. Many requests share an instant, so
    /// that those that are long answered by then cost one timer together.
    func whenToLook(_ coordination: Coordination) -> Instant? {
        guard !fallbacks(for: coordination.plan.group, coordination.plan.options).isEmpty else { return nil }
        let step = settings.hintInterval.nanoseconds
        let earliest = (coordination.started + settings.hintAfter).nanoseconds
        let instant = Instant(nanoseconds: (earliest / step + 1) * step)
        return instant < coordination.deadline ? instant : nil
    }

    /// A share of the request's time is over: fallbacks stand in for owners that are silent.
    mutating func lookForSilent(
        _ coordination: Coordination, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        switch coordination.phase {
        case .writing(var machine):
            for owner in machine.uncovered where owner != me {
                standIn(for: owner, &machine, coordination, slot, &effects)
            }
            coordination.phase = .writing(machine)
        case .reading(var machine, let then) where !machine.isDecided:
            let silent = coordination.plan.owners.count { machine.isWaiting(for: $0) }
            // This node's own hints were looked at when the read began.
            for _ in 0 ..< silent { askNextFallback(coordination, &machine, slot, now, &effects) }
            coordination.phase = .reading(machine, then)
        default: break
        }
        requests.put(coordination, at: slot)
    }

    // MARK: Reads

    /// Whether this node is a fallback that may have hints of the request's partition, and may answer with them.
    func mayKeepHints(_ plan: RequestPlan, _ options: ResolvedOptions) -> Bool {
        options.sloppy && !hints.isEmpty && !plan.owners.contains(me)
            && plan.owners.contains { hints.has($0, in: plan.group.partition) }
    }

    /// Asks fallbacks for so many owners that cannot be reached, this node among them where it is one.
    mutating func askFallbacks(
        _ count: Int, _ coordination: Coordination, _ machine: inout ReadMachine, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) {
        for _ in 0 ..< count { askNextFallback(coordination, &machine, slot, now, &effects) }
    }

    /// Asks every fallback that was not asked. Returns whether this node is to look at its own hints.
    mutating func widen(
        _ coordination: Coordination, _ machine: inout ReadMachine, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) -> Bool {
        while askNextFallback(coordination, &machine, slot, now, &effects) {}
        guard !machine.hasAskedItself, mayKeepHints(coordination.plan, coordination.plan.options) else { return false }
        machine.askItself(me)
        return true
    }

    /// This node's part in a read that it carries as a fallback.
    mutating func lookAtOwnHints(
        _ plan: RequestPlan, _ key: ObjectKey, _ slot: UInt64, _ now: Now, _ effects: inout Effects
    ) {
        collect(
            HintCollection(reader: .read(slot), group: plan.group, key: key, left: plan.owners[...]), now, &effects)
    }

    @discardableResult
    private mutating func askNextFallback(
        _ coordination: Coordination, _ machine: inout ReadMachine, _ slot: UInt64, _ now: Now,
        _ effects: inout Effects
    ) -> Bool {
        let plan = coordination.plan
        guard let member = machine.nextFallback(where: { $0 != me && isWell($0) }) else { return false }
        let fetch = Fetch(
            exchange: slot, epoch: layout.epoch, group: plan.group, key: coordination.request.key, digest: nil,
            hints: true, timeLeft: coordination.deadline - now.monotonic)
        effects.append(.send(.fetch(fetch), to: member))
        return true
    }
}
