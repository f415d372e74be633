// The specification of maps: a field is what its own type's specification makes of that part of the history which
// concerns it. An update of the field is an operation there; a removal of it, or of a map around it, is a delete there.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes
import NIOCore

/// A type with its specification, without its static types.
private struct FieldModel {
    let type: String
    let random: @Sendable (inout SeededGenerator) -> ByteBuffer
    let value: @Sendable (Past<ByteBuffer>) throws -> ByteBuffer?

    init<T: Lawful>(_ type: T.Type) {
        self.type = type.name
        random = { T.randomOperation(using: &$0, among: []).canonicalBytes() }
        value = { past in
            let decoded = try past.map { events in
                try events.map { event in
                    let deed: PastEvent<T.Operation>.Deed =
                        switch event.deed {
                        case .operation(let bytes): .operation(try T.Operation(decoding: bytes, as: "an operation"))
                        case .delete: .delete
                        case .fold: .fold
                        }
                    return PastEvent(
                        number: event.number, deed: deed, minter: event.minter, dot: event.dot, id: event.id,
                        now: event.now, seen: event.seen, observed: event.observed, hasContext: event.hasContext)
                }
            }
            return try T.expected(after: decoded)?.canonicalBytes()
        }
    }

    static let all = [
        FieldModel(ReplicatedCounter.self), FieldModel(ReplicatedSet.self), FieldModel(ReplicatedRegister.self),
        FieldModel(ReplicatedFlag.self), FieldModel(ReplicatedMaximum.self),
    ]
}

extension MapOf: Lawful where Fields == ReplicatedFields {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> MapOperation { randomOperation(using: &random, depth: 0) }

    private static func randomOperation(using random: inout SeededGenerator, depth: Int) -> MapOperation {
        func name(_ random: inout SeededGenerator) -> ByteBuffer { ByteBuffer(string: ["k", "l"][random.below(2)]) }
        var (removes, updates): ([Field], [MapOperation.Update]) = ([], [])
        let count = 1 + random.below(2)
        for _ in 0 ..< count {
            let isMap = depth < 2 && random.chance(1, in: 4)
            let model = FieldModel.all[random.below(FieldModel.all.count)]
            let field = Field(name(&random), type: isMap ? Self.name : model.type)
            if random.chance(1, in: 3) {
                removes.append(field)
            } else {
                let operation =
                    isMap
                    ? randomOperation(using: &random, depth: depth + 1).canonicalBytes() : model.random(&random)
                updates.append(MapOperation.Update(field, operation))
            }
        }
        return MapOperation(removes: removes, updates: updates)
    }

    public static func expected(after past: Past<MapOperation>) throws -> MapValue? {
        var paths: Set<[Field]> = []
        var deeds: [Int: FlatDeeds] = [:]
        for (event, operation) in past.whole.operations {
            var flat = FlatDeeds()
            try flat.flatten(operation, at: [])
            paths.formUnion(flat.updates.map(\.path))
            deeds[event.number] = flat
        }
        var leaves: [(path: [Field], value: ByteBuffer)] = []
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let part = past.map { $0.flatMap { $0.seenFrom(path, deeds[$0.number] ?? FlatDeeds()) } }
            guard let type = path.last?.type, let model = FieldModel.all.first(where: { $0.type == type }),
                try isThere(part, type), let value = try model.value(part)
            else { continue }
            leaves.append((path, value))
        }
        return tree(leaves[...], at: 0)
    }

    /// A field is there while something of it is live: whether its value is that of nothing does not tell (a counter may
    /// have come back to zero).
    private static func isThere(_ past: Past<ByteBuffer>, _ type: String) throws -> Bool {
        func has<T: Lawful>(_ type: T.Type, other nothing: T.Value) throws -> Bool {
            try FieldModel(type).value(past) != nothing.canonicalBytes()
        }
        switch type {
        case ReplicatedCounter.name:
            let adds = past.operations.filter { $0.operation.readableBytesView.first == 1 }
            let resets = past.operations.filter { $0.operation.readableBytesView.first == 2 }
            return adds.contains { addition in
                !past.isDeleted(addition.event)
                    && !resets.contains { $0.event.observed.contains(addition.event.number) }
            }
        case ReplicatedSet.name: return try has(ReplicatedSet.self, other: [])
        case ReplicatedFlag.name: return try has(ReplicatedFlag.self, other: false)
        case ReplicatedRegister.name: return try has(ReplicatedRegister.self, other: nil)
        case ReplicatedMaximum.name: return try has(ReplicatedMaximum.self, other: nil)
        default: return false
        }
    }

    private static func tree(_ leaves: ArraySlice<(path: [Field], value: ByteBuffer)>, at depth: Int) -> MapValue {
        var entries: [MapValue.Entry] = []
        var rest = leaves
        while let first = rest.first {
            let same = rest.prefix { $0.path[depth] == first.path[depth] }
            rest = rest.dropFirst(same.count)
            let value = first.path.count == depth + 1 ? first.value : tree(same, at: depth + 1).canonicalBytes()
            entries.append(MapValue.Entry(first.path[depth], value))
        }
        return MapValue(entries)
    }
}

/// What one operation does, each part with its path from the root.
private struct FlatDeeds {
    var removes: [[Field]] = []
    var updates: [(path: [Field], operation: ByteBuffer)] = []

    mutating func flatten(_ operation: MapOperation, at path: [Field]) throws {
        removes += operation.removes.map { path + [$0] }
        for update in operation.updates {
            if update.field.type == ReplicatedMap.name {
                let nested = try MapOperation(decoding: update.operation, as: "a nested operation")
                try flatten(nested, at: path + [update.field])
            } else {
                updates.append((path + [update.field], update.operation))
            }
        }
    }
}

extension PastEvent<MapOperation> {
    /// The event's part at a path, as one of that path alone: perhaps a delete, perhaps an operation behind it. Numbers
    /// are doubled to have room for both.
    fileprivate func seenFrom(_ path: [Field], _ deeds: FlatDeeds) -> [PastEvent<ByteBuffer>] {
        var parts: [PastEvent<ByteBuffer>] = []
        func part(_ number: Int, _ deed: PastEvent<ByteBuffer>.Deed, _ seen: EventSet, _ observed: EventSet) {
            parts.append(
                PastEvent<ByteBuffer>(
                    number: number, deed: deed, minter: minter, dot: dot, id: id, now: now, seen: seen,
                    observed: observed, hasContext: hasContext))
        }
        let (seen, observed) = (seen.doubled, observed.doubled)
        var isDelete = deeds.removes.contains { path.starts(with: $0) }
        if case .delete = deed { isDelete = true }
        if isDelete { part(2 * number, .delete, seen, observed) }
        for update in deeds.updates where update.path == path {
            var after = seen
            if isDelete { after.insert(2 * number) }
            part(2 * number + 1, .operation(update.operation), after, observed)
        }
        return parts
    }
}
