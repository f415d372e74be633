// One write at the node that minted its dot: applied here, on its way to the owners, counting acknowledgements. For an
// owner that cannot be reached a fallback stands in, which keeps the write for it as a hint.
//
// An acknowledgement exists only behind a completed barrier, here and at every other owner; this machine only counts.

import CoterieCausality
import CoteriePrimitives
import CoterieWire

/// The machine of one write.
struct WriteMachine {
    let owners: [MemberNumber]
    /// What the write made of this owner's object.
    let object: CausalObject
    /// The dots of the event that the write is; nil of an update that was applied before.
    let run: DotRun?
    /// What the write's client had seen before it.
    private let observed: VersionVector
    private(set) var quorum: WriteQuorum
    private(set) var responders: [Responder] = []
    private var answered: [Bool]
    /// Who may stand in for an owner, in order; empty where only owners may.
    private let fallbacks: [MemberNumber]
    private var nextFallback = 0
    private(set) var standIns: [StandIn] = []

    /// A fallback that has the write for an owner.
    struct StandIn: Equatable {
        let member: MemberNumber
        let target: MemberNumber
        var hasAnswered = false
    }

    init(
        owners: [MemberNumber], fallbacks: [MemberNumber] = [], object: CausalObject, run: DotRun?,
        observed: VersionVector = VersionVector(), quorum: WriteQuorum
    ) {
        self.owners = owners
        self.fallbacks = fallbacks
        self.object = object
        self.run = run
        self.observed = observed
        self.quorum = quorum
        answered = Array(repeating: false, count: owners.count)
        responders.reserveCapacity(owners.count)
    }

    /// Takes an acknowledgement or a refusal; a second one of the same member changes nothing.
    mutating func add(_ answer: Responder.Answer, from member: MemberNumber) -> Verdict {
        if let index = owners.firstIndex(of: member) {
            guard !answered[index] else { return quorum.verdict }
            answered[index] = true
            responders.append(Responder(member: member, role: .primary, answer: answer))
            return quorum.add(answer, role: .primary)
        }
        guard let index = standIns.firstIndex(where: { $0.member == member && !$0.hasAnswered }) else {
            return quorum.verdict
        }
        standIns[index].hasAnswered = true
        responders.append(Responder(member: member, role: .fallback, answer: answer))
        return quorum.add(answer, role: .fallback)
    }

    /// The next fallback that can be asked to stand in for this owner; nil where there is none.
    mutating func standIn(for target: MemberNumber, where canBeAsked: (MemberNumber) -> Bool) -> MemberNumber? {
        while nextFallback < fallbacks.count {
            let member = fallbacks[nextFallback]
            nextFallback += 1
            guard canBeAsked(member) else { continue }
            standIn(member, for: target)
            return member
        }
        return nil
    }

    /// This member stands in for the owner.
    mutating func standIn(_ member: MemberNumber, for target: MemberNumber) {
        precondition(!standIns.contains { $0.member == member }, "\(member) stands in for an owner already")
        standIns.append(StandIn(member: member, target: target))
        quorum.expectFallback()
    }

    /// For which owner this fallback stands in.
    func target(of member: MemberNumber) -> MemberNumber? { standIns.first { $0.member == member }?.target }

    /// Owners that have not answered and for which nobody stands in.
    var uncovered: [MemberNumber] {
        owners.indices.compactMap { index in
            let owner = owners[index]
            return answered[index] || standIns.contains { $0.target == owner } ? nil : owner
        }
    }

    /// What the client may send back with its next write. Everything that the object's context covers was replaced, but
    /// for the live siblings; of those the client has seen only its own, and what it said to have seen. A version vector cannot leave out one event
    /// below another of the same replica: then this write is left out with it, and not the other way round.
    var contextForClient: VersionVector {
        let unseen = object.siblings.filter { run?.contains($0.dot) != true && !observed.covers($0.dot) }
        guard !unseen.isEmpty else { return object.context.merged(with: observed) }
        let seen = VersionVector(
            object.context.entries.compactMap { entry in
                let lowest = unseen.lazy.filter { $0.dot.replica == entry.replica }.map { $0.dot.counter - 1 }.min()
                let counter = min(entry.counter, lowest ?? entry.counter)
                return counter == 0 ? nil : Dot(entry.replica, counter)
            })
        return seen.merged(with: observed)
    }

    func isWaiting(for member: MemberNumber) -> Bool {
        if let index = owners.firstIndex(of: member) { return !answered[index] }
        return standIns.contains { $0.member == member && !$0.hasAnswered }
    }
}
