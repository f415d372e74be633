// The node and its membership: what the node notices is told to it, what it wants is done.
//
// The data path tells it little, so that a request costs a field's write: answers and vain waits are noted at the peer,
// and passed on together when the membership is told anything else, at the latest at its own timer.

import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieWire
import NIOCore

extension NodeMachine {
    /// Tells the membership what has happened (nil: only what requests have noticed), and does what it wants.
    mutating func tell(_ input: MembershipInput?, _ now: Now, _ effects: inout Effects) {
        var wishes: [MembershipEffect] = []
        if hasUntold { tellOfRequests(now, &wishes) }
        if let input { membership.handle(input, at: now.monotonic, into: &wishes) }
        var isChanged = false
        for wish in wishes {
            switch wish {
            case .send(let message, let member):
                var content = ByteBuffer()
                message.encode(into: &content)
                effects.append(.send(.gossip(Gossip(epoch: layout.epoch, content: content)), to: member))
            case .setTimer(let instant): effects.append(.setTimer(.membership, at: instant))
            case .changed(let change):
                isChanged = true
                peers[change.member]?.status = change.to
                effects.append(.note(.memberChanged(change)))
            }
        }
        guard isChanged else { return }
        // (The layout's members: one that it has left out is of no interest any more.)
        someAreDoubtful = membership.standings.contains { $0.status != .alive }
        // Whom requests wait for may be back, or given up.
        unpark(now, &effects)
        wakeHints(now, &effects)
    }

    /// Passes on what requests have noticed of peers.
    private mutating func tellOfRequests(_ now: Now, _ wishes: inout [MembershipEffect]) {
        hasUntold = false
        for member in peers.keys.sorted() {
            guard let peer = peers[member] else { continue }
            if let at = peer.answeredAt {
                peers[member]?.answeredAt = nil
                membership.handle(.answered(member, at: at), at: now.monotonic, into: &wishes)
            }
            if peer.hasTimedOut {
                peers[member]?.hasTimedOut = false
                membership.handle(.requestTimedOut(member), at: now.monotonic, into: &wishes)
            }
        }
    }

    /// A peer has answered a request.
    mutating func hasAnswered(_ member: MemberNumber, _ now: Now) {
        peers[member]?.answeredAt = now.monotonic
        hasUntold = true
    }

    /// Somebody who is suspect or dead has said something: a reason to tell him what he has to refute.
    mutating func hasSpoken(_ member: MemberNumber, _ now: Now) {
        guard let peer = peers[member], !peer.isAlive else { return }
        hasAnswered(member, now)
    }

    /// A request's time is up and this peer has not answered it.
    mutating func hasTimedOut(_ member: MemberNumber) {
        guard member != me else { return }
        peers[member]?.hasTimedOut = true
        hasUntold = true
        hasNewTimeout = true
    }

    mutating func receive(_ gossip: Gossip, from member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        noteEpoch(gossip.epoch, of: member, &effects)
        do throws(MembershipCodecError) {
            tell(.message(try MembershipMessage(decoding: gossip.content), from: member), now, &effects)
        } catch {
            effects.append(.note(.malformedGossip(member, "\(error)")))
        }
    }

    mutating func unsent(_ gossip: Gossip, to member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        guard let message = try? MembershipMessage(decoding: gossip.content) else { return }
        tell(.unsent(message, to: member), now, &effects)
    }
}
