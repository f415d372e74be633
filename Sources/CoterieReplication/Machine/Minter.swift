// Who this replica is, and the dots that it mints: each once, ever (INV 1).

import CoterieCausality
import CoteriePrimitives

/// The identity and the counters of one node. Counters are per group and identity, shared by all keys of the group.
struct Minter {
    private(set) var identity: ReplicaID
    private var counters: [Group: UInt64] = [:]

    init(member: MemberNumber, nonce: UInt64) {
        identity = ReplicaID(member: member, incarnation: Incarnation(nonce: nonce))
    }

    /// The rule left out (`OmittedRules.incarnation`): the identity of the store's first life goes on, as far as the store
    /// knows it.
    init(goingOnIn store: UInt64, of member: MemberNumber, _ knowledge: Knowledge) {
        self.init(member: member, nonce: store)
        for group in knowledge.known { counters[group] = knowledge[group].clock.last(of: identity) }
    }

    /// The last counter minted in a group; 0 for none.
    func last(in group: Group) -> UInt64 { counters[group] ?? 0 }

    /// The dot that is minted next.
    func next(in group: Group) -> Dot { Dot(identity, last(in: group) + 1) }

    /// Dots that nobody has seen, at least one.
    mutating func mint(_ count: Int = 1, in group: Group) -> DotRun {
        let run = DotRun(next(in: group), count: count)
        counters[group] = run.last.counter
        return run
    }

    /// Whether a vector names an event of this identity that was never minted: then state was lost (INV 2).
    func isAhead(_ vector: VersionVector, in group: Group) -> Bool { vector[identity] > last(in: group) }

    /// Dies and lives again: what was minted before is another's from now on.
    mutating func renew() {
        identity = ReplicaID(member: identity.member, incarnation: identity.incarnation.next)
        counters.removeAll(keepingCapacity: true)
    }
}
