// Epochs: every message between members carries one. An older one is refused with the newer layout; a newer one is
// learnt first, durably, before anything is done under it (INV 19).

import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    func sendLayout(to member: MemberNumber, _ effects: inout Effects) {
        effects.append(.send(.layoutReply(LayoutReply(layout: layout.encoded())), to: member))
    }

    func askForLayout(of member: MemberNumber, _ effects: inout Effects) {
        effects.append(.send(.layoutRequest(LayoutRequest(epoch: layout.epoch)), to: member))
    }

    /// An answer's epoch: a newer one is asked for.
    func noteEpoch(_ epoch: Epoch, of member: MemberNumber, _ effects: inout Effects) {
        if epoch > layout.epoch { askForLayout(of: member, &effects) }
    }

    /// A layout came: durable first, then acted on.
    mutating func learn(_ reply: LayoutReply, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        guard let newer = try? Layout(decoding: reply.layout), newer.epoch > layout.epoch,
            newer.clusterName == layout.clusterName, newer.partitionCount == layout.partitionCount,
            newer.members.contains(where: { $0.number == me })
        else { return }
        if let objection = types.objection(to: newer) {
            effects.append(.note(.layoutRefused(newer.epoch, reason: objection)))
            return
        }
        do throws(StorageFailure) {
            let change = MetadataChange(name: MetadataName.layout, value: reply.layout)
            try engine.apply(Batch(metadata: [change]))
            barriers.await(.layout(newer), .durable)
        } catch {
            effects.append(.note(.writesRefused(error)))
        }
    }

    mutating func adopt(_ newer: Layout, _ now: Now, _ effects: inout Effects) {
        guard newer.epoch > layout.epoch else { return }
        layout = newer
        for member in newer.members where member.number != me && peers[member.number] == nil {
            peers[member.number] = Peer()
        }
        tell(.membersChanged(newer.members.map(\.number)), now, &effects)
        rounds.forgetAll()
        reportRound(&effects)
        effects.append(.note(.layoutLearnt(newer.epoch)))
        effects.append(.adopt(newer))
    }
}
