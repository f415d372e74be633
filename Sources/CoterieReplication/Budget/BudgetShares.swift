// A token bucket that is shared by kinds of work: each has a share of its own, and what one leaves unused is anybody's
// (a hierarchical token bucket, as Linux's htb, in two levels).
//
// What must hold:
//   - No more is spent in the long run than was earned: whoever spends beyond what is there owes it, and begins nothing
//     before it is paid back.
//   - A kind that wants work begins some within a bounded time, whatever the others do: nobody else spends its share.
//   - One kind alone has all of it.

/// What each kind may spend, in nanoseconds of work at the full rate.
struct BudgetShares: Equatable {
    /// So much is saved up at most: by all kinds together on their own, and once more in common.
    let most: Int64
    /// By kind; below zero where it owes.
    private(set) var own: [Int64]
    /// Anybody's.
    private(set) var common: Int64 = 0

    /// Begins with what may be saved up.
    init(most: Int64) {
        precondition(most >= BackgroundKind.wholeWeight, "\(most) ns cannot be shared")
        self.most = most
        own = BackgroundKind.allCases.map { most * $0.weight / BackgroundKind.wholeWeight }
    }

    /// Shares out what was earned.
    mutating func earn(_ amount: Int64) {
        precondition(amount >= 0, "\(amount) ns are earned")
        var left = amount
        for kind in BackgroundKind.allCases {
            let full = most * kind.weight / BackgroundKind.wholeWeight
            let kept = min(amount * kind.weight / BackgroundKind.wholeWeight, full - own[kind.rawValue])
            own[kind.rawValue] += kept
            left -= kept
        }
        // What nobody has a share of pays debts first.
        for kind in own.indices where own[kind] < 0 {
            let paid = min(left, -own[kind])
            own[kind] += paid
            left -= paid
        }
        common = min(most, common + left)
    }

    /// Whether the kind may begin something, whatever that will cost.
    func hasCredit(_ kind: BackgroundKind) -> Bool { own[kind.rawValue] + common > 0 }

    /// Pays from the kind's own share, then from what is anybody's; the rest is owed.
    mutating func spend(_ kind: BackgroundKind, _ cost: Int64) {
        let first = min(max(0, own[kind.rawValue]), cost)
        let second = min(common, cost - first)
        own[kind.rawValue] -= first
        common -= second
        own[kind.rawValue] -= cost - first - second
    }
}
