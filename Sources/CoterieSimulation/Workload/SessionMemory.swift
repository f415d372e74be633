// What a session remembers of the answers that it got.

import CoterieCausality
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

/// The contexts that a session holds, by the place of their keys.
public struct SessionMemory: Sendable {
    /// What its last read of the key showed. Only this may be replaced by its writes.
    public private(set) var contexts: [VersionVector?]
    /// All that it was told, which its reads may ask for.
    public private(set) var floors: [VersionVector]
    /// The elements that its last read of a set showed.
    public private(set) var elements: [[ByteBuffer]]

    public init(keys: Int) {
        contexts = Array(repeating: nil, count: keys)
        floors = Array(repeating: VersionVector(), count: keys)
        elements = Array(repeating: [], count: keys)
    }

    /// An answer about a key of a type; one that failed tells nothing.
    public mutating func learn(_ result: ClientResult, of key: Int, _ kind: TypeKind) {
        switch result {
        case .object(let object):
            contexts[key] = object.context
            if kind == .set { elements[key] = (try? ReplicatedSet.value(of: object)) ?? [] }
            floors[key].merge(object.context)
        case .stored(let context, let object):
            // Without the object the context covers siblings that the session has not seen: no write may replace those.
            if object != nil { contexts[key] = context }
            if kind == .set, let object { elements[key] = (try? ReplicatedSet.value(of: object)) ?? [] }
            floors[key].merge(context)
        case .failed: break
        }
    }

    public mutating func forget() { self = SessionMemory(keys: contexts.count) }
}
