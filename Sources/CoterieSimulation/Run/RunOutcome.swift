// How a run ended, in a word or two: what a swarm counts and a shrinker keeps.

import CoterieHistory
import CoteriePrimitives
import CoterieReplication

/// A verdict without its details.
public enum RunOutcome: Hashable, Sendable, CustomStringConvertible {
    case ok
    /// Safe, and all that is pending is that members wait to be refilled: several have lost their stores at once and
    /// wait for each other, which nothing but an operator's decision ends yet. Not counted as good.
    case waitingForRefill
    /// The first law that was broken.
    case safety(Checker)
    case liveness(Stuck)

    /// What has not come about in time.
    public enum Stuck: String, Hashable, Sendable, CaseIterable {
        /// A member does not serve.
        case unserving
        /// Members are not connected, or take each other for dead.
        case unconnected
        /// A key's owners do not hold the same.
        case unequal
    }

    /// `ok`, `waiting for refill`, `safety: LAW`, `liveness: WHAT`.
    public var description: String {
        switch self {
        case .ok: "ok"
        case .waitingForRefill: "waiting for refill"
        case .safety(let checker): "safety: \(checker.rawValue)"
        case .liveness(let stuck): "liveness: \(stuck.rawValue)"
        }
    }

    /// Whether something is wrong with the store.
    public var isFailure: Bool {
        switch self {
        case .ok, .waitingForRefill: false
        case .safety, .liveness: true
        }
    }
}

extension World {
    /// Whether members have waited for each other's content for long and nothing has moved. It would be so for ever, and
    /// their timers would take most of a swarm's time.
    var waitsForRefillInVain: Bool {
        // An answer that was lost is asked for again after some retries.
        let patience = plan.bounds.refill + plan.replication.retryInterval * 12
        return now - max(stageBegan, refillNews) > patience.nanoseconds && lookWhatIsPending() == .waitingForRefill
    }

    /// What the run hangs on, where it has not come to rest; to be asked while the nodes still stand.
    func lookWhatIsPending() -> RunOutcome {
        let silent = nodes.filter { !$0.isServing }
        if silent.isEmpty { return .liveness(allMembersAreConnected && allMembersAreAlive ? .unequal : .unconnected) }
        let areAllWaiting = silent.allSatisfy { node in
            guard node.state == .up, let machine = node.machine else { return false }
            switch machine.service {
            case .introducing, .refilling: return true
            case .starting, .serving: return false
            }
        }
        return areAllWaiting && allMembersAreConnected ? .waitingForRefill : .liveness(.unserving)
    }
}
