// What does not come about at a node, why, and since when: so that an operator never has to guess (INV 31).

import CoterieMembership
import CoteriePrimitives
import CoterieRing

/// Something that waits.
public struct Waiting: Equatable, Sendable {
    /// In a few words: `refill from n3`.
    public var what: String
    public var why: String
    /// For how long.
    public var span: TimeSpan
    /// For whom it waits; nil: for nobody in particular.
    public var member: MemberNumber?
}

extension NodeMachine {
    /// O(what waits).
    func waiting(at now: Instant) -> [Waiting] {
        serviceWaiting(at: now) + diskWaiting(at: now) + requestsWaiting(at: now) + refillWaiting(at: now)
            + eventsWaiting(at: now) + deletesWaiting(at: now) + scrubWaiting(at: now) + backgroundWaiting(at: now)
    }

    /// What keeps this node from serving.
    private func serviceWaiting(at now: Instant) -> [Waiting] {
        let span = watch.serviceSince.map { max(.zero, now - $0) } ?? .zero
        let again = markFailed ? "the disk has refused it: it is tried again" : nil
        switch service {
        case .serving: return []
        case .starting:
            return [Waiting(what: "start", why: again ?? "the nonce of this start is not durable yet", span: span)]
        case .introducing, .refilling:
            if !isAcquainted {
                let why = "\(acquainted.count) of the \(peers.count / 2 + 1) other members needed have answered"
                return [Waiting(what: "introduction", why: why, span: span)]
            }
            guard refill == nil else { return [] }
            return [Waiting(what: "service", why: again ?? "that this node serves is not durable yet", span: span)]
        }
    }

    /// So long a disk may take before it is said that it is waited for.
    private static let usualFsync = TimeSpan.seconds(1)

    private func diskWaiting(at now: Instant) -> [Waiting] {
        var waiting: [Waiting] = []
        if let readOnly = watch.readOnlySince {
            waiting.append(Waiting(what: "writes", why: Self.readOnlyReason, span: max(.zero, now - readOnly)))
        }
        if let (count, since) = barriers.underWay, now - since >= Self.usualFsync {
            waiting.append(
                Waiting(what: "fsync of \(count) acknowledgements", why: "the disk has not answered", span: now - since)
            )
        }
        if !corruptKeys.isEmpty {
            waiting.append(
                Waiting(
                    what: "\(corruptKeys.count) lost records", why: "they come back when all other owners are read",
                    span: watch.lossSince.map { max(.zero, now - $0) } ?? .zero))
        }
        return waiting
    }

    private static let readOnlyReason = "the store refuses them: its disk is full or failing"

    private func refillWaiting(at now: Instant) -> [Waiting] {
        guard let refill else { return [] }
        let span = watch.refillSince.map { max(.zero, now - $0) } ?? .zero
        let here =
            rounds.current == 0
            ? "no majority of the others has told its round" : isReadOnly ? Self.readOnlyReason : nil
        return refill.openParts.map { source, parts in
            let refusal = refill.refusals[source].map { "it answered \($0)" }
            return Waiting(
                what: "\(parts) parts of a refill",
                why: obstacle(source, at: now) ?? here ?? refusal ?? "they are being fetched", span: span,
                member: source)
        }
    }

    private func eventsWaiting(at now: Instant) -> [Waiting] {
        let here =
            service != .serving
            ? "this node does not serve: \(service)" : isReadOnly ? Self.readOnlyReason : "they are being fetched"
        return peers.keys.sorted().compactMap { member in
            watch.lacking[member].map {
                Waiting(
                    what: "events", why: obstacle(member, at: now) ?? here, span: max(.zero, now - $0), member: member)
            }
        }
    }

    /// What keeps this member from giving anything; nil where nothing is known to.
    func obstacle(_ member: MemberNumber, at now: Instant) -> String? {
        guard let standing = membership.standing(of: member) else { return "the layout does not have it" }
        if standing.status == .alive, standing.isConnected { return nil }
        let connection = standing.isConnected ? "connected" : "not connected"
        return "it is \(standing.status), \(connection)"
    }
}

extension Refill {
    /// How many parts are left, by source, in order.
    var openParts: [(source: MemberNumber, parts: Int)] {
        var counts: [MemberNumber: Int] = [:]
        for part in openList { counts[part.source, default: 0] += 1 }
        return counts.keys.sorted().map { ($0, counts[$0, default: 0]) }
    }
}
