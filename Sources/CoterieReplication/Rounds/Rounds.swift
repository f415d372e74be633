// A number that all members move together, so that what is old can be told from what is new without a clock (design,
// section 4, rule 8; the idea is that of epoch-based reclamation: Fraser, "Practical lock-freedom", 2004).
//
// What must hold: **no member is more than one round behind another.** A member goes on only when it knows that every
// other one has durably reached its own round. Every object travels with the round in which it left a store, and no
// member takes what left before the round before its own. So what left a store two rounds before the slowest member's
// round arrives nowhere any more, however long the network has kept it.
//
// Nothing here rests on time. A pause between two rounds is an economy.

import CoteriePrimitives

/// What one member knows of everybody's rounds.
struct Rounds: Equatable {
    /// This member's own, durable. 0: its store is new or was lost, and it takes no object before its peers have told.
    var current: UInt64 = 0
    /// On its way to the disk.
    var pending: UInt64?
    /// What each other member has said of itself, in this epoch.
    private(set) var heard = MemberTable<UInt64>()
    /// Up to where somebody wants all to move.
    private(set) var wanted: UInt64 = 0
    /// The highest round that a peer has named to this life's introduction.
    var introduced: UInt64 = 0
    /// When the current round was reached; nil: before this life.
    var since: Instant?
    /// Members to which a report did not leave.
    var untold: Set<MemberNumber> = []
    /// Ticks of anti-entropy since everybody was told, while a round is waited for.
    var ticks = 0

    /// So many ticks are waited for a report that may be lost, before all are told again.
    static let patience = 4

    /// Whether content that left a store in that round may be content that everybody has overwritten since.
    func isTooOld(_ round: UInt64) -> Bool { current == 0 || round + 1 < current }

    /// What a member says only grows within one life of it.
    mutating func hear(_ round: UInt64, of member: MemberNumber) { heard[member] = max(heard[member] ?? 0, round) }

    /// Another life has begun, whose store may be another: it tells anew.
    mutating func forget(_ member: MemberNumber) { heard[member] = nil }

    /// In a new epoch everybody tells anew.
    mutating func forgetAll() { heard = MemberTable() }

    mutating func want(_ round: UInt64) { wanted = max(wanted, round) }

    /// The members that have not reached the own round, as far as is known. Ascending.
    func behind(of members: [MemberNumber]) -> [MemberNumber] {
        members.filter { (heard[$0] ?? 0) < current }
    }

    /// Whether another's round proves that the own store went back: that member was once told that this one had reached
    /// at least the round before it.
    func hasGoneBack(others: [MemberNumber]) -> Bool {
        current > 0 && others.contains { (heard[$0] ?? 0) > current + 1 }
    }

    /// Whether there can be anywhere to go.
    var isMoving: Bool {
        current > 0 && pending == nil && (wanted > current || heard.values.contains { $0 > current + 1 })
    }

    /// Where to go now; nil: nowhere yet.
    ///
    /// - Parameters:
    ///   - others: all other members.
    ///   - oldestHint: the round of the oldest hint that is kept here; nil: there is none.
    func next(others: [MemberNumber], oldestHint: UInt64?) -> UInt64? {
        guard isMoving else { return nil }
        if hasGoneBack(others: others) { return (others.compactMap { heard[$0] }.max() ?? 1) - 1 }
        guard wanted > current, behind(of: others).isEmpty else { return nil }
        if let oldestHint, oldestHint < current { return nil }
        return current + 1
    }
}
