// What the machine says of the others and of what it waits for, in the words of the status.

import CoterieHTTP
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing

extension NodeStatus {
    /// Takes over peers, membership, exchange and what waits.
    mutating func describe(_ status: MachineStatus, names: (MemberNumber) -> String) {
        service = "\(status.service)"
        serviceMilliseconds = status.serviceFor.milliseconds
        let exchanges = Dictionary(uniqueKeysWithValues: status.exchange.peers.map { ($0.member, $0) })
        peers = status.peers.map { peer in
            var described = Peer(
                name: names(peer.member), number: peer.member.rawValue, state: Peer.State(peer.state),
                sinceMilliseconds: peer.since.milliseconds, connected: peer.isConnected)
            described.because = peer.cause.map { Self.reason($0, names) }
            described.accusers = peer.accusers.isEmpty ? nil : peer.accusers.map(names)
            described.deadInMilliseconds = peer.deadIn?.milliseconds
            described.refutation = peer.refutation
            described.exchange = exchanges[peer.member].map(Peer.Exchange.init)
            if !status.hints.isEmpty {
                described.hints = status.hints.first { $0.target == peer.member }?.count ?? 0
            }
            return described
        }
        membership = [
            "health_multiplier": status.membership.healthMultiplier,
            "refutation": Int(clamping: status.membership.refutation),
            "pending_news": status.membership.pendingNews,
        ]
        for (name, value) in status.membership.counters.named { membership[name] = Int(clamping: value) }
        describeExchange(status, names)
        describeHints(status, names)
        scrub = [
            "passes": status.scrub.passes, "walked_groups": status.scrub.walked, "groups": status.scrub.groups,
            "differing_keys": status.scrub.differing,
        ]
        if let since = status.scrub.sinceLastPass { scrub["ms_since_last_pass"] = Int(since.milliseconds) }
        background = Background(status.background)
    }

    private mutating func describeHints(_ status: MachineStatus, _ names: (MemberNumber) -> String) {
        for kept in status.hints {
            let target = names(kept.target)
            let since = kept.since?.milliseconds ?? uptimeMilliseconds
            hints.append(
                Hints(
                    target: target, count: kept.count, bytes: kept.bytes, sinceMilliseconds: since,
                    underWay: kept.underWay, refused: kept.refused, waitsFor: kept.waitsFor))
            waiting.append(
                Waiting(
                    what: "\(kept.count) hints", why: kept.waitsFor.isEmpty ? "being delivered" : kept.waitsFor,
                    milliseconds: since, peer: target))
        }
    }

    private mutating func describeExchange(_ status: MachineStatus, _ names: (MemberNumber) -> String) {
        exchange = [
            "indexed_events": status.exchange.indexedEvents, "lacked_events": status.exchange.lackedEvents,
            "lacking_groups": status.exchange.lackingGroups, "pulls": status.exchange.pullsUnderWay,
        ]
        inSyncAgoMilliseconds = status.exchange.inSyncAgo?.milliseconds
        missing = status.exchange.missing.map {
            Missing(
                partition: Int($0.group.partition.rawValue), n: Int($0.group.n), peer: names($0.member),
                events: $0.events)
        }
        waiting = status.waiting.map {
            Waiting(what: $0.what, why: $0.why, milliseconds: $0.span.milliseconds, peer: $0.member.map(names))
        }
    }

    private static func reason(_ cause: MemberChange.Cause, _ names: (MemberNumber) -> String) -> String {
        if case .toldBy(let member) = cause { return "told by \(names(member))" }
        return "\(cause)"
    }
}

extension NodeStatus.Peer.State {
    init(_ status: MemberStatus) {
        switch status {
        case .alive: self = .alive
        case .suspect: self = .suspect
        case .dead: self = .dead
        }
    }
}

extension NodeStatus.Peer.Exchange {
    init(_ exchange: PeerExchange) {
        self.init(
            groups: exchange.groups, missingHere: exchange.lackedHere, missingThere: exchange.lackedThere,
            inSyncAgoMilliseconds: exchange.inSyncAgo?.milliseconds,
            lackingMilliseconds: exchange.lackingFor?.milliseconds)
    }
}
