// The layout's members as this one sees them, in order of their numbers: what is iterated here reaches effects.

import CoteriePrimitives

/// How one member is seen from here.
public struct Standing: Hashable, Sendable {
    public let member: MemberNumber
    public internal(set) var status = MemberStatus.alive
    /// The member's refutation number, as far as it is known.
    public internal(set) var refutation: UInt64 = 0
    /// Since when it is seen so here.
    public internal(set) var since: Instant
    /// Why it is seen so; nil: since the start.
    public internal(set) var cause: MemberChange.Cause?
    /// Whether there is a connection: a hint, which decides nothing.
    public internal(set) var isConnected = false
    /// When it last answered something that was sent from here; nil: never.
    public internal(set) var lastAnswer: Instant?
    /// When a probe of it last began.
    var lastProbe: Instant?

    init(_ member: MemberNumber, since: Instant) {
        self.member = member
        self.since = since
    }
}

/// All members of the layout, this one included. Nobody is taken out because of being dead.
struct MemberTable: Hashable, Sendable {
    private(set) var members: [Standing]

    init(_ numbers: [MemberNumber], at now: Instant) {
        members = numbers.map { Standing($0, since: now) }
    }

    var count: Int { members.count }

    /// O(1) where numbers have no gaps, else O(log members).
    func index(of member: MemberNumber) -> Int? {
        guard let first = members.first, member >= first.member else { return nil }
        let guess = Int(member.rawValue - first.member.rawValue)
        if guess < members.count, members[guess].member == member { return guess }
        var low = 0
        // Numbers are distinct, so none stands behind where it would without gaps.
        var high = min(members.count, guess)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].member == member { return middle }
            if members[middle].member < member { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    subscript(index: Int) -> Standing {
        get { members[index] }
        _modify { yield &members[index] }
    }

    /// Takes the layout's members: new ones come alive and unheard of, those that left are forgotten.
    mutating func adopt(_ numbers: [MemberNumber], at now: Instant) {
        members = numbers.map { number in index(of: number).map { members[$0] } ?? Standing(number, since: now) }
    }
}
