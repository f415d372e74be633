// Connections that come and go, and heartbeats that tell a hung peer from a quiet one.

import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire

extension NodeMachine {
    /// Whether a message to this member has a chance to leave now.
    func isReachable(_ member: MemberNumber) -> Bool { peers[member]?.isConnected ?? false }

    /// Whether it is connected and speaks.
    func isWell(_ member: MemberNumber) -> Bool {
        guard let peer = peers[member] else { return false }
        return peer.isConnected && peer.state == .alive
    }

    mutating func connected(_ member: MemberNumber, nonce: UInt64, _ now: Now, _ effects: inout Effects) {
        guard var peer = peers[member] else { return }
        peer.nonce = nonce
        peer.isConnected = true
        peer.lastHeard = now.monotonic
        peers[member] = peer
        judge(member, now, &effects)
        greet(member, &effects)
        resume(member, nonce: nonce, now, &effects)
        resumeRefill(from: member, &effects)
        advertiseAll(to: member, &effects)
        unpark(now, &effects)
        wakeHints(now, &effects)
        for update in properties.updates { effects.append(.send(.properties(update), to: member)) }
    }

    mutating func disconnected(_ member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        guard peers[member]?.isConnected == true else { return }
        peers[member]?.isConnected = false
        judge(member, now, &effects)
        for slot in requests.ids { lost(member, for: slot, now, &effects) }
        interruptRefill(from: member)
        exchanges.giveUp(member)
        interruptHints(to: member)
    }

    /// The heartbeat timer: asks every connected peer, judges all.
    mutating func beat(_ now: Now, _ effects: inout Effects) {
        guard !hasStopped else { return }
        heartbeats += 1
        for member in peers.keys.sorted() {
            if isReachable(member) {
                let heartbeat = Heartbeat(sequence: heartbeats, isReply: false, epoch: layout.epoch)
                effects.append(.send(.heartbeat(heartbeat), to: member))
                greet(member, &effects)
            }
            judge(member, now, &effects)
        }
        retryMark(&effects)
        retryRefill(&effects)
        releaseHints()
        if isReadOnly { engine.probeWritable() }
        effects.append(.setTimer(.heartbeat, at: now.monotonic + settings.heartbeatInterval))
    }

    mutating func receive(
        _ heartbeat: Heartbeat, from member: MemberNumber, _ now: Now, _ effects: inout Effects
    ) {
        peers[member]?.lastHeard = now.monotonic
        judge(member, now, &effects)
        if !heartbeat.isReply {
            let reply = Heartbeat(sequence: heartbeat.sequence, isReply: true, epoch: layout.epoch)
            effects.append(.send(.heartbeat(reply), to: member))
        }
        if heartbeat.epoch > layout.epoch { askForLayout(of: member, &effects) }
    }

    /// Works out a peer's state from its connection and its silence.
    private mutating func judge(_ member: MemberNumber, _ now: Now, _ effects: inout Effects) {
        guard var peer = peers[member] else { return }
        let silence = peer.lastHeard.map { now.monotonic - $0 }
        let state: PeerState =
            switch silence {
            case nil: .dead
            case let silence? where silence >= settings.deadAfter: .dead
            case let silence? where !peer.isConnected || silence >= settings.suspectAfter: .suspect
            default: .alive
            }
        guard state != peer.state else { return }
        peer.state = state
        peer.since = now.monotonic
        peers[member] = peer
        effects.append(.note(.peerState(member, state)))
    }
}
