// The ways in which a model store may be broken, and the law that each of them breaks.

import CoterieHistory

/// One defect.
enum Mutant: String, CaseIterable, Sendable {
    case lostAcknowledgement, writeQuorumOffByOne, readQuorumOffByOne, reusedDot, mergeDropsSibling, earlyReclaim
    case unsyncedAcknowledgement, resurrectingRepair, forwardedTwice, lyingReceipt, countsTwice, refusedButApplied
    case staleCache, floorIgnored, contextOverreach, clockBeatsCausality, contextIgnored, deleteWithoutEffect
    case misroutedRead, tornValue, prunedContext, silentReplica, misnamedDot
    case setLosesElement, setReadsStale, setKeepsRefused, setCountsTwice
    case counterLosesIncrement, counterCountsRetryTwice, counterAppliesRefused
    case registerReadsStale, registerLosesWrite, registerActsLate

    /// What is broken, for the table.
    var story: String {
        switch self {
        case .lostAcknowledgement: "a replica acknowledges a write and does not keep it"
        case .writeQuorumOffByOne: "a write is answered with one acknowledgement too few"
        case .readQuorumOffByOne: "a read is answered with one replica too few"
        case .reusedDot: "a replica that lost its tail goes on minting under its old identity"
        case .mergeDropsSibling: "merge keeps one of two concurrent values"
        case .earlyReclaim: "a marker is forgotten while another replica still has the value"
        case .unsyncedAcknowledgement: "a write is acknowledged as durable before its fsync"
        case .resurrectingRepair: "read repair brings values and ignores contexts"
        case .forwardedTwice: "a write is applied by two owners, each with a dot of its own"
        case .lyingReceipt: "a receipt counts a replica that did not answer"
        case .countsTwice: "a repeated acknowledgement counts twice"
        case .refusedButApplied: "a write is answered as not applied, and is"
        case .staleCache: "a read is answered with an earlier read's answer"
        case .floorIgnored: "a read does not look at its floor"
        case .contextOverreach: "an answer's context covers a replica whose values it leaves out"
        case .clockBeatsCausality: "lww keeps the later clock although the other write had seen it"
        case .contextIgnored: "a write does not drop what its context covers"
        case .deleteWithoutEffect: "a delete mints its dot and leaves the values"
        case .misroutedRead: "a read is answered with another key's object"
        case .tornValue: "a value is answered in part"
        case .prunedContext: "a replica drops an entry of a long context"
        case .misnamedDot: "a receipt names another write's dot"
        case .silentReplica: "one replica gets no repair, for ever"
        case .setLosesElement: "an acknowledged element vanishes"
        case .setReadsStale: "a set's read is answered by a stale replica"
        case .setKeepsRefused: "an element is added although it was refused"
        case .setCountsTwice: "a set shows an element twice"
        case .counterLosesIncrement: "an acknowledged increment is not counted"
        case .counterCountsRetryTwice: "a repeated increment counts twice"
        case .counterAppliesRefused: "an increment is counted although it was refused"
        case .registerReadsStale: "a register's read is answered with the value before"
        case .registerLosesWrite: "a register's acknowledged write has no effect"
        case .registerActsLate: "a register's write takes effect after it was acknowledged"
        }
    }

    /// The checker that is made for it; others may find it too.
    var checker: Checker {
        switch self {
        case .lostAcknowledgement, .unsyncedAcknowledgement: .lostWrites
        case .reusedDot, .forwardedTwice, .misnamedDot: .dots
        case .writeQuorumOffByOne, .lyingReceipt, .countsTwice: .receipts
        case .earlyReclaim, .resurrectingRepair, .deleteWithoutEffect: .resurrection
        case .readQuorumOffByOne, .staleCache: .regularity
        case .mergeDropsSibling, .refusedButApplied, .contextOverreach, .clockBeatsCausality, .misroutedRead,
            .tornValue,
            .prunedContext:
            .causality
        case .contextIgnored: .siblings
        case .floorIgnored: .sessions
        case .silentReplica: .convergence
        case .setLosesElement, .setReadsStale, .setKeepsRefused, .setCountsTwice: .sets
        case .counterLosesIncrement, .counterCountsRetryTwice, .counterAppliesRefused: .counters
        case .registerReadsStale, .registerLosesWrite, .registerActsLate: .linearizability
        }
    }

    /// The bucket type that it is played on; nil for the store of keys and siblings.
    var model: String? {
        if rawValue.hasPrefix("set") { return "set" }
        if rawValue.hasPrefix("counter") { return "counter" }
        return rawValue.hasPrefix("register") ? "register" : nil
    }
}
