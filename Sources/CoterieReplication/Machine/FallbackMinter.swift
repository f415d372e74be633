// Who a fallback is, and the dots that it mints (design, section 4, rule 13): in each group one identity at a time, which
// ends when something of it may be known here no more. Its numbers of lives are apart from those of the owner that this
// member is in other groups.
//
// An identity for each group, so that what is delivered in one ends none in another: a key's context grows by one entry for
// each identity that wrote it.

import CoterieCausality
import CoteriePrimitives

struct FallbackMinter {
    private let member: MemberNumber
    private let nonce: UInt64
    private var lives: UInt32 = 0
    private var current: [Group: (identity: ReplicaID, last: UInt64)] = [:]

    init(member: MemberNumber, nonce: UInt64) {
        self.member = member
        self.nonce = nonce
    }

    /// Under which identity it mints in a group; nil where the next dot begins a new one.
    func identity(in group: Group) -> ReplicaID? { current[group]?.identity }

    /// The dot that is minted next.
    func next(in group: Group) -> Dot {
        if let (identity, last) = current[group] { return Dot(identity, last + 1) }
        return Dot(ReplicaID(member: member, incarnation: Incarnation(nonce: nonce, sub: 1 << 31 + lives)), 1)
    }

    /// Dots that nobody has seen, at least one.
    mutating func mint(_ count: Int = 1, in group: Group) -> DotRun {
        let run = DotRun(next(in: group), count: count)
        if current[group] == nil { lives += 1 }
        current[group] = (run.replica, run.last.counter)
        return run
    }

    /// Whether a vector names an event of this identity that was never minted.
    func isAhead(_ vector: VersionVector, in group: Group) -> Bool {
        current[group].map { vector[$0.identity] > $0.last } ?? false
    }

    /// Nothing is minted under the group's identity any more.
    mutating func renew(in group: Group) { current[group] = nil }

    /// The same in every group of a partition.
    mutating func renew(in partition: PartitionIndex) {
        for group in current.keys where group.partition == partition { current[group] = nil }
    }

    mutating func renewAll() { current.removeAll() }
}
