// How well this member itself seems to do: one that cannot keep up should doubt itself before it accuses others.
//
// Lifeguard (2018), section IV-A: a score that rises where what should have come did not (an answer, a relay's word
// that it had none), and where others suspect this member; that falls with each answer. Probes wait score + 1 times as long.

/// The local health multiplier.
struct LocalHealth: Hashable, Sendable {
    /// 0 is healthy; below `most`.
    private(set) var score = 0
    private let most: Int

    /// `most`: the greatest multiplier.
    init(most: Int) { self.most = most }

    /// By what probes' intervals and timeouts are multiplied, at least 1.
    var multiplier: Int { score + 1 }

    mutating func worsen(by count: Int = 1) { score = min(most - 1, score + count) }

    mutating func improve() { score = max(0, score - 1) }

    var isInRange: Bool { (0 ..< most).contains(score) }
}
