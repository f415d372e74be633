// How far a node is behind: by how much its own timers are late, what comes in has waited about as long.
//
// Requests carry how much patience is left when they are sent. What they wait in sockets and event loops before they are
// looked at no end can see, and under overload it is most of the time: a node that serves what nobody waits for any
// more does no useful work, and stays that way as long as as much comes in. (Metastable failures: Bronson et al., 2021.)

import CoteriePrimitives

/// The lateness of a node's timers.
struct Lateness: Equatable {
    /// What was measured holds for so long, or for as long as it was itself.
    private static let shelfLife = TimeSpan.milliseconds(250)

    /// So soon a node that is behind measures anew.
    static let lookAgain = TimeSpan.milliseconds(10)
    /// Less than this is no reason to.
    private static let usual = TimeSpan.milliseconds(20)

    private var span = TimeSpan.zero
    private var measured: Instant?

    var isBehind: Bool { span > Self.usual }

    /// A timer that was due at that instant has fired.
    mutating func fired(due: Instant, at now: Instant) {
        span = max(.zero, now - due)
        measured = now
    }

    /// How long what comes in now has probably waited.
    func estimate(at now: Instant) -> TimeSpan {
        guard let measured, now - measured <= max(Self.shelfLife, span) else { return .zero }
        return span
    }
}
