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
        var waiting: [Waiting] = []
        let inService = watch.serviceSince.map { max(.zero, now - $0) } ?? .zero
        if service == .introducing || (service == .refilling && !isAcquainted) {
            let needed = peers.count / 2 + 1
            waiting.append(
                Waiting(
                    what: "introduction",
                    why: "\(acquainted.count) of the \(needed) other members needed have answered", span: inService))
        }
        if let readOnly = watch.readOnlySince {
            waiting.append(
                Waiting(
                    what: "writes", why: "the store refuses them: its disk is full or failing",
                    span: max(.zero, now - readOnly)))
        }
        if let refill {
            for (source, parts) in refill.openParts {
                waiting.append(
                    Waiting(
                        what: "\(parts) parts of a refill", why: obstacle(source, at: now) ?? "they are being fetched",
                        span: inService, member: source))
            }
        }
        for member in peers.keys.sorted() {
            guard let since = watch.lacking[member] else { continue }
            let reason = service == .serving ? "they are being fetched" : "this node does not serve: \(service)"
            waiting.append(
                Waiting(
                    what: "events", why: obstacle(member, at: now) ?? reason, span: max(.zero, now - since),
                    member: member))
        }
        return waiting + backgroundWaiting(at: now)
    }

    /// What keeps this member from giving anything; nil where nothing is known to.
    private func obstacle(_ member: MemberNumber, at now: Instant) -> String? {
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
