// What a node says of itself, read by the shell between inputs.

import CoterieCausality
import CoterieMembership
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
    public var membership: MembershipStatus
    public var counters: Counters
    public var storage: StorageStatistics
    /// Parts fetched and parts in all, while the replica is refilled.
    public var refill: (done: Int, of: Int)?
    public var exchange: ExchangeStatus
    public var scrub: ScrubStatus
    public var reclaim: ReclaimStatus
    public var background: BackgroundStatus
    /// Hints that are kept here, by target, ascending.
    public var hints: [HintStatus] = []
    /// How long `service` has been what it is.
    public var serviceFor: TimeSpan
    /// What does not come about, and why.
    public var waiting: [Waiting]

    public static func == (a: Self, b: Self) -> Bool {
        a.identity == b.identity && a.epoch == b.epoch && a.service == b.service
            && a.requestsUnderWay == b.requestsUnderWay && a.peers == b.peers
            && a.membership == b.membership && a.counters == b.counters && a.storage == b.storage
            && a.exchange == b.exchange && a.scrub == b.scrub && a.reclaim == b.reclaim && a.hints == b.hints
            && a.background == b.background
            && a.serviceFor == b.serviceFor && a.waiting == b.waiting
            && a.refill?.done == b.refill?.done && a.refill?.of == b.refill?.of
    }
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
    public var state: MemberStatus
    /// How long it has been in that state.
    public var since: TimeSpan
    /// Why; nil: it has been so since this node's start.
    public var cause: MemberChange.Cause?
    /// Of a suspect: whose probes of it failed, and when it is dead if it does not refute that.
    public var accusers: [MemberNumber] = []
    public var deadIn: TimeSpan?
    public var isConnected: Bool
    /// Its own counter of refutations, as far as it is known here.
    public var refutation: UInt64
}

/// The membership as a node lives it.
public struct MembershipStatus: Equatable, Sendable {
    public var counters: MembershipCounters
    /// So many times as long as usual it waits for answers, because it seems slow itself; 1 is healthy.
    public var healthMultiplier: Int
    /// The node's own refutation number.
    public var refutation: UInt64
    /// Claims that wait to be told to others.
    public var pendingNews: Int
}

extension NodeMachine {
    /// O(groups × owners).
    public func status(at now: Instant) -> MachineStatus {
        MachineStatus(
            identity: minter.identity, epoch: layout.epoch, service: service, requestsUnderWay: underWay,
            peers: standings.map { peerStatus($0, at: now) },
            membership: MembershipStatus(
                counters: membership.counters, healthMultiplier: membership.healthMultiplier,
                refutation: membership.refutation, pendingNews: membership.pendingNews),
            counters: counters, storage: engine.statistics, refill: refill.map { ($0.done, $0.total) },
            exchange: exchangeStatus(at: now),
            scrub: ScrubStatus(
                passes: scrub.passes, sinceLastPass: scrub.lastPass.map { now - $0 }, walked: scrub.walked,
                groups: scrub.groupCount, differing: scrub.differing.count),
            reclaim: reclaimStatus(at: now), background: backgroundStatus(at: now), hints: hintStatus(at: now),
            serviceFor: watch.serviceSince.map { max(.zero, now - $0) } ?? .zero, waiting: waiting(at: now))
    }

    /// How the other members are seen, in order of their numbers.
    public var standings: [Standing] { membership.standings.filter { $0.member != me } }

    private func peerStatus(_ standing: Standing, at now: Instant) -> PeerStatus {
        let suspicion = membership.suspicion(of: standing.member)
        return PeerStatus(
            member: standing.member, state: standing.status, since: max(.zero, now - standing.since),
            cause: standing.cause, accusers: suspicion?.accusers ?? [],
            deadIn: suspicion.map { max(.zero, $0.deadline - now) }, isConnected: standing.isConnected,
            refutation: standing.refutation)
    }

    /// Traps where a structure of the machine is broken. O(what it knows).
    public func checkInvariants() {
        knowledge.checkInvariants()
        membership.checkInvariants()
        hints.checkInvariants(engine)
        if isStopping { return }  // It has said goodbye, and looks at nobody any more.
        for standing in standings {
            precondition(
                peers[standing.member]?.status == standing.status,
                "\(standing.member) is \(standing.status), and requests see \(String(describing: peers[standing.member]))"
            )
            precondition(
                peers[standing.member]?.isConnected == standing.isConnected,
                "the membership and the requests differ on whether \(standing.member) is connected")
        }
    }

    /// Whether this node sees every other member alive.
    public var seesAllAlive: Bool { !someAreDoubtful }

    /// Hints that are kept here for others.
    public var hintsWaiting: Int { hints.count }

    /// Whether this replica answers for what it owns.
    public var isServing: Bool { service == .serving }
}
