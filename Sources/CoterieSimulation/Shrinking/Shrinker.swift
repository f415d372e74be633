// Makes a failing plan smaller for as long as it fails in the same way. Each candidate is one change more than the best
// so far and is kept where it still fails; rounds over all kinds of change are repeated until a round finds nothing
// (greedy; faults by delta debugging: Zeller and Hildebrandt, 2002). What changes a run as a whole comes first, what
// only leaves out its parts comes last, because the former makes the numbers of the latter mean other things.
//
// Who runs a candidate, and for how long in all, is the caller's: a candidate that traps must not take the shrinker
// along.

import CoterieHistory

/// A search for a smaller plan.
public struct Shrinker {
    /// How a candidate fared.
    public struct Trial: Hashable, Sendable {
        /// It failed in the way that is looked for.
        public var fails: Bool
        /// How many faults were drawn in it.
        public var faultsDrawn: Int

        public init(fails: Bool, faultsDrawn: Int) {
            self.fails = fails
            self.faultsDrawn = faultsDrawn
        }
    }

    /// As the seed has drawn it.
    public let plan: RunPlan
    /// What is left of the plan, so far.
    public private(set) var changes: PlanChanges
    /// Candidates that were run.
    public private(set) var trials = 0
    private var faultsDrawn: Int
    private let mayGoOn: (Int) -> Bool
    private let attempt: (PlanChanges) throws -> Trial

    /// - Parameters:
    ///   - changes: with which the plan is known to fail.
    ///   - faultsDrawn: how many faults it drew then.
    ///   - mayGoOn: asked before each candidate, with the number of those that were run: bounds the search.
    ///   - attempt: runs the plan with these changes.
    public init(
        _ plan: RunPlan, changes: PlanChanges = PlanChanges(), faultsDrawn: Int,
        mayGoOn: @escaping (Int) -> Bool = { $0 < 1_000 }, attempt: @escaping (PlanChanges) throws -> Trial
    ) {
        self.plan = plan
        self.changes = changes
        self.faultsDrawn = faultsDrawn
        self.mayGoOn = mayGoOn
        self.attempt = attempt
    }

    /// Searches until nothing more can be left out or the caller's bound is reached.
    public mutating func run() throws {
        var before: PlanChanges
        repeat {
            before = changes
            try leaveOutKinds()
            try makeUsual()
            try lessen(\.nodes, from: current.nodes, to: 1)
            try lessen(\.replicas, from: current.replicas, to: 1)
            try lessen(\.partitions, from: current.partitions, to: 1)
            try lessen(\.clients, from: current.workload.clients, to: 1)
            try lessen(\.sessions, from: current.workload.sessionsPerClient, to: 1)
            try lessen(\.keys, from: current.workload.keysPerType, to: 1)
            try lessen(\.doors, from: current.workload.doorSessions, to: 0)
            try lessen(\.operations, from: current.workload.operations, to: 1)
            try lessen(\.faults, from: min(faultsDrawn, current.faults.atMost), to: 0)
            try leaveOutFaults()
        } while changes != before && mayGoOn(trials)
        leaveOutIdleWords()
    }

    /// Faults that are not drawn any more need not be left out.
    private mutating func leaveOutIdleWords() {
        let faults = current.faults
        if faults.kinds.isEmpty { changes.faults = nil }
        changes.without = faults.kinds.isEmpty ? [] : changes.without.filter { $0 < min(faults.atMost, faultsDrawn) }
    }

    private var current: RunPlan { plan.changed(by: changes) }

    /// Runs a candidate; keeps it where it still fails.
    private mutating func keep(_ change: (inout PlanChanges) -> Void) throws -> Bool {
        var candidate = changes
        change(&candidate)
        guard plan.changed(by: candidate) != current else { return false }
        guard mayGoOn(trials) else { return false }
        trials += 1
        let trial = try attempt(candidate)
        guard trial.fails else { return false }
        changes = candidate
        faultsDrawn = trial.faultsDrawn
        return true
    }

    /// The least value that still fails: halves first, then smaller steps.
    private mutating func lessen(
        _ path: WritableKeyPath<PlanChanges, Int?>, from value: Int, to least: Int
    ) throws {
        var value = value
        guard value > least else { return }
        if try keep({ $0[keyPath: path] = least }) { return }
        var step = (value - least) / 2
        while step > 0, mayGoOn(trials) {
            if value - step > least, try keep({ $0[keyPath: path] = value - step }) {
                value -= step
                step = min(step, (value - least) / 2)
            } else {
                step /= 2
            }
        }
    }

    /// Kinds of fault, kinds of operation and bucket types, one by one.
    private mutating func leaveOutKinds() throws {
        if try keep({ $0.kinds = [] }) { return try leaveOutOperations() }
        for kind in current.faults.kinds {
            let left = Set(current.faults.kinds).subtracting([kind])
            _ = try keep { $0.kinds = left }
        }
        try leaveOutOperations()
    }

    private mutating func leaveOutOperations() throws {
        for kind in PlanChanges.OperationKind.allCases where current.workload.mix.kinds.contains(kind) {
            let left = current.workload.mix.kinds.subtracting([kind])
            if !left.isEmpty { _ = try keep { $0.mix = left } }
        }
        for type in current.workload.bucketTypes where current.workload.bucketTypes.count > 1 {
            let left = Set(current.workload.bucketTypes).subtracting([type])
            _ = try keep { $0.types = left }
        }
    }

    private mutating func makeUsual() throws {
        let all = Set(PlanChanges.Part.allCases)
        if changes.usual != all, try keep({ $0.usual = all }) { return }
        for part in PlanChanges.Part.allCases where !changes.usual.contains(part) {
            _ = try keep { $0.usual.insert(part) }
        }
    }

    /// Single faults, large groups first.
    private mutating func leaveOutFaults() throws {
        var size = max(1, min(faultsDrawn, current.faults.atMost) / 2)
        while mayGoOn(trials) {
            let there = (0 ..< min(faultsDrawn, current.faults.atMost)).filter { !changes.without.contains($0) }
            guard !there.isEmpty else { return }
            var place = 0
            while place < there.count {
                let group = there[place ..< min(place + size, there.count)]
                _ = try keep { $0.without.formUnion(group) }
                place += size
            }
            if size == 1 { return }
            size /= 2
        }
    }
}
