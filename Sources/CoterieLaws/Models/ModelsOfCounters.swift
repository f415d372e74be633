// The specifications of counters, and what their operations are drawn from.

import CoterieCausality
import CoteriePrimitives
import CoterieTypes

extension ReplicatedCounter: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> CounterOperation {
        if random.chance(1, in: 8) { return .reset }
        return .add(random.chance(1, in: 40) ? .max : Int64(random.below(9)) - 3)
    }

    /// The sum of all additions by operation, each once, of which an application was observed by no reset and no delete.
    public static func expected(after past: Past<CounterOperation>) throws -> Int64? {
        var sum: Int128 = 0
        var counted: Set<OperationID> = []
        for (addition, operation) in past.operations {
            guard case .add(let amount) = operation, !past.isDeleted(addition) else { continue }
            let isReset = past.operations.contains {
                $0.operation == .reset && $0.event.observed.contains(addition.number)
            }
            if !isReset, addition.id.map({ counted.insert($0).inserted }) ?? true { sum += Int128(amount) }
        }
        return Int64(clamping: sum)
    }
}

extension BoundedCounter: Lawful {
    public static func randomOperation(
        using random: inout SeededGenerator, among replicas: [ReplicaID]
    ) -> BoundedCounterOperation {
        let amount = Int64(1 + random.below(4))
        return switch random.below(6) {
        case 0 ..< 2: .add(amount + 2)
        case 2 ..< 4: .take(amount)
        default: .give(amount, to: replicas[random.below(replicas.count)])
        }
    }

    /// Each operation moves rights: to its minter, away from it, from it to another.
    public static func expected(after past: Past<BoundedCounterOperation>) throws -> BoundedCounterValue? {
        var rights: [ReplicaID: Int64] = [:]
        for (event, operation) in past.operations {
            switch operation {
            case .add(let amount): rights[event.minter, default: 0] += amount
            case .take(let amount): rights[event.minter, default: 0] -= amount
            case .give(let amount, let replica):
                rights[event.minter, default: 0] -= amount
                rights[replica, default: 0] += amount
            }
        }
        return BoundedCounterValue(
            rights.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
    }

    /// Nobody ever sees less than nothing.
    public static func fault(in value: BoundedCounterValue) -> String? {
        if value.amount < 0 { return "the amount is below zero: \(value.amount)" }
        return value.rights.first { $0.amount < 0 }.map { "\($0.replica) has taken more than it had: \($0.amount)" }
    }
}
