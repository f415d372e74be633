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
    private(set) var quorum: WriteQuorum
    private(set) var responders: [Responder] = []
    private var answered: [Bool]

    init(owners: [MemberNumber], object: CausalObject, quorum: WriteQuorum) {
        self.owners = owners
        self.object = object
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

    func isWaiting(for member: MemberNumber) -> Bool {
        owners.firstIndex(of: member).map { !answered[$0] } ?? false
    }
}
