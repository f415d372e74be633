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

    /// What is remembered of the merges of a key here, the newest first. O(all that is remembered).
    public func rememberedMerges(of key: ObjectKey) -> [RememberedMerge] { mergeMemory.merges(of: key) }
}
