// What anti-entropy has under way at this node.

import CoterieCausality
import CoteriePrimitives
import CoterieWire
import DequeModule

/// Adverts, pulls, and what is looked at again at the next tick.
struct ExchangeState {
    struct Pulling: Equatable {
        let group: Group
        let source: MemberNumber
        let since: Instant
    }

    /// How often this life has advertised.
    var adverts: UInt64 = 0
    private var lastExchange: UInt64
    /// By exchange.
    private(set) var pulls: [UInt64: Pulling] = [:]
    /// Groups in which a peer may have more than this node.
    var suspects: Set<Group> = []
    /// What peers had handled at the last tick: what of it is still lacking is not just on its way.
    var settled: [Group: [MemberNumber: PartitionClock]] = [:]
    /// Groups in which something is lacking and for which there was no room at the last tick, with whom to ask, in order.
    var due: Deque<(group: Group, source: MemberNumber)> = []
    /// Keys whose objects were left out of an offer, and are needed.
    var wanted: [Group: [ObjectKey]] = [:]

    /// - Parameter life: the start nonce. Exchanges count from it on, so that no answer to an earlier life fits one of this.
    init(life: UInt64) { lastExchange = life }

    /// A number for a question that no other question of this or an earlier life has.
    mutating func nextExchange() -> UInt64 {
        lastExchange &+= 1
        if lastExchange == 0 { lastExchange = 1 }  // 0 is no exchange.
        return lastExchange
    }

    func isPulling(_ group: Group) -> Bool { pulls.values.contains { $0.group == group } }

    mutating func begin(_ group: Group, from source: MemberNumber, at now: Instant) -> UInt64 {
        let exchange = nextExchange()
        pulls[exchange] = Pulling(group: group, source: source, since: now)
        return exchange
    }

    /// The pull that an offer answers; nil where it is given up, or never was.
    mutating func end(_ exchange: UInt64, from source: MemberNumber) -> Pulling? {
        guard let pulling = pulls[exchange], pulling.source == source else { return nil }
        pulls[exchange] = nil
        return pulling
    }

    /// Gives up what that source was asked.
    mutating func giveUp(_ source: MemberNumber) { pulls = pulls.filter { $0.value.source != source } }

    /// Gives up what was asked so long ago that the answer must be lost.
    mutating func giveUp(olderThan age: TimeSpan, at now: Instant) {
        pulls = pulls.filter { now - $0.value.since < age }
    }
}

/// An offer being put together: records may lie on disk.
struct OfferInProgress {
    let pull: Pull
    let asker: MemberNumber
    /// When the first object was read.
    let round: UInt64
    /// What is left to look up, the first one next.
    var keys: ArraySlice<(key: ObjectKey, dots: [Dot])>
    /// There are more events than one offer looks at.
    let isCut: Bool
    let forgotten: Bool
    var items: [OfferedObject] = []
    var bytes = 0
}
