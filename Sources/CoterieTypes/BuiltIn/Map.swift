// A map of fields that are replicated types themselves, maps among them.
//
// It is flat: each live dot is one payload of one field's type, with the path of fields that leads there. A nested map is
// a longer path. The type of a field sees of the object what its path leads to, and everything that holds for it alone
// holds within a map. To remove a field is to drop the live dots whose paths begin with it that were observed: what was
// written to it concurrently stays, and nothing else of it (INV 9). A field is there while anything below it is live.

import CoterieCausality
import CoteriePrimitives
import NIOCore

/// The types that a map's fields may have, beside maps.
public protocol FieldTypes: Sendable {
    static var types: [AnyReplicatedType] { get }
    /// The name of the map's own type, and of its fields that are maps; "map" unless said otherwise. A map of other fields
    /// that is registered beside the built-in one has a name of its own.
    static var mapName: String { get }
}

extension FieldTypes {
    public static var mapName: String { "map" }
}

/// The built-in types that are of use within a map.
public enum ReplicatedFields: FieldTypes {
    public static let types = [
        AnyReplicatedType(ReplicatedCounter.self), AnyReplicatedType(ReplicatedSet.self),
        AnyReplicatedType(GrowOnlySet.self), AnyReplicatedType(ReplicatedRegister.self),
        AnyReplicatedType(ReplicatedFlag.self), AnyReplicatedType(ReplicatedMaximum.self),
        AnyReplicatedType(ReplicatedMinimum.self), AnyReplicatedType(DistinctCount.self),
    ]
}

/// The map with the built-in types.
public typealias ReplicatedMap = MapOf<ReplicatedFields>

/// A map whose fields have the types of `Fields`, or are maps of the same kind.
public enum MapOf<Fields: FieldTypes>: ReplicatedType {
    public static var name: String { Fields.mapName }

    /// How many fields a path may have.
    public static var maximumDepth: Int { 16 }

    public static func apply(
        _ operation: MapOperation, to object: CausalObject, _ occasion: Occasion
    ) throws(TypeFault) -> TypeChange {
        var writer = try MapWriter<Fields>(object, occasion)
        try writer.perform(operation, at: [])
        return writer.change
    }

    public static func value(of object: CausalObject) throws(TypeFault) -> MapValue {
        try value(of: try MapLeaf.leaves(of: object, name)[...], at: 0, in: object)
    }

    @discardableResult
    public static func settle(_ object: inout CausalObject) -> Int {
        guard let leaves = try? MapLeaf.leaves(of: object, name) else { return 0 }
        var discarded = 0
        var superfluous: Set<Dot> = []
        for field in MapLeaf.fields(of: leaves[...], at: .max) {
            guard let first = field.first, let type = try? type(of: first.path, nested: false) else { continue }
            let before = MapLeaf.object(field, in: object)
            var after = before
            discarded += type.settle(&after)
            for sibling in before.siblings where !after.holds(sibling.dot) { superfluous.insert(sibling.dot) }
        }
        if !superfluous.isEmpty { object.retain { !superfluous.contains($0.dot) } }
        return discarded
    }

    public static func fold(
        _ object: CausalObject, by minter: ReplicaID, where isSettled: (Dot) -> Bool
    ) throws(TypeFault) -> TypeChange? {
        var whole = TypeChange()
        for field in MapLeaf.fields(of: try MapLeaf.leaves(of: object, name)[...], at: .max) {
            guard let path = field.first?.path else { continue }
            let part = MapLeaf.object(field, in: object)
            guard let change = try type(of: path, nested: false).fold(part, by: minter, where: isSettled) else {
                continue
            }
            whole.drops += change.drops
            whole.payloads += change.payloads.map { MapLeaf.payload($0, at: path) }
        }
        return whole.drops.isEmpty ? nil : whole
    }

    /// The value of leaves whose paths agree up to `depth`.
    private static func value(
        of leaves: ArraySlice<MapLeaf>, at depth: Int, in object: CausalObject
    ) throws(TypeFault) -> MapValue {
        var entries: [MapValue.Entry] = []
        for field in MapLeaf.fields(of: leaves, at: depth) {
            guard let path = field.first?.path else { continue }
            let value =
                path[depth].type == name
                ? try value(of: field, at: depth + 1, in: object).canonicalBytes()
                : try type(of: path, nested: false).value(of: MapLeaf.object(field, in: object))
            entries.append(MapValue.Entry(path[depth], value))
        }
        return MapValue(entries)
    }

    /// The type at the end of a path of maps.
    fileprivate static func type(of path: [Field], nested: Bool) throws(TypeFault) -> AnyReplicatedType {
        guard path.count <= maximumDepth else {
            throw .refused("a path of \(path.count) fields; at most \(maximumDepth) are allowed")
        }
        let wanted = path.last?.type ?? ""
        guard let type = Fields.types.first(where: { $0.name == wanted }) else {
            throw .unknownType(wanted, known: (Fields.types.map(\.name) + [name]).sorted())
        }
        return type
    }
}

