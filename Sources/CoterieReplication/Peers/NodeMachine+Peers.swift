// Connections that come and go, and who can be reached.

import CoterieMembership
import CoteriePrimitives
import CoterieRing
import CoterieWire

extension NodeMachine {
    /// Whether a request may count on this member now: there is a connection, and it is not dead. A suspect one counts,
    /// and is tried last where one of several is chosen.
    func isReachable(_ member: MemberNumber) -> Bool {
        guard let peer = peers[member] else { return false }
        return peer.isConnected && !peer.isDead
    }

    /// Whether a message to this member has a chance to leave now, whatever the membership holds of it: what is no
    /// request (layouts, properties, clocks, introductions) goes to the dead too, who may be wrongly held so.
    func isConnected(_ member: MemberNumber) -> Bool { peers[member]?.isConnected ?? false }

    /// Whether it is connected and nobody doubts that it lives.
    func isWell(_ member: MemberNumber) -> Bool {
        guard let peer = peers[member] else { return false }
        return peer.isConnected && peer.isAlive
    }

    mutating func connected(_ member: MemberNumber, nonce: UInt64, _ now: Now, _ effects: inout Effects) {
        guard var peer = peers[member] else { return }
        if peer.nonce != nonce { rounds.forget(member) }
        peer.nonce = nonce
        peer.isConnected = true
        peers[member] = peer
        tell(.connected(member), now, &effects)
        greet(member, &effects)
        reportRound(to: member, &effects)
        resume(member, nonce: nonce, now, &effects)
        resumeRefill(from: member, &effects)
        advertiseAll(to: member, &effects)
        unpark(now, &effects)
        wakeHints(now, &effects)
        for update in properties.updates { effects.append(.send(.properties(update), to: member)) }
    }

    mutating func disconnected(_ member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        guard isConnected(member) else { return }
        peers[member]?.isConnected = false
        tell(.disconnected(member), now, &effects)
        for slot in requests.ids { lost(member, for: slot, now, &effects) }
        interruptRefill(from: member)
        exchanges.giveUp(member)
        backgroundQueue.forget(member)
        interruptHints(to: member)
    }
}
