// What an operator may set about requests and peers, each with its name in the configuration and its default.

import CoterieMembership
import CoteriePrimitives

/// When a write may be acknowledged. Configuration: `durability`.
public enum Durability: Hashable, Sendable {
    /// Acknowledged means fsynced (group commit). The default.
    case fsync
    /// fsync at this interval; acknowledged means handed to the operating system.
    case interval(TimeSpan)
    /// The operating system decides when; acknowledged means handed to it.
    case os
}

/// Configuration section `replication`.
public struct ReplicationSettings: Hashable, Sendable {
    public var durability = Durability.fsync
    /// Who is alive. Configuration section `membership`.
    public var membership = MembershipSettings()
    /// How often what could not be done is tried again: introductions, parts of a refill, writes on a full disk.
    public var retryInterval = TimeSpan.milliseconds(500)
    /// How long a read that only repairs waits for silent replicas.
    public var repairTimeout = TimeSpan.milliseconds(5_000)
    /// How long an owner that had a write and went away may take to come back, in the same life, before the write's
    /// outcome is answered as unknown.
    public var reconnectGrace = TimeSpan.milliseconds(1_000)
    /// Reads that are answered and wait for late answers, to repair stale replicas; beyond, late answers are dropped.
    public var maxLingeringReads = 16_384
    /// How many answers to forwarded requests an owner remembers, so that a retry counts once (INV 5).
    public var rememberedRequests = 65_536
    /// What repairing may cost while it goes on beside requests. Configuration section `background`.
    public var background = BackgroundSettings()

    /// How often owners tell each other what they have handled, and look for what they lack.
    public var exchangeInterval = TimeSpan.milliseconds(1_000)
    /// How many groups ask for what they lack at once.
    public var pullsAtOnce = 8
    /// Objects above so many bytes are first offered by their digest alone.
    public var offerInlineBytes = 512
    /// About how many bytes of objects a batch carries that refills a replica.
    public var scanBatchBytes: UInt32 = 1 << 20
    /// How many batches a replica that is refilled asks for at once.
    public var scansAtOnce = 4
    /// The pause of the scrub between two ranges of keys that it reads and compares; zero: no scrub.
    public var scrubInterval = TimeSpan.milliseconds(250)
    /// How many keys such a range has.
    public var scrubKeys = 64
    /// The least time between two rounds, while there are deletes to be reclaimed. For economy: nothing rests on it.
    public var roundInterval = TimeSpan.milliseconds(5_000)
    /// How many markers are remembered that wait to be reclaimed; about 300 bytes each. More are found by a walk.
    public var markersRemembered = 65_536
    /// How many merges are remembered for `coterie explain`, about 300 bytes each; 0 for none.
    public var mergesRemembered = 1_024
    /// For tests of the tests only.
    public var omitted: OmittedRules = []
    /// A write whose owner has not answered for so long has a fallback keep a hint for that owner too.
    public var hintAfter = TimeSpan.milliseconds(500)
    /// How many hints a node keeps for other owners, and how many bytes of them, at most. Beyond, it takes no new ones, and
    /// what those would have brought comes by anti-entropy.
    public var maxHints = 1_000_000
    public var maxHintBytes = 1 << 30
    /// How often hints are sent to targets that are there again.
    public var hintInterval = TimeSpan.milliseconds(50)
    /// How many are on their way to one target at once.
    public var hintsAtOnce = 500
    /// How long a target that takes no hints is left alone: at first, and at most, doubled with each failure.
    public var hintBackoff = TimeSpan.milliseconds(500)
    public var hintBackoffMost = TimeSpan.milliseconds(30_000)
    /// How long stopping waits for the requests under way.
    public var stopTimeout = TimeSpan.milliseconds(5_000)

    public init() {}

    /// Names the first relation between settings that does not hold; nil where all do.
    public var problem: String? {
        if let problem = membership.problem ?? background.problem { return problem }
        if retryInterval < .milliseconds(10) {
            return "retryInterval must be 10 ms or more, not \(retryInterval)"
        }
        if exchangeInterval < .milliseconds(10) {
            return "exchangeInterval must be 10 ms or more, not \(exchangeInterval)"
        }
        if scrubKeys < 1 { return "scrubKeys must be 1 or more, not \(scrubKeys)" }
        if mergesRemembered < 0 { return "mergesRemembered must be 0 or more, not \(mergesRemembered)" }
        if markersRemembered < 1 { return "markersRemembered must be 1 or more, not \(markersRemembered)" }
        if pullsAtOnce < 1 { return "pullsAtOnce must be 1 or more, not \(pullsAtOnce)" }
        if hintInterval < .milliseconds(1) { return "hintInterval must be 1 ms or more, not \(hintInterval)" }
        if hintsAtOnce < 1 { return "hintsAtOnce must be 1 or more, not \(hintsAtOnce)" }
        if hintBackoff < .milliseconds(1) || hintBackoffMost < hintBackoff {
            return "hintBackoff must be 1 ms or more and hintBackoffMost not less than it, not \(hintBackoff) and "
                + "\(hintBackoffMost)"
        }
        if case .interval(let every) = durability, every < .milliseconds(1) {
            return "the interval of durability must be 1 ms or more, not \(every)"
        }
        return nil
    }
}