/// One operation on a map, on its way down the fields.
private struct MapWriter<Fields: FieldTypes> {
    let object: CausalObject
    let occasion: Occasion
    /// Of what is live, that which the operation has not dropped.
    var leaves: [MapLeaf]
    var change = TypeChange()

    init(_ object: CausalObject, _ occasion: Occasion) throws(TypeFault) {
        self.object = object
        self.occasion = occasion
        leaves = try MapLeaf.leaves(of: object, MapOf<Fields>.name)
    }

    mutating func perform(_ operation: MapOperation, at path: [Field]) throws(TypeFault) {
        for field in operation.removes {
            let removed = path + [field]
            let occasion = occasion
            drop(leaves.filter { $0.path.starts(with: removed) && occasion.acts(on: $0.dot) }.map(\.dot))
        }
        for update in operation.updates where !change.isRepeat {
            let updated = path + [update.field]
            if update.field.type == MapOf<Fields>.name {
                guard updated.count < MapOf<Fields>.maximumDepth else {
                    throw .refused("maps within maps: at most \(MapOf<Fields>.maximumDepth) fields make a path")
                }
                let what = "the operation on the map \(update.field)"
                try perform(MapOperation(decoding: update.operation, as: what), at: updated)
            } else {
                try perform(update.operation, of: try MapOf<Fields>.type(of: updated, nested: true), at: updated)
            }
        }
    }

    private mutating func perform(
        _ operation: ByteBuffer, of type: AnyReplicatedType, at path: [Field]
    ) throws(TypeFault) {
        let part = MapLeaf.object(leaves.filter { $0.path == path }[...], in: object)
        let change = try type.apply(operation, to: part, occasion)
        // A part that was applied before was applied with all the others.
        if change.isRepeat {
            self.change = .repeated
            return
        }
        drop(change.drops)
        self.change.payloads += change.payloads.map { MapLeaf.payload($0, at: path) }
    }

    private mutating func drop(_ dots: [Dot]) {
        if dots.isEmpty { return }
        change.drops += dots
        leaves.removeAll { dots.contains($0.dot) }
    }
}

/// One live dot of a map: where it leads, and the payload of the type there.
private struct MapLeaf {
    let dot: Dot
    let path: [Field]
    let payload: ByteBuffer

    /// All leaves, by path, then by dot. `mapName` is the type of all fields on the way.
    static func leaves(of object: CausalObject, _ mapName: String) throws(TypeFault) -> [MapLeaf] {
        var leaves: [MapLeaf] = []
        leaves.reserveCapacity(object.siblings.count)
        for sibling in object.siblings {
            var reader = TypeReader(sibling.payload, of: "a payload of the type map")
            try reader.version(newest: 1)
            let path = try [Field](from: &reader)
            // Maps on the way, and something else at its end.
            guard let end = path.last, end.type != mapName, path.dropLast().allSatisfy({ $0.type == mapName }) else {
                throw reader.fault("the path does not lead through maps to something else")
            }
            leaves.append(MapLeaf(dot: sibling.dot, path: path, payload: reader.rest()))
        }
        return leaves.sorted { a, b in
            a.path == b.path ? a.dot < b.dot : a.path.lexicographicallyPrecedes(b.path)
        }
    }

    static func payload(_ payload: ByteBuffer, at path: [Field]) -> ByteBuffer {
        var out = ByteBuffer(integer: 1 as UInt8)
        path.append(to: &out)
        out.writeImmutableBuffer(payload)
        return out
    }

    /// Sorted leaves in parts with equal fields up to and with the one at `depth`; with all fields equal where paths are
    /// not as long as that.
    static func fields(of leaves: ArraySlice<MapLeaf>, at depth: Int) -> [ArraySlice<MapLeaf>] {
        leaves.parts { depth == .max ? $0.path == $1.path : $0.path[depth] == $1.path[depth] }
    }

    /// What the type at the end of these leaves' path sees.
    static func object(_ leaves: ArraySlice<MapLeaf>, in object: CausalObject) -> CausalObject {
        let payloads = Dictionary(uniqueKeysWithValues: leaves.map { ($0.dot, $0.payload) })
        return object.part { payloads[$0.dot] }
    }
}

extension ArraySlice {
    /// Runs of neighbours that belong together.
    fileprivate func parts(_ belongTogether: (Element, Element) -> Bool) -> [ArraySlice] {
        var parts: [ArraySlice] = []
        var start = startIndex
        for position in indices.dropFirst() where !belongTogether(self[position - 1], self[position]) {
            parts.append(self[start ..< position])
            start = position
        }
        if start < endIndex { parts.append(self[start...]) }
        return parts
    }
}
