// What a node counts, since its start.

import CoterieWire

/// Counters of one node; they only grow.
public struct Counters: Equatable, Sendable {
    public var gets = 0
    public var puts = 0
    public var deletes = 0
    /// Operations on keys of replicated types; those of them that had been applied before.
    public var updates = 0
    public var repeatedUpdates = 0
    /// Updates before which what their clients had seen was read and taken in.
    public var updatesBehind = 0
    /// Updates made again through another owner, when the first one was lost.
    public var updatesElsewhere = 0
    /// What was asked of other owners so that an update could be performed.
    public var demands = 0
    /// Failures by code, of requests that this node carried.
    public var failures: [ErrorCode: Int] = [:]
    /// Failures whose outcome is unknown.
    public var unknown = 0
    /// Writes passed to an owner.
    public var forwarded = 0
    /// Retries answered from memory.
    public var replayed = 0
    /// Objects sent to (or merged into the own one of) replicas that a read found stale.
    public var readRepairs = 0
    /// Repairs that the budget for background work left to later reads.
    public var readRepairsSkipped = 0
    /// Messages served for other coordinators.
    public var stores = 0
    public var fetches = 0
    /// Fetches answered `same`.
    public var digestHits = 0
    /// Requests, and parts of them, whose time was up before anything was done: dropped.
    public var expired = 0
    /// How often background work had to wait for its budget; how often that was cut because requests were slow.
    public var backgroundWaits = 0
    public var backgroundCuts = 0
    /// Messages refused for an older epoch.
    public var staleEpochs = 0
    /// Values of the type `lww` that lost: replaced by a put that had not seen them, or hidden behind a later one.
    public var discardedSiblings = 0
    /// Writes that left a key with more siblings than `warnSiblings`.
    public var siblingWarnings = 0
    /// Identities taken after a loss of state.
    public var renewals = 0
    /// Records found corrupt.
    public var faults = 0
    public var causalityFaults = 0
    /// Clocks told to other owners, and pulls sent: anti-entropy.
    public var adverts = 0
    public var pulls = 0
    /// Objects offered to other owners that lacked events of them, and taken from others.
    public var offersMade = 0
    public var offersTaken = 0
    /// Records read by the scrub, ranges compared with another owner, and keys found in different states.
    public var scrubbedKeys = 0
    public var comparedRanges = 0
    public var differingKeys = 0
    /// Rounds reached, markers reclaimed, and live events dropped with an adopted clock.
    public var rounds = 0
    public var reclaimed = 0
    public var dropped = 0
    /// Objects that left a store too many rounds ago: refused.
    public var tooOld = 0

    /// Writes whose dot this node has minted as a fallback; reads that counted what fallbacks keep.
    public var fallbackWrites = 0
    public var fallbackReads = 0
    /// Objects taken as hints, hints delivered, and hints not taken because the quota was used up.
    public var hintsKept = 0
    public var hintsDelivered = 0
    public var hintsDropped = 0
    /// Hints that their targets refused, each time; those whose record was lost.
    public var hintsRefused = 0
    public var hintsLost = 0

    public init() {}

    /// All by name, for `/stats`; names are stable.
    public var named: [(name: String, value: Int)] {
        [
            ("gets", gets), ("puts", puts), ("deletes", deletes), ("updates", updates),
            ("repeated_updates", repeatedUpdates), ("updates_behind", updatesBehind),
            ("updates_elsewhere", updatesElsewhere), ("demands", demands), ("unknown", unknown),
            ("forwarded", forwarded),
            ("replayed", replayed), ("expired", expired), ("background_waits", backgroundWaits),
            ("background_cuts", backgroundCuts), ("read_repairs", readRepairs),
            ("read_repairs_skipped", readRepairsSkipped),
            ("stores", stores), ("fetches", fetches), ("digest_hits", digestHits), ("stale_epochs", staleEpochs),
            ("discarded_siblings", discardedSiblings), ("sibling_warnings", siblingWarnings),
            ("identity_renewals", renewals), ("corrupt_records", faults), ("causality_faults", causalityFaults),
            ("adverts", adverts), ("pulls", pulls), ("offers_made", offersMade), ("offers_taken", offersTaken),
            ("scrubbed_keys", scrubbedKeys), ("compared_ranges", comparedRanges), ("differing_keys", differingKeys),
            ("rounds", rounds), ("markers_reclaimed", reclaimed),
            ("dropped_on_adoption", dropped), ("too_old", tooOld),
            ("fallback_writes", fallbackWrites), ("fallback_reads", fallbackReads), ("hints_kept", hintsKept),
            ("hints_delivered", hintsDelivered),
            ("hints_dropped", hintsDropped), ("hints_refused", hintsRefused), ("hints_lost", hintsLost),
        ]
            + ErrorCode.allCases.compactMap { code in failures[code].map { ("failed_\(code)", $0) } }
    }
}
