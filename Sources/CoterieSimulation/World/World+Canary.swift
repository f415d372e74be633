// Where the planted bugs sit: between the machine's effects and what the world makes of them.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore

extension World {
    /// A message as the canary sends it.
    @inline(__always)
    func spoiled(_ message: Message) -> Message {
        guard plan.canary == .droppedSibling, case .store(var store) = message else { return message }
        guard var object = try? CausalObject(decoding: store.object), object.siblings.count > 1,
            canaryDraws.chance(1, in: 8), let victim = object.siblings.first?.dot
        else { return message }
        object.retain { $0.dot != victim }
        store.object = object.encoded()
        statistics.canaries += 1
        return .store(store)
    }

    /// A store as the canary opens it.
    func forget(_ engine: LogEngine) {
        guard plan.canary == .forgottenHints else { return }
        for group in engine.groups where group.n == 0 {
            let keys = engine.keys(in: group, from: ByteBuffer(), limit: engine.count(in: group))
            let removals = keys.map { Change(group: group, key: $0, action: .remove) }
            if (try? engine.apply(Batch(removals))) != nil { statistics.canaries += removals.count }
        }
    }

    /// Disk work as the canary performs it.
    @inline(__always)
    func broken(_ work: DiskWork) -> DiskWork {
        guard plan.canary == .skippedFsync, work.lane == .write else { return work }
        let kept = work.steps.filter { if case .fsync = $0 { false } else { true } }
        statistics.canaries += work.steps.count - kept.count
        return DiskWork(id: work.id, lane: work.lane, steps: kept)
    }

    /// Hands a member's message to the machine, or does with it what the canary does.
    @inline(__always)
    func receive(_ message: consuming Message, from member: MemberNumber, at node: SimulatedNode) {
        if let canary = plan.canary, spoils(message, from: member, at: node, canary) {
            statistics.canaries += 1
        } else {
            feed(node, .peer(message, from: member))
        }
    }

    private func spoils(
        _ message: Message, from member: MemberNumber, at node: SimulatedNode, _ canary: Canary
    ) -> Bool {
        switch (canary, message) {
        case (.inventedAcknowledgement, .store(let store)) where store.exchange != 0:
            guard canaryDraws.chance(1, in: 8) else { return false }
            let reply = StoreReply(exchange: store.exchange, epoch: store.epoch, status: .stored(durable: true))
            return sendBack(.storeReply(reply), to: member, from: node)
        case (.swallowedHint, .store(let store))
        where store.exchange != 0 && store.event == nil && store.hintFor == nil:
            let reply = StoreReply(exchange: store.exchange, epoch: store.epoch, status: .stored(durable: true))
            return sendBack(.storeReply(reply), to: member, from: node)
        case (.forgottenRead, .fetch(let fetch)):
            guard canaryDraws.chance(1, in: 8) else { return false }
            let reply = FetchReply(exchange: fetch.exchange, epoch: fetch.epoch, status: .absent)
            return sendBack(.fetchReply(reply), to: member, from: node)
        default: return false
        }
    }

    private func sendBack(_ message: Message, to member: MemberNumber, from node: SimulatedNode) -> Bool {
        let isSent = send(message, from: node, to: memberIndex(member))
        flush(node)
        return isSent
    }

    /// Hands a client's message to the machine; the canary may have it done twice.
    @inline(__always)
    func receive(_ message: consuming Message, over token: ConnectionToken, at node: SimulatedNode) {
        let again = plan.canary == .doubledWrite ? repeated(message) : nil
        feed(node, .connection(message, from: token))
        guard let again else { return }
        statistics.canaries += 1
        feed(node, .connection(again, from: token))
    }

    private func repeated(_ message: Message) -> Message? {
        guard case .request(var request) = message, request.request.operation.isWrite, canaryDraws.chance(1, in: 8)
        else { return nil }
        request.id.sequence |= 1 << 63
        return .request(request)
    }
}
