// Since when a node has, or lacks, what the other owners have told of; since when it serves or does not. Looked at by
// people: nothing is decided by it.

import CoterieCausality
import CoteriePrimitives
import CoterieRing

/// What is noted for the status, at ticks, so that it costs requests nothing.
struct SyncWatch {
    /// When this node last had all that this member had told it, and saw it alive.
    private(set) var inSync: [MemberNumber: Instant] = [:]
    /// Since when it has lacked something that this member has.
    private(set) var lacking: [MemberNumber: Instant] = [:]
    /// Members that were there at the last tick: who has just come has not told all yet.
    private var there: Set<MemberNumber> = []

    private(set) var service = Service.starting
    /// Since when `service` is so.
    private(set) var serviceSince: Instant?
    /// Since when the store refuses writes.
    private(set) var readOnlySince: Instant?
    /// Since when there is something to be refilled.
    private(set) var refillSince: Instant?
    /// Since when deletes wait for owners, the next round for members, and lost records for the other owners: as of the
    /// ticks of anti-entropy.
    private(set) var deletesSince: Instant?
    private(set) var roundSince: Instant?
    private(set) var lossSince: Instant?

    /// A tick of anti-entropy is done.
    /// - Parameter lacked: members that have told of what is lacked here.
    mutating func look(at members: [(member: MemberNumber, isThere: Bool)], lacked: Set<MemberNumber>, _ now: Instant) {
        var there: Set<MemberNumber> = []
        for (member, isThere) in members {
            if isThere { there.insert(member) }
            if lacked.contains(member) {
                if lacking[member] == nil { lacking[member] = now }
            } else {
                lacking[member] = nil
                if isThere, self.there.contains(member) { inSync[member] = now }
            }
        }
        self.there = there
    }

    /// An event loop's tick is over.
    @inline(__always)
    mutating func look(at current: Service, isReadOnly: Bool, isRefilling: Bool, _ now: Instant) {
        if serviceSince == nil || current != service {
            service = current
            serviceSince = now
        }
        if isReadOnly != (readOnlySince != nil) { readOnlySince = isReadOnly ? now : nil }
        if isRefilling != (refillSince != nil) { refillSince = isRefilling ? now : nil }
    }

    /// Of the ticks of anti-entropy, too: whether deletes, a round and lost records wait.
    mutating func look(deletesWait: Bool, roundWaits: Bool, recordsAreLost: Bool, _ now: Instant) {
        deletesSince = deletesWait ? deletesSince ?? now : nil
        roundSince = roundWaits ? roundSince ?? now : nil
        lossSince = recordsAreLost ? lossSince ?? now : nil
    }
}

extension NodeMachine {
    /// Notes at the end of a tick of anti-entropy how this node stands to the others.
    mutating func watchExchange(_ now: Now) {
        var lacked: Set<MemberNumber> = []
        for clocks in exchanges.settled.values { lacked.formUnion(clocks.keys) }
        let members = peers.keys.sorted().map { member in
            (member, peers[member].map { $0.isConnected && $0.isAlive } ?? false)
        }
        watch.look(at: members, lacked: lacked, now.monotonic)
        watch.look(
            deletesWait: !markers.waiting.isEmpty, roundWaits: roundWaits, recordsAreLost: !corruptKeys.isEmpty,
            now.monotonic)
    }
}
