// What comes of checking a type: what was tried, or the history that breaks a law.

/// The laws.
public enum Law: String, Hashable, Sendable, CaseIterable {
    /// Merging A into B gives what merging B into A gives.
    case commutative
    /// How merges are grouped does not matter.
    case associative
    /// Merging what is known already changes nothing, and settling twice is settling once.
    case idempotent
    /// Who has seen the same events has the same object, however they came.
    case convergent
    /// An event that arrives alone does what the whole object does.
    case delta
    /// Operations and values are decoded as they were, equal ones have equal bytes, other bytes are refused.
    case codec
    /// The value is the specification's.
    case value
    /// A fold changes no value.
    case fold
    /// An operation drops only what is live, refuses in order, and never finds its own payloads malformed.
    case operation
}

/// A law that a type breaks, with the shortest history found that shows it.
public struct LawBreach: Error, Sendable, CustomStringConvertible {
    public let type: String
    public let law: Law
    /// What was found and what was expected.
    public let what: String
    /// The history's seed: `ResolverLaws.check(T.self, histories: 1, seed:)` finds it again.
    public let seed: UInt64
    /// Of how many steps the history had at first.
    public let stepsAtFirst: Int
    /// What happened, step by step.
    public let story: [String]

    public var description: String {
        let lines = story.enumerated().map { "  \($0 + 1). \($1)" }
        let head =
            "the type \(type) is not \(law.rawValue): \(what)\n"
            + "seed \(seed), \(story.count) of \(stepsAtFirst) steps:"
        return ([head] + lines).joined(separator: "\n")
    }
}

/// What was tried, for whoever wants to know that enough was.
public struct LawReport: Hashable, Sendable {
    public internal(set) var histories = 0
    public internal(set) var events = 0
    public internal(set) var merges = 0
    /// Events that arrived alone, and those of them that could not be applied.
    public internal(set) var deltas = 0
    public internal(set) var lackingBase = 0
    /// Operations that were recognised as applied before.
    public internal(set) var repeats = 0
    /// Operations that the type did not allow.
    public internal(set) var refusals = 0
    /// Operations whose minter first had to take in what the client had seen.
    public internal(set) var behind = 0
    public internal(set) var folds = 0
    public internal(set) var restarts = 0

    mutating func add(_ other: LawReport) {
        histories += other.histories
        events += other.events
        merges += other.merges
        deltas += other.deltas
        lackingBase += other.lackingBase
        repeats += other.repeats
        refusals += other.refusals
        behind += other.behind
        folds += other.folds
        restarts += other.restarts
    }
}
