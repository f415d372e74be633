// What a session remembers of the answers that it got.

import CoterieCausality
import CoterieWire

/// The contexts that a session holds, by the place of their keys.
public struct SessionMemory: Sendable {
    /// What its last read of the key showed. Only this may be replaced by its writes.
    public private(set) var contexts: [VersionVector?]
    /// All that it was told, which its reads may ask for.
    public private(set) var floors: [VersionVector]

    public init(keys: Int) {
        contexts = Array(repeating: nil, count: keys)
        floors = Array(repeating: VersionVector(), count: keys)
    }

    /// An answer about a key; one that failed tells nothing.
    public mutating func learn(_ result: ClientResult, of key: Int) {
        switch result {
        case .object(let object):
            contexts[key] = object.context
            floors[key].merge(object.context)
        case .stored(let context, let object):
            // Without the object the context covers siblings that the session has not seen: no write may replace those.
            if object != nil { contexts[key] = context }
            floors[key].merge(context)
        case .failed: break
        }
    }

    public mutating func forget() { self = SessionMemory(keys: contexts.count) }
}
