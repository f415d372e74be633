// Counters stay within bounds: a read shows at least what was acknowledged before it began, as far as it shares an
// owner with the acknowledgement, and at most what may have been applied before it returned; in the end
// acknowledged ≤ value ≤ acknowledged + unknown (INV 11). Bounded counters never show less than zero.
//
// Source: the counter checker of Kyle Kingsbury's Jepsen, with negative amounts and with quorums. O(n × operations ×
// log).

import CoteriePrimitives
import CoterieRing

struct CountersLaw {
    /// Sums over the operations up to a moment.
    private struct Sums {
        private var orders: [Int] = []
        private var sums: [Int64] = []

        init(_ amounts: [(order: Int, amount: Int64)]) {
            var sum: Int64 = 0
            for (order, amount) in amounts.sorted(by: { $0.order < $1.order }) {
                sum += amount
                orders.append(order)
                sums.append(sum)
            }
        }

        /// Of those before `order`. O(log).
        func sum(before order: Int) -> Int64 {
            var low = 0
            var high = orders.count
            while low < high {
                let middle = (low + high) / 2
                if orders[middle] < order { low = middle + 1 } else { high = middle }
            }
            return low == 0 ? 0 : sums[low - 1]
        }
    }

    static func check(_ history: KeyHistory, end: Reply?) -> [Violation] {
        let increments = history.records.compactMap { shared -> (record: Record, amount: Int64)? in
            let record = shared.value
            guard case .increment(let amount) = record.action, record.outcome.mayHaveApplied else { return nil }
            return (record, amount)
        }
        var reads = history.records.compactMap { shared -> (record: Record?, value: Int64, strength: Int)? in
            let record = shared.value
            guard !record.action.isWrite, record.outcome == .ok, let value = record.reply?.count else { return nil }
            return (record, value, record.strength(history.promise, history.rule))
        }
        if let value = end?.count { reads.append((nil, value, history.rule.n)) }
        guard !reads.isEmpty else { return [] }
        let bounds = Bounds(increments, history)
        var found = Findings(.counters, history)
        for read in reads {
            let called = read.record?.called.order ?? .max
            let returned = read.record?.returnOrder ?? .max
            let allowed = bounds.allowed(called: called, returned: returned, strength: read.strength)
            let name = read.record.map { "\($0.id)" } ?? "the final state"
            if history.rule.kind == .bcounter, read.value < 0 {
                found.add((read.record.map { [$0.id] } ?? []), "\(name) counts \(read.value), which is below zero")
            }
            guard !allowed.contains(read.value) else { continue }
            found.add(
                (read.record.map { [$0.id] } ?? []),
                "\(name) counts \(read.value); acknowledged and possible increments allow \(allowed.lowerBound) to "
                    + "\(allowed.upperBound)")
        }
        return found.violations
    }

    private struct Bounds {
        private let n: Int
        /// What may have been applied, by its call.
        private let possibleGain: Sums
        private let possibleLoss: Sums
        /// What was acknowledged by at least so many owners, by its return.
        private let sureGain: [Sums]
        private let sureLoss: [Sums]

        init(_ increments: [(record: Record, amount: Int64)], _ history: KeyHistory) {
            n = history.rule.n
            possibleGain = Sums(increments.filter { $0.amount > 0 }.map { ($0.record.called.order, $0.amount) })
            possibleLoss = Sums(increments.filter { $0.amount < 0 }.map { ($0.record.called.order, $0.amount) })
            let acknowledged = increments.map {
                (order: $0.record.returnOrder, $0.amount, strength: $0.record.strength(history.promise, history.rule))
            }
            let strengths = 0 ... n
            sureGain = strengths.map { least in
                Sums(acknowledged.filter { $0.1 > 0 && $0.strength >= max(1, least) }.map { ($0.order, $0.1) })
            }
            sureLoss = strengths.map { least in
                Sums(acknowledged.filter { $0.1 < 0 && $0.strength >= max(1, least) }.map { ($0.order, $0.1) })
            }
        }

        func allowed(called: Int, returned: Int, strength: Int) -> ClosedRange<Int64> {
            let least = n - strength + 1
            let gain = least <= n ? sureGain[least].sum(before: called) : 0
            let loss = least <= n ? sureLoss[least].sum(before: called) : 0
            let lower = gain + possibleLoss.sum(before: returned)
            let upper = loss + possibleGain.sum(before: returned)
            return lower ... max(lower, upper)
        }
    }
}
