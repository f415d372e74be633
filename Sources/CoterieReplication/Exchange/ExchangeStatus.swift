// How anti-entropy stands at a node, for its status: what is missing, between whom, and since when.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

/// How anti-entropy stands at a node.
public struct ExchangeStatus: Equatable, Sendable {
    /// Handled events that some other owner may lack.
    public var indexedEvents = 0
    /// Events that other owners have told of and this one lacks, each owner's counted on its own.
    public var lackedEvents = 0
    /// Groups in which it lacks any.
    public var lackingGroups = 0
    public var pullsUnderWay = 0
    /// With whom, in order of their numbers: the members that own a group with this one.
    public var peers: [PeerExchange] = []
    /// In which groups this node lacks something, the most first; at most `ExchangeStatus.maxMissing`.
    public var missing: [MissingEvents] = []
    /// How long ago this node last had all that the others had told, the one of whom this is the longest ago counting;
    /// nil: not yet in this life.
    public var inSyncAgo: TimeSpan?

    public static let maxMissing = 64
}

/// How a node stands to one other owner.
public struct PeerExchange: Equatable, Sendable {
    public var member: MemberNumber
    /// How many groups both own.
    public var groups = 0
    /// Events that it has told of and this node lacks.
    public var lackedHere = 0
    /// Events that this node has durably and that it had not when it last told what it has: some may be on their way.
    /// Where it has told nothing yet: those that some owner may lack.
    public var lackedThere = 0
    /// How long ago this node last had all that it had told, and saw it alive; nil: not yet in this life.
    public var inSyncAgo: TimeSpan?
    /// For how long this node has lacked something that it has.
    public var lackingFor: TimeSpan?
}

/// What this node lacks in one group of what one other owner has told of.
public struct MissingEvents: Equatable, Sendable {
    public var group: Group
    public var member: MemberNumber
    public var events: Int
}

extension NodeMachine {
    /// O(groups × owners).
    func exchangeStatus(at now: Instant) -> ExchangeStatus {
        var status = ExchangeStatus()
        status.pullsUnderWay = exchanges.pulls.count
        var peers: [MemberNumber: PeerExchange] = [:]
        for group in layout.groups where layout.isOwner(me, of: group) {
            let known = knowledge[group]
            status.indexedEvents += known.index.count
            var isLacking = false
            for member in layout.preferenceList(for: group).primaries where member != me {
                var peer = peers[member, default: PeerExchange(member: member)]
                let (here, there) = missing(in: known, and: member)
                peer.groups += 1
                peer.lackedHere += here
                peer.lackedThere += there
                peers[member] = peer
                guard here > 0 else { continue }
                isLacking = true
                status.lackedEvents += here
                status.missing.append(MissingEvents(group: group, member: member, events: here))
            }
            if isLacking { status.lackingGroups += 1 }
        }
        status.missing.sort { a, b in
            a.events != b.events ? a.events > b.events : a.group != b.group ? a.group < b.group : a.member < b.member
        }
        status.missing.removeLast(max(0, status.missing.count - ExchangeStatus.maxMissing))
        status.peers = peers.keys.sorted().compactMap { peers[$0].map { dated($0, at: now) } }
        let ages = status.peers.map(\.inSyncAgo)
        status.inSyncAgo = ages.contains(nil) ? nil : ages.compactMap(\.self).max()
        return status
    }

    /// How many events are missing here that the member has, and there that are durable here. Of one that has not told
    /// what it has: what somebody may lack.
    private func missing(in known: GroupKnowledge, and member: MemberNumber) -> (here: Int, there: Int) {
        guard let heard = known.heard[member] else { return (0, known.index.count) }
        return (known.clock.missing(from: heard.clock).count, heard.clock.missing(from: known.durable).count)
    }

    private func dated(_ peer: PeerExchange, at now: Instant) -> PeerExchange {
        var peer = peer
        peer.inSyncAgo = watch.inSync[peer.member].map { max(.zero, now - $0) }
        peer.lackingFor = watch.lacking[peer.member].map { max(.zero, now - $0) }
        return peer
    }
}
