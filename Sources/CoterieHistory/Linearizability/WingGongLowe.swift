// Linearizability: is there one order of the operations that respects their intervals and that the sequential
// specification allows?
//
// Source: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993): depth first, taking an operation that no
// other one precedes; Lowe, "Testing for Linearizability" (2016): never from the same set of operations and the same
// state twice; Horn and Kroening, "Faster Linearizability Checking via P-Compositionality" (2015): key by key.
//
// An operation without a return may take effect at any time after its call, or never. What is remembered of a set is
// the window between its first gap and its last member, so that a long history with little concurrency takes little
// memory. In the worst case exponential in the number of concurrent operations; hence the limit of steps.

import CoteriePrimitives

/// Searches for a linearization of `operations`, in at most `maximumSteps` steps.
public func linearize<Model: SequentialModel>(
    _ operations: [TimedOperation<Model.Operation>], _ model: Model, maximumSteps: Int = 2_000_000
) -> Linearization {
    var search = Search(operations, model)
    return search.run(maximumSteps)
}

/// A call or a return in the list of what is not yet linearized.
private struct Entry {
    let operation: Int
    let isCall: Bool
    var previous: Int
    var next: Int
}

private struct Search<Model: SequentialModel> {
    private struct Seen: Hashable {
        let members: OperationSet.Window
        let state: Model.State
    }

    private struct Step {
        let operation: Int
        let before: Model.State
    }

    private let operations: [TimedOperation<Model.Operation>]
    private let model: Model
    /// Entry 0 is the head; the list ends with -1.
    private var entries: [Entry]
    private let callEntry: [Int]
    /// -1 where there is none.
    private let returnEntry: [Int]
    private var members: OperationSet
    private var seen: Set<Seen> = []
    private var path: [Step] = []
    private var state: Model.State
    /// How many operations that returned are not linearized.
    private var left: Int
    private var longest: [Int] = []
    private var stuck = 0

    init(_ operations: [TimedOperation<Model.Operation>], _ model: Model) {
        self.operations = operations
        self.model = model
        state = model.initial
        var moments: [(order: Int, operation: Int, isCall: Bool)] = []
        moments.reserveCapacity(operations.count * 2)
        for (index, operation) in operations.enumerated() {
            moments.append((operation.called, index, true))
            if let returned = operation.returned { moments.append((returned, index, false)) }
        }
        moments.sort { $0.order < $1.order }
        entries = [Entry(operation: -1, isCall: false, previous: -1, next: moments.isEmpty ? -1 : 1)]
        entries.reserveCapacity(moments.count + 1)
        var calls = Array(repeating: -1, count: operations.count)
        var returns = calls
        for (index, moment) in moments.enumerated() {
            let place = index + 1
            let isLast = place == moments.count
            entries.append(
                Entry(
                    operation: moment.operation, isCall: moment.isCall, previous: index, next: isLast ? -1 : place + 1))
            if moment.isCall { calls[moment.operation] = place } else { returns[moment.operation] = place }
        }
        callEntry = calls
        returnEntry = returns
        members = OperationSet(
            inOrderOfCalls: moments.filter(\.isCall).map { ($0.operation, returns[$0.operation] < 0) })
        left = operations.count { $0.returned != nil }
    }

    mutating func run(_ maximumSteps: Int) -> Linearization {
        var steps = 0
        var at = entries[0].next
        while left > 0 {
            steps += 1
            if steps > maximumSteps { return .undecided(steps: maximumSteps) }
            // Whoever has not been linearized has its return in the list: the end is not reached before it.
            let entry = entries[at]
            if entry.isCall {
                at = take(entry.operation) ? entries[0].next : entry.next
            } else {
                if path.count >= longest.count {
                    longest = path.map(\.operation)
                    stuck = entry.operation
                }
                guard let undone = undo() else { return .violated(longest: longest, stuck: stuck) }
                at = entries[callEntry[undone]].next
            }
        }
        return .linearizable(path.map(\.operation))
    }

    /// Linearizes the operation next, if its result allows it and if that leads to something new.
    private mutating func take(_ operation: Int) -> Bool {
        guard let after = model.apply(operations[operation].operation, to: state) else { return false }
        members.insert(operation)
        guard seen.insert(Seen(members: members.window, state: after)).inserted else {
            members.remove(operation)
            return false
        }
        path.append(Step(operation: operation, before: state))
        state = after
        unlink(callEntry[operation])
        if returnEntry[operation] >= 0 {
            unlink(returnEntry[operation])
            left -= 1
        }
        return true
    }

    private mutating func undo() -> Int? {
        guard let step = path.popLast() else { return nil }
        state = step.before
        members.remove(step.operation)
        if returnEntry[step.operation] >= 0 {
            relink(returnEntry[step.operation])
            left += 1
        }
        relink(callEntry[step.operation])
        return step.operation
    }

    private mutating func unlink(_ place: Int) {
        let entry = entries[place]
        entries[entry.previous].next = entry.next
        if entry.next >= 0 { entries[entry.next].previous = entry.previous }
    }

    private mutating func relink(_ place: Int) {
        let entry = entries[place]
        entries[entry.previous].next = place
        if entry.next >= 0 { entries[entry.next].previous = place }
    }
}
