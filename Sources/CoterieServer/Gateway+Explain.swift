// The own replica of a key, for `/admin/explain`.

import CoterieHTTP
import CoteriePrimitives
import CoterieReplication
import CoterieWire
import NIOCore

extension Gateway {
    func replica(of key: ObjectKey) async -> ReplicaView {
        await withCheckedContinuation { done in
            core.eventLoop.execute {
                core.inspect(key) { reply in
                    let merges = core.rememberedMerges(of: key).map { ReplicaView.Merge($0, at: core.instant) }
                    let view: ReplicaView =
                        switch reply.result {
                        case .object(let object): ReplicaView(object: .success(object), merges: merges)
                        case .failed(let failure): ReplicaView(object: .failure(failure), merges: merges)
                        case .stored:
                            ReplicaView(object: .failure(Failure(.internalError, "a write was answered")))
                        }
                    done.resume(returning: view)
                }
            }
        }
    }
}

extension ReplicaView.Merge {
    fileprivate init(_ merge: RememberedMerge, at now: Instant) {
        self.init(
            ago: max(.zero, now - merge.at), from: merge.from, event: merge.event, arrived: merge.arrived,
            replaced: merge.replaced, discarded: merge.discarded, stayed: merge.stayed)
    }
}
