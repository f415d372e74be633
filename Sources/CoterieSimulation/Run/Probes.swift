// Rare paths that a swarm must reach: each is counted, and one that was never reached is reported, since what was never
// reached was never tested (as in FoundationDB's and TigerBeetle's simulators).

import CoterieClientMachine
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieStorage
import CoterieWire

/// A rare path.
public enum Probe: String, Hashable, Sendable, CaseIterable {
    // The store.
    case checkpointUsed, checkpointWritten, compaction, tornTailCut, doubtfulStore, openingFailed, rottenMetadata
    case keyLost, corruptRecord, diskFull, ioError, writableAgain, operatorRestart
    // Identity and refill.
    case quarantined, refilled, identityRenewed, causalityFault
    // Deletes.
    case roundReached, markerReclaimed, tooOldRefused, droppedOnAdoption
    // Requests.
    case forwarded, replayed, digestHit, readRepair, repairSkipped, siblings, manySiblings, discardedSibling, markerRead
    case unknownOutcome, overloaded, timeout, insufficientReplicas, preconditionFailed, tooManySiblings, ownerLost
    case notInSync, shuttingDown, gracefulStop, expired
    // Replicated types.
    case updateRepeated, updateBehind, updateElsewhere, operationRefused
    // Background work.
    case backgroundWaited, backgroundCut
    // Sloppy quorums.
    case hintKept, hintDelivered, hintDropped, hintRefused, hintLost, fallbackWrite, fallbackRead
    // The network.
    case unsent, replacedConnection, datagramLost, datagramRepeated, datagramOvertaken, peerSuspected, peerDead
    case peerRefuted, peerBack
    // Clients.
    case clientLearntLayout, clientDeadline, clientUnreachable, clientLost
}

/// How often each was reached.
public struct ProbeCounts: Hashable, Sendable {
    private var counts = [Int](repeating: 0, count: Probe.allCases.count)

    public init() {}

    public subscript(_ probe: Probe) -> Int { counts[probe.place] }

    /// Those that were reached, by name.
    public var byName: [String: Int] {
        Dictionary(uniqueKeysWithValues: Probe.allCases.filter { self[$0] > 0 }.map { ($0.rawValue, self[$0]) })
    }

    /// Adds what `byName` gave. Unknown names count for nothing.
    public mutating func add(byName names: [String: Int]) {
        for (name, count) in names {
            if let probe = Probe(rawValue: name) { reach(probe, times: count) }
        }
    }

    /// Probes that were not reached, in their order.
    public var unreached: [Probe] { Probe.allCases.filter { self[$0] == 0 } }

    public static func += (a: inout Self, b: Self) {
        for place in a.counts.indices { a.counts[place] += b.counts[place] }
    }

    mutating func reach(_ probe: Probe, times: Int = 1) { counts[probe.place] += times }
}

extension Probe {
    private static let places: [Probe: Int] = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    fileprivate var place: Int { Self.places[self] ?? 0 }
}

extension ProbeCounts {
    mutating func reach(note: Note) {
        switch note {
        case .quarantined: reach(.quarantined)
        case .identityRenewed: reach(.identityRenewed)
        case .recordCorrupt, .digestDisagrees: reach(.corruptRecord)
        case .writesRefused(.diskFull): reach(.diskFull)
        case .writesRefused: reach(.ioError)
        case .writesAccepted: reach(.writableAgain)
        case .manySiblings: reach(.manySiblings)
        case .causalityFault: reach(.causalityFault)
        case .memberChanged(let change): reach(change)
        case .serving, .refillProgress, .layoutLearnt, .layoutRefused, .malformedGossip, .hintsDropped, .hintRefused:
            break
        }
    }

    private mutating func reach(_ change: MemberChange) {
        switch change.to {
        case .suspect: reach(.peerSuspected)
        case .dead: reach(.peerDead)
        case .alive: reach(change.from == .suspect ? .peerRefuted : .peerBack)
        }
    }

    mutating func reach(counters: Counters, since old: Counters) {
        reach(.forwarded, times: counters.forwarded - old.forwarded)
        reach(.replayed, times: counters.replayed - old.replayed)
        reach(.digestHit, times: counters.digestHits - old.digestHits)
        reach(.readRepair, times: counters.readRepairs - old.readRepairs)
        reach(.repairSkipped, times: counters.readRepairsSkipped - old.readRepairsSkipped)
        reach(.expired, times: counters.expired - old.expired)
        reach(.backgroundWaited, times: counters.backgroundWaits - old.backgroundWaits)
        reach(.backgroundCut, times: counters.backgroundCuts - old.backgroundCuts)
        reach(.discardedSibling, times: counters.discardedSiblings - old.discardedSiblings)
        reach(.updateRepeated, times: counters.repeatedUpdates - old.repeatedUpdates)
        reach(.updateBehind, times: counters.updatesBehind - old.updatesBehind)
        reach(.updateElsewhere, times: counters.updatesElsewhere - old.updatesElsewhere)
        reach(.unknownOutcome, times: counters.unknown - old.unknown)
        reach(.roundReached, times: counters.rounds - old.rounds)
        reach(.markerReclaimed, times: counters.reclaimed - old.reclaimed)
        reach(.tooOldRefused, times: counters.tooOld - old.tooOld)
        reach(.droppedOnAdoption, times: counters.dropped - old.dropped)
        reach(.hintKept, times: counters.hintsKept - old.hintsKept)
        reach(.hintDelivered, times: counters.hintsDelivered - old.hintsDelivered)
        reach(.hintDropped, times: counters.hintsDropped - old.hintsDropped)
        reach(.hintRefused, times: counters.hintsRefused - old.hintsRefused)
        reach(.hintLost, times: counters.hintsLost - old.hintsLost)
        reach(.fallbackRead, times: counters.fallbackReads - old.fallbackReads)
        reach(.fallbackWrite, times: counters.fallbackWrites - old.fallbackWrites)
    }

    mutating func reach(failure code: ErrorCode) {
        switch code {
        case .overloaded: reach(.overloaded)
        case .timeout: reach(.timeout)
        case .insufficientReplicas: reach(.insufficientReplicas)
        case .preconditionFailed: reach(.preconditionFailed)
        case .tooManySiblings: reach(.tooManySiblings)
        case .ownerLost: reach(.ownerLost)
        case .operationRefused: reach(.operationRefused)
        case .notInSync: reach(.notInSync)
        case .shuttingDown: reach(.shuttingDown)
        default: break
        }
    }

    mutating func reach(unanswered reason: Unanswered.Reason) {
        switch reason {
        case .deadline: reach(.clientDeadline)
        case .unreachable: reach(.clientUnreachable)
        case .lost: reach(.clientLost)
        case .overloaded: reach(.overloaded)
        case .cancelled, .closing: break
        }
    }
}
