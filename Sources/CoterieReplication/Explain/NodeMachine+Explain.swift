// What the own replica holds of one key, told as it is: no quorum, no repair, no other replica. For `coterie explain`.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension NodeMachine {
    /// Answers with the own record: an object, empty where there is none.
    mutating func inspect(_ key: ObjectKey, for token: ReplyToken, _ now: Now, _ effects: inout Effects) {
        guard let type = layout.bucketType(named: key.type) else {
            let known = layout.bucketTypes.map(\.name).joined(separator: ", ")
            let text = "there is no bucket type \"\(String(buffer: key.type))\"; there are: \(known)"
            return inspected(.failed(Failure(.unknownBucketType, text)), for: token, &effects)
        }
        let group = layout.group(for: key, n: type.n)
        guard layout.isOwner(me, of: group) else {
            return inspected(.failed(Failure(.notOwner, "this node owns no slot of the key")), for: token, &effects)
        }
        guard service == .serving else {
            let text = "the replica is not in sync: it is refilled"
            return inspected(.failed(Failure(.notInSync, text)), for: token, &effects)
        }
        inspectLoaded(engine.get(group, key.bytes), group, key, for: token, &effects)
    }

    /// The record, now or when the disk has answered.
    mutating func inspectLoaded(
        _ result: ReadResult, _ group: Group, _ key: ObjectKey, for token: ReplyToken, _ effects: inout Effects
    ) {
        switch interpret(result, key, &effects) {
        case .pending(let ticket): loads.insert(.inspect(token), group, key, ticket)
        case .object(let object): inspected(.object(object), for: token, &effects)
        case .absent: inspected(.object(CausalObject()), for: token, &effects)
        case .corrupt:
            inspected(.failed(Failure(.corrupt, "the record of the key is lost here")), for: token, &effects)
        }
    }

    private func inspected(_ result: ClientResult, for token: ReplyToken, _ effects: inout Effects) {
        effects.append(
            .reply(token, ClientReply(result: result, receipt: Receipt(coordinator: me, epoch: layout.epoch))))
    }

    /// Remembers a write that was minted here, where the objects do not tell by themselves what it did: one that stays
    /// beside values or brings several together, and an update that only took away.
    mutating func remember(
        _ event: Store.Event, of coordination: Coordination, over local: CausalObject, written: CausalObject, _ now: Now
    ) {
        guard mergeMemory.isOn, !local.siblings.isEmpty else { return }
        let isTelling =
            if case .typed = coordination.plan.rule {
                !written.holds(event.dot)
            } else {
                max(written.siblings.count, local.siblings.count) > 1
            }
        guard isTelling else { return }
        mergeMemory.remember(
            RememberedMerge(
                of: coordination.request.key, at: now.monotonic, event: event.dot, own: local, written: written))
    }

    /// What is remembered of the merges of a key here, the newest first. O(all that is remembered).
    public func rememberedMerges(of key: ObjectKey) -> [RememberedMerge] { mergeMemory.merges(of: key) }
}
