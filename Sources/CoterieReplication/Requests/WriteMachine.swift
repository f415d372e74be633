// One write at the owner that minted its dot: applied here, on its way to the other owners, counting acknowledgements.
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
    /// The event that the write is.
    let dot: Dot
    private(set) var quorum: WriteQuorum
    private(set) var responders: [Responder] = []
    private var answered: [Bool]

    init(owners: [MemberNumber], object: CausalObject, dot: Dot, quorum: WriteQuorum) {
        self.owners = owners
        self.object = object
        self.dot = dot
        self.quorum = quorum
        answered = Array(repeating: false, count: owners.count)
        responders.reserveCapacity(owners.count)
    }

    /// Takes an acknowledgement or a refusal; a second one of the same owner changes nothing.
    mutating func add(_ answer: Responder.Answer, from member: MemberNumber) -> Verdict {
        guard let index = owners.firstIndex(of: member), !answered[index] else { return quorum.verdict }
        answered[index] = true
        responders.append(Responder(member: member, role: .primary, answer: answer))
        return quorum.add(answer, role: .primary)
    }

    /// What the client may send back with its next write. Everything that the object's context covers was replaced, but
    /// for the live siblings; of those the client has seen only its own. A version vector cannot leave out one event
    /// below another of the same replica: then this write is left out with it, and not the other way round.
    var contextForClient: VersionVector {
        let unseen = object.siblings.filter { $0.dot != dot }
        guard !unseen.isEmpty else { return object.context }
        return VersionVector(
            object.context.entries.compactMap { entry in
                let lowest = unseen.lazy.filter { $0.dot.replica == entry.replica }.map { $0.dot.counter - 1 }.min()
                let counter = min(entry.counter, lowest ?? entry.counter)
                return counter == 0 ? nil : Dot(entry.replica, counter)
            })
    }

    func isWaiting(for member: MemberNumber) -> Bool {
        owners.firstIndex(of: member).map { !answered[$0] } ?? false
    }
}
