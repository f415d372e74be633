// What each replica holds of each key, remembered between the looks of the end of a run: there are hundreds of looks, and
// between two of them hardly anything changes.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import NIOCore

/// The objects that were read, by node and key, each with the state of the store that it was read from.
struct HeldObjects {
    struct Held {
        let life: UInt32
        let appliedBytes: UInt64
        let bytes: ByteBuffer?
        var object: CausalObject?
    }

    /// Where a key belongs.
    struct Place {
        let group: Group
        let type: BucketType
        let owners: [SimulatedNode]
    }

    private var byNode: [[Held?]]
    private var places: [Place?] = []

    init(nodes: Int) { byNode = Array(repeating: [], count: nodes) }

    /// What was read of a key, if the store has taken nothing since.
    func known(_ key: Int, at node: SimulatedNode, _ engine: LogEngine) -> Held? {
        guard key < byNode[node.index].count, let held = byNode[node.index][key], held.life == node.life,
            held.appliedBytes == engine.appliedBytes
        else { return nil }
        return held
    }

    mutating func note(_ held: Held, _ key: Int, at node: SimulatedNode) {
        let missing = key + 1 - byNode[node.index].count
        if missing > 0 { byNode[node.index].append(contentsOf: repeatElement(nil, count: missing)) }
        byNode[node.index][key] = held
    }

    /// Where a key belongs, worked out once.
    mutating func place(of key: Int, _ make: () -> Place?) -> Place? {
        if key < places.count, let place = places[key] { return place }
        let missing = key + 1 - places.count
        if missing > 0 { places.append(contentsOf: repeatElement(nil, count: missing)) }
        places[key] = make()
        return places[key]
    }
}

extension World {
    /// Where the key belongs; nil where the layout has no such bucket type.
    func place(of key: Int) -> HeldObjects.Place? {
        held.place(of: key) {
            guard let type = layout.bucketType(named: keys[key].type) else { return nil }
            let group = layout.group(for: keys[key], n: type.n)
            return HeldObjects.Place(
                group: group, type: type, owners: layout.preferenceList(for: group).primaries.compactMap { node($0) })
        }
    }

    func owners(of key: Int) -> [SimulatedNode] { place(of: key)?.owners ?? [] }

    /// A replica's bytes for a key; `.some(nil)`: none; nil: they cannot be read now.
    func stored(_ key: Int, at node: SimulatedNode) -> ByteBuffer?? {
        guard let engine = node.engine, let place = place(of: key) else { return nil }
        if let known = held.known(key, at: node, engine) { return .some(known.bytes) }
        let bytes: ByteBuffer?
        switch engine.get(place.group, keys[key].bytes) {
        case .found(let found): bytes = found
        case .absent: bytes = nil
        case .corrupt, .pending: return nil
        }
        // Before the faults are over a record may still rot.
        if stage == .converging {
            held.note(
                HeldObjects.Held(life: node.life, appliedBytes: engine.appliedBytes, bytes: bytes), key, at: node)
        }
        return .some(bytes)
    }

    /// A replica's object; the empty one where it has none, or none that can be read now.
    func object(_ key: Int, at node: SimulatedNode) -> CausalObject {
        guard case .some(.some(let bytes)) = stored(key, at: node) else { return CausalObject() }
        var known = node.engine.flatMap { held.known(key, at: node, $0) }
        if let object = known?.object { return object }
        let object = (try? CausalObject(decoding: bytes)) ?? CausalObject()
        known?.object = object
        if let known { held.note(known, key, at: node) }
        return object
    }
}
