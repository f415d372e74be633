// The search against exhaustive enumeration on small histories, and on the classical examples.

import CoterieHistory
import CoteriePrimitives
import Testing

private typealias Operation = TimedOperation<RegisterModel.Operation>

@Suite struct LinearizabilityTests {
    private func isLinearizable(_ operations: [Operation]) -> Bool? {
        switch linearize(operations, RegisterModel()) {
        case .linearizable(let order):
            #expect(explains(order, operations))
            return true
        case .violated: return false
        case .undecided: return nil
        }
    }

    /// Whether the order holds all that returned, respects the intervals and the register.
    private func explains(_ order: [Int], _ operations: [Operation]) -> Bool {
        var state: ValueID?
        for (position, index) in order.enumerated() {
            guard let after = RegisterModel().apply(operations[index].operation, to: state) else { return false }
            state = after
            for later in order[(position + 1)...] where (operations[later].returned ?? .max) < operations[index].called
            {
                return false
            }
        }
        return operations.indices.allSatisfy { operations[$0].returned == nil || order.contains($0) }
    }

    /// All orders of all subsets that hold what returned.
    private func bruteForce(_ operations: [Operation]) -> Bool {
        func go(_ done: Set<Int>, _ state: ValueID?) -> Bool {
            let left = operations.indices.filter { !done.contains($0) }
            if left.allSatisfy({ operations[$0].returned == nil }) { return true }
            let first = left.compactMap { operations[$0].returned }.min() ?? .max
            return left.contains { index in
                guard operations[index].called < first,
                    let after = RegisterModel().apply(operations[index].operation, to: state)
                else { return false }
                return go(done.union([index]), after)
            }
        }
        return go([], nil)
    }

    @Test func aReadBetweenTwoReadsOfTheNewValueMayNotBeOld() {
        let write = RegisterModel.Operation.write(ValueID(1))
        let new = RegisterModel.Operation.read(ValueID(1))
        let old = RegisterModel.Operation.read(nil)
        #expect(isLinearizable([.init(write, called: 1, returned: 10), .init(old, called: 2, returned: 3)]) == true)
        #expect(
            isLinearizable([
                .init(write, called: 1, returned: 10), .init(new, called: 2, returned: 3),
                .init(old, called: 4, returned: 5),
            ]) == false)
    }

    @Test func anOperationWithoutAReturnStaysOpenForEver() {
        let write = RegisterModel.Operation.write(ValueID(1))
        let old = Operation(.read(nil), called: 50, returned: 51)
        let new = Operation(.read(ValueID(1)), called: 60, returned: 61)
        let again = Operation(.read(nil), called: 70, returned: 71)
        #expect(isLinearizable([.init(write, called: 1, returned: nil), old, new]) == true)
        #expect(isLinearizable([.init(write, called: 1, returned: nil), old]) == true)
        #expect(isLinearizable([.init(write, called: 1, returned: nil), old, new, again]) == false)
    }

    @Test func theSearchAgreesWithEnumeration() {
        var yes = 0
        for seed in 0 ..< 1_500 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let operations = Self.draw(&random, count: 1 + random.below(6))
            let expected = bruteForce(operations)
            #expect(isLinearizable(operations) == expected, "seed \(seed)")
            yes += expected ? 1 : 0
        }
        #expect((200 ... 1_300).contains(yes), "both answers must be common, \(yes) of 1500 are linearizable")
    }

    private static func draw(_ random: inout SeededGenerator, count: Int) -> [Operation] {
        var moments = Array(1 ... count * 2)
        random.shuffle(&moments)
        return (0 ..< count).map { index in
            let (x, y) = (moments[index * 2], moments[index * 2 + 1])
            let value = random.chance(1, in: 4) ? nil : ValueID(UInt64(1 + random.below(2)))
            let operation: RegisterModel.Operation =
                switch random.below(7) {
                case 0: .compareAndSet(value, ValueID(UInt64(1 + random.below(2))))
                case 1 ... 3: .write(value)
                default: .read(value)
                }
            return Operation(operation, called: min(x, y), returned: random.chance(1, in: 5) ? nil : max(x, y))
        }
    }

    @Test func theLimitOfStepsIsKept() {
        let operations =
            (0 ..< 12).map { index in
                Operation(.write(ValueID(UInt64(index + 1))), called: index + 1, returned: 100 + index)
            } + [Operation(.read(nil), called: 200, returned: 201)]
        #expect(linearize(operations, RegisterModel(), maximumSteps: 1_000) == .undecided(steps: 1_000))
    }

    @Test func aLongHistoryTakesLittle() {
        var operations: [Operation] = []
        var order = 1
        for value in 1 ... 5_000 as ClosedRange<UInt64> {
            operations.append(Operation(.write(ValueID(value)), called: order, returned: order + 3))
            operations.append(Operation(.read(ValueID(value)), called: order + 1, returned: order + 4))
            order += 5
        }
        if case .linearizable = linearize(operations, RegisterModel(), maximumSteps: 60_000) { return }
        Issue.record("10,000 operations of little concurrency need more than 60,000 steps")
    }
}
