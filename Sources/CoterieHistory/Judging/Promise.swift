// What the store promised in a run. What a fault may take away, the store did not promise: whoever injects the faults
// derives the promise from them, and the checkers hold the store to exactly that.

/// What a run is held to. The initial values are the strictest that hold under crashes, partitions, delays, loss,
/// duplication and skewed clocks.
public struct Promise: Hashable, Sendable {
    /// Which copies an acknowledgement stands on.
    public enum Copies: Hashable, Sendable {
        /// Those that were fsynced: a crash takes away the tail of the others.
        case durable
        /// All: no crash of the run lost a tail.
        case stored
    }

    /// What a session may rely on.
    public enum Sessions: Hashable, Sendable {
        case nothing
        /// A read that sends a floor is answered by what covers it.
        case floors
        /// Besides, each session sees its own acknowledged writes, and what it has read once, in all its later reads.
        case always
    }

    public var copies = Copies.durable
    /// Copies of a key that may be gone for good: disks that were wiped. An acknowledgement that stands on more owners
    /// is kept, for the wiped ones are refilled by the others before they serve; one that does not promises nothing.
    public var lostDisks = 0
    /// Copies that may go back without anybody's noticing, and serve: disks that rot. Rot of the newest write cannot be told
    /// from a torn tail (`CoterieStorage/Log/Opening.swift`); its replica answers without it until it is repaired.
    public var silentLosses = 0
    /// Whether the copies of fallbacks count too, for what is there in the end: their hints were delivered.
    public var countsFallbacks = false
    /// Whether markers are reclaimed: then a context may begin anew after a delete.
    public var reclaimsMarkers = false
    public var sessions = Sessions.floors
    /// How many siblings a key may have.
    public var maximumSiblings = 100
    /// The bucket types whose keys are registers and linearizable.
    public var linearizable: Set<String> = []
    /// How many steps the search for a linearization may take for one key.
    public var linearizabilitySteps = 2_000_000
    /// At most so many violations are reported by one checker for one key, at least 1.
    public var violationsPerKey = 3

    public init() {}
}
