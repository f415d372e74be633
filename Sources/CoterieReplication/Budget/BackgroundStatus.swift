// What a node says of its background work: how fast it may go, why no faster, what has used it, what waits.

import CoteriePrimitives

/// The budget for background work as it is now.
public struct BackgroundStatus: Equatable, Sendable {
    /// One kind of it, since the node's start.
    public struct Kind: Equatable, Sendable {
        public var kind: BackgroundKind
        public var operations: Int
        public var bytes: Int
        /// How often it was told to wait.
        public var waits: Int
        /// Questions of others that wait now, and for how long the first.
        public var waiting: Int
        public var waitingFor: TimeSpan?
    }

    /// The rate now, in hundredths of what was set.
    public var percent: Int
    public var operationsPerSecond: Int
    public var bytesPerSecond: Int
    /// For how long it has yielded to the foreground; nil: it does not.
    public var yieldingFor: TimeSpan?
    /// What the foreground takes, and what it takes when it is calm, in microseconds (nine of ten requests take no longer);
    /// nil: not known.
    public var reads: (now: Int?, calm: Int?)
    public var writes: (now: Int?, calm: Int?)
    public var kinds: [Kind]

    public static func == (a: Self, b: Self) -> Bool {
        a.percent == b.percent && a.operationsPerSecond == b.operationsPerSecond
            && a.bytesPerSecond == b.bytesPerSecond && a.yieldingFor == b.yieldingFor && a.kinds == b.kinds
            && a.reads == b.reads && a.writes == b.writes
    }
}

extension NodeMachine {
    /// O(kinds).
    func backgroundStatus(at now: Instant) -> BackgroundStatus {
        let (rate, full, settings) = (background.rate, BackgroundBudget.full, background.settings)
        let (reads, writes) = (background.foreground.reads, background.foreground.writes)
        return BackgroundStatus(
            percent: Int(rate * 100 / full),
            operationsPerSecond: Int(Int64(settings.operationsPerSecond) * rate / full),
            bytesPerSecond: Int(Int64(settings.bytesPerSecond) * rate / full),
            yieldingFor: background.yieldingSince.map { max(.zero, now - $0) },
            reads: (reads.latency, reads.calm), writes: (writes.latency, writes.calm),
            kinds: BackgroundKind.allCases.map { kind in
                let used = background.used[kind.rawValue]
                return BackgroundStatus.Kind(
                    kind: kind, operations: used.operations, bytes: used.bytes, waits: used.waits,
                    waiting: backgroundQueue.count(kind),
                    waitingFor: backgroundQueue.since(kind).map { max(.zero, now - $0) })
            })
    }

    /// Questions of others that wait for the budget, in the words of the status.
    func backgroundWaiting(at now: Instant) -> [Waiting] {
        BackgroundKind.allCases.compactMap { kind in
            guard let since = backgroundQueue.since(kind) else { return nil }
            return Waiting(
                what: "\(backgroundQueue.count(kind)) questions of \(kind)", why: budgetReason,
                span: max(.zero, now - since))
        }
    }

    /// Why something waits that the budget has no room for.
    var budgetReason: String {
        let yields = background.yieldingSince == nil ? "" : ", which yields to the foreground"
        return "the budget for background work is used up\(yields)"
    }
}
