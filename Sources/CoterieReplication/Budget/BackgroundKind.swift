// What shares the budget for background work.

/// A kind of background work, in the order in which what waits goes on.
public enum BackgroundKind: Int, Hashable, Sendable, CaseIterable {
    /// Hints sent to owners that are there again.
    case hints
    /// Replicas that a read found stale.
    case repairs
    /// What other owners lack and ask for: anti-entropy.
    case exchange
    /// Whole groups for replicas that are refilled.
    case refill
    /// Markers that are looked for and removed.
    case reclaim
    /// Ranges that are read and compared.
    case scrub

    /// How much of the budget is its own where all kinds want more than there is, of `wholeWeight`.
    var weight: Int64 {
        switch self {
        case .hints, .repairs, .exchange: 4
        case .refill: 2
        case .reclaim, .scrub: 1
        }
    }

    static let wholeWeight: Int64 = 16
}
