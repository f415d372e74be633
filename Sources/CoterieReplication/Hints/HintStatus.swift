// What a node says of the hints that it keeps: for whom, how many, since when, and why they are still there (INV 31).

import CoteriePrimitives
import CoterieWire

/// The hints for one target.
public struct HintStatus: Equatable, Sendable {
    public var target: MemberNumber
    public var count: Int
    public var bytes: Int
    /// For how long there have been any without a break; nil: since the node's start, or longer.
    public var since: TimeSpan?
    /// The oldest round of their content.
    public var oldestRound: UInt64
    public var underWay: Int
    /// Those that the target refuses for what they hold.
    public var refused: Int
    /// What they wait for, in words for an operator; empty while they are being delivered.
    public var waitsFor: String
}

extension NodeMachine {
    /// O(targets × rounds).
    func hintStatus(at now: Instant) -> [HintStatus] {
        hints.targets.compactMap { target in
            guard let waiting = hints.waiting[target] else { return nil }
            let delivery = deliveries[target]
            return HintStatus(
                target: target, count: waiting.count, bytes: waiting.bytes, since: hints.since[target].map { now - $0 },
                oldestRound: waiting.rounds.keys.min() ?? 0, underWay: delivery?.sent.count ?? 0,
                refused: delivery?.aside.count ?? 0, waitsFor: reason(target, delivery, at: now))
        }
    }

    private func reason(_ target: MemberNumber, _ delivery: HintDelivery?, at now: Instant) -> String {
        if !isReachable(target) { return "it is not connected" }
        if !isWell(target) { return "it is silent" }
        guard let delivery else { return "" }
        if delivery.waitsForBudget { return budgetReason }
        guard let code = delivery.lastRefusal else { return "" }
        if let until = delivery.until, now < until {
            return "it answered \(code); tried again in \((until - now).milliseconds) ms"
        }
        return delivery.aside.isEmpty ? "" : "it refuses \(delivery.aside.count) of them: \(code)"
    }
}
