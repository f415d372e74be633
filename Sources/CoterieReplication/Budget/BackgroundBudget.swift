// One budget for all background work of a node: what it may cost a second, cut while the foreground suffers.
//
// What must hold:
//   - The rate is never above what was set, and never below its floor: background work always goes on, so a cluster under
//     endless load converges too. Each kind begins something within a bounded time (`BudgetShares`).
//   - While requests of clients are slow by their own measure the rate is halved with each window, down to the floor; it
//     grows back by steps when they are calm, or when there are none (additive increase, multiplicative decrease).
//   - Nothing of safety depends on it: whatever waits for it is taken up later, or found by anti-entropy.

import CoteriePrimitives

/// Who may do how much background work now. Deterministic: whole numbers and the monotonic clock.
struct BackgroundBudget: Equatable {
    /// What one kind has done since the start.
    struct Used: Equatable {
        var operations = 0
        var bytes = 0
        /// How often it was told to wait.
        var waits = 0
    }

    /// The full rate, in its own unit.
    static let full: Int64 = 1_000
    /// A tenth of a second without complaint gives back so much of it.
    private static let growth: Int64 = 25

    let settings: BackgroundSettings
    /// Thousandths of what was set.
    private(set) var rate = full
    /// Since when it is less than all.
    private(set) var yieldingSince: Instant?
    var foreground: ForegroundWatch
    private(set) var used = [Used](repeating: Used(), count: BackgroundKind.allCases.count)
    private var shares: BudgetShares
    private var earnedUntil: Instant?

    init(_ settings: BackgroundSettings) {
        precondition(settings.problem == nil, settings.problem ?? "")
        self.settings = settings
        foreground = ForegroundWatch(slowPercent: settings.slowPercent)
        shares = BudgetShares(most: settings.burst.nanoseconds)
    }

    private var least: Int64 { Int64(settings.leastPercent) * Self.full / 100 }

    /// At the end of each tick: whether the foreground suffers; true where the rate was cut. O(1) but for once in a tenth of
    /// a second.
    @discardableResult
    mutating func look(at now: Instant) -> Bool {
        guard let (verdict, span) = foreground.look(at: now) else { return false }
        earn(until: now)
        switch verdict {
        case .slow: rate = max(least, rate / 2)
        case .calm, .quiet:
            let steps = min(Self.full, span.nanoseconds / ForegroundWatch.window.nanoseconds)
            rate = min(Self.full, rate + Self.growth * steps)
        }
        if rate == Self.full { yieldingSince = nil } else if yieldingSince == nil { yieldingSince = now }
        return verdict == .slow && rate < Self.full
    }

    /// Whether the kind may begin something now; one that may not waits, which is counted.
    mutating func admits(_ kind: BackgroundKind, at now: Instant) -> Bool {
        earn(until: now)
        if shares.hasCredit(kind) { return true }
        used[kind.rawValue].waits += 1
        return false
    }

    /// Whether what has begun may go on: as of the last time that anything was asked.
    func hasCredit(_ kind: BackgroundKind) -> Bool { shares.hasCredit(kind) }

    /// A record was read, or sent, for this.
    mutating func spend(_ kind: BackgroundKind, bytes: Int) {
        used[kind.rawValue].operations += 1
        used[kind.rawValue].bytes += bytes
        let operation = 1_000_000_000 / Int64(settings.operationsPerSecond)
        // No record has four gigabytes.
        let transfer = Int64(min(bytes, 1 << 32)) * 1_000_000_000 / Int64(settings.bytesPerSecond)
        shares.spend(kind, max(1, operation, transfer))
    }

    /// Of little time nothing is earned yet, so that no share is rounded away.
    private mutating func earn(until now: Instant) {
        let since = now - (earnedUntil ?? now)
        if earnedUntil == nil { earnedUntil = now }
        let earned = min(since.nanoseconds, Self.longest) * rate / Self.full
        guard earned >= 1_000 * BackgroundKind.wholeWeight else { return }
        earnedUntil = now
        shares.earn(earned)
    }

    /// More than this is not saved up by any settings, and does not overflow.
    private static let longest: Int64 = 3_600_000_000_000
}
