// Operations on keys of replicated types. What laws judge by its values (counters, sets of unique elements) is only changed
// in ways that they understand; the others take every operation that they have.

import CoterieCausality
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieTypes
import CoterieWire
import NIOCore

extension RequestSource {
    /// What a draw is for.
    enum Intent {
        /// On what the owner holds, or on what the session saw.
        case change(VersionVector?)
        /// Takes away what the session saw.
        case takeAway(VersionVector?)
    }

    /// An operation of a type, and on which context.
    func operation(
        of kind: TypeKind, on key: Int, _ intent: Intent, _ memory: SessionMemory, _ draws: inout SeededGenerator,
        fresh: Fresh
    ) -> CoterieWire.Operation {
        switch (kind, intent) {
        case (.counter, .change(let context)): return addition(Int64(draws.below(9)), context, &draws, fresh)
        case (.counter, .takeAway(let context)): return addition(-1 - Int64(draws.below(5)), context, &draws, fresh)
        // Which rights a minter has does not depend on what the client saw.
        case (.bcounter, .change): return update(BoundedCounterOperation.add(1 + Int64(draws.below(5))), nil)
        case (.bcounter, .takeAway): return update(BoundedCounterOperation.take(1 + Int64(draws.below(3))), nil)
        case (.set, .takeAway(let context?)):
            guard let element = draws.pick(memory.elements[key]) else { break }
            return update(SetOperation.remove(element), context)
        case (.map, _): return update(mapOperation(intent, &draws, fresh), intent.context)
        case (.flag, .takeAway(let context)): return update(false, context)
        case (_, .takeAway(let context)) where ![.set, .gset].contains(kind):
            return .delete(context: context, condition: nil)
        default: break
        }
        return addition(to: kind, intent.context, &draws, fresh)
    }

    private func addition(
        to kind: TypeKind, _ context: VersionVector?, _ draws: inout SeededGenerator, _ fresh: Fresh
    ) -> CoterieWire.Operation {
        let number = fresh().rawValue
        let element = ByteBuffer(string: "\(number)")
        switch kind {
        case .set: return update(SetOperation.add(element), context)
        case .flag: return update(true, context)
        case .register: return update(element, context)
        case .max, .min: return update(Int64(draws.below(1_000)), context, id(number, &draws))
        default: return update(ElementList(element), context, id(number, &draws))
        }
    }

    private func addition(
        _ amount: Int64, _ context: VersionVector?, _ draws: inout SeededGenerator, _ fresh: Fresh
    ) -> CoterieWire.Operation {
        update(CounterOperation.add(amount), context, id(fresh().rawValue, &draws))
    }

    /// Several fields at once: a run of dots.
    private func mapOperation(
        _ intent: Intent, _ draws: inout SeededGenerator, _ fresh: Fresh
    ) -> MapOperation {
        let fields = [
            Field("count", ReplicatedCounter.self), Field("name", ReplicatedRegister.self),
            Field("tags", ReplicatedSet.self), Field("more", ReplicatedMap.self),
        ]
        if case .takeAway = intent { return MapOperation(removes: [fields[draws.below(fields.count)]]) }
        let element = ByteBuffer(string: "\(fresh().rawValue)")
        let changes = [
            CounterOperation.add(Int64(draws.below(5))).canonicalBytes(), element.canonicalBytes(),
            SetOperation.add(element).canonicalBytes(),
            MapOperation.update("count", ReplicatedCounter.self, .add(1)).canonicalBytes(),
        ]
        let updates = zip(fields, changes).map { MapOperation.Update($0, $1) }
        return MapOperation(updates: updates.filter { _ in draws.chance(1, in: 2) })
    }

    private func id(_ number: UInt64, _ draws: inout SeededGenerator) -> OperationID? {
        draws.chance(7, in: 8) ? OperationID(client: 1, number: number) : nil
    }

    private func update(
        _ operation: some Canonical, _ context: VersionVector?, _ id: OperationID? = nil
    ) -> CoterieWire.Operation {
        .update(operation.canonicalBytes(), context: context, id: id)
    }
}

extension RequestSource.Intent {
    fileprivate var context: VersionVector? {
        switch self {
        case .change(let context), .takeAway(let context): context
        }
    }
}
