// What a node says of itself, read by the shell between inputs.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage

/// A node as it is at one moment.
public struct MachineStatus: Equatable, Sendable {
    public var identity: ReplicaID
    public var epoch: Epoch
    public var service: Service
    public var requestsUnderWay: Int
    public var peers: [PeerStatus]
    public var counters: Counters
    public var storage: StorageStatistics
    /// Parts fetched and parts in all, while the replica is refilled.
    public var refill: (done: Int, of: Int)?
    public var exchange: ExchangeStatus
    public var scrub: ScrubStatus
    /// Hints that are kept here, by target, ascending.
    public var hints: [HintStatus] = []

    public static func == (a: Self, b: Self) -> Bool {
        a.identity == b.identity && a.epoch == b.epoch && a.service == b.service
            && a.requestsUnderWay == b.requestsUnderWay && a.peers == b.peers && a.counters == b.counters
            && a.storage == b.storage && a.exchange == b.exchange && a.scrub == b.scrub && a.hints == b.hints
            && a.refill?.done == b.refill?.done && a.refill?.of == b.refill?.of
    }
}

/// How anti-entropy stands at a node.
public struct ExchangeStatus: Equatable, Sendable {
    /// Handled events that some other owner may lack.
    public var indexedEvents = 0
    /// Events that other owners have told of and this one lacks, each owner's counted on its own.
    public var lackedEvents = 0
    /// Groups in which it lacks any.
    public var lackingGroups = 0
    public var pullsUnderWay = 0
}

/// How far the scrub has come.
public struct ScrubStatus: Equatable, Sendable {
    /// Complete walks over all that is stored, since the node's start.
    public var passes = 0
    /// Since the last one; nil before the first.
    public var sinceLastPass: TimeSpan?
    /// Groups walked in this pass, of `groups`.
    public var walked = 0
    public var groups = 0
    /// Keys that were found to differ and are not looked at yet.
    public var differing = 0
}

/// One peer, as seen from a node.
public struct PeerStatus: Equatable, Sendable {
    public var member: MemberNumber
    public var state: PeerState
    /// How long it has been in that state; nil: since the node's start.
    public var since: TimeSpan?
    public var isConnected: Bool
}

extension NodeMachine {
    /// O(peers).
    public func status(at now: Instant) -> MachineStatus {
        MachineStatus(
            identity: minter.identity, epoch: layout.epoch, service: service, requestsUnderWay: underWay,
            peers: peers.keys.sorted().compactMap { member in
                peers[member].map {
                    PeerStatus(
                        member: member, state: $0.state, since: $0.since.map { now - $0 }, isConnected: $0.isConnected)
                }
            },
            counters: counters, storage: engine.statistics, refill: refill.map { ($0.done, $0.total) },
            exchange: exchangeStatus,
            scrub: ScrubStatus(
                passes: scrub.passes, sinceLastPass: scrub.lastPass.map { now - $0 }, walked: scrub.walked,
                groups: scrub.groupCount, differing: scrub.differing.count),
            hints: hintStatus(at: now))
    }

    /// O(groups × owners).
    private var exchangeStatus: ExchangeStatus {
        var status = ExchangeStatus()
        status.pullsUnderWay = exchanges.pulls.count
        for group in knowledge.known {
            let known = knowledge[group]
            status.indexedEvents += known.index.count
            let lacked = known.heard.values.reduce(0) { $0 + known.clock.missing(from: $1.clock).count }
            status.lackedEvents += lacked
            if lacked > 0 { status.lackingGroups += 1 }
        }
        return status
    }

    /// Traps where a structure of the machine is broken. O(what it knows).
    public func checkInvariants() {
        knowledge.checkInvariants()
        hints.checkInvariants(engine)
    }

    /// Hints that are kept here for others.
    public var hintsWaiting: Int { hints.count }

    /// Whether this replica answers for what it owns.
    public var isServing: Bool { service == .serving }
}
