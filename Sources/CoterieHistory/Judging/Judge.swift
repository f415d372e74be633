// The judge: takes a history apart by key and holds each part to the laws that were promised.

import CoteriePrimitives

/// Holds histories to what was promised. A value; each judgement is a function of its arguments.
public struct Judge: Sendable {
    public var promise: Promise
    /// What is judged; convergence is judged of states (`Convergence`), not of histories.
    public var checkers: Set<Checker>
    public var cluster: KnownCluster

    public init(
        promise: Promise = Promise(), checkers: Set<Checker> = Set(Checker.allCases),
        cluster: KnownCluster = KnownCluster()
    ) {
        self.promise = promise
        self.checkers = checkers
        self.cluster = cluster
    }

    /// All violations, key by key in the order in which the keys were first used. Takes about a second for 100,000
    /// operations.
    public func judge(_ history: History, final: FinalState? = nil) -> [Violation] {
        let records = history.records.map(SharedRecord.init)
        let writers = Writers(records)
        var found: [Violation] = []
        for (key, records) in Self.byKey(records) {
            let end = final?[key]
            let part = KeyHistory(
                key: key, rule: history.rule(of: key), promise: promise, records: records, end: end)
            found += judge(part, writers, end)
        }
        return found
    }

    private func judge(_ part: KeyHistory, _ writers: Writers, _ end: Reply?) -> [Violation] {
        var found: [Violation] = []
        for checker in Checker.allCases where checkers.contains(checker) {
            switch checker {
            case .lostWrites: found += LostWritesLaw.check(part)
            case .resurrection: found += ResurrectionLaw.check(part)
            case .causality: found += CausalityLaw.check(part, writers)
            case .dots: found += DotsLaw.check(part)
            case .sessions: found += SessionLaw.check(part)
            case .regularity: found += RegularityLaw.check(part)
            case .sets: found += SetsLaw.check(part, end: end).violations
            case .counters: found += CountersLaw.check(part, end: end)
            case .linearizability: found += LinearizabilityLaw.check(part)
            case .siblings: found += SiblingsLaw.check(part)
            case .receipts: found += ReceiptLaw.check(part, cluster)
            case .convergence: break
            }
        }
        return found
    }

    /// The records of each key in the order of their calls; keys in the order of their first use.
    private static func byKey(_ records: [SharedRecord]) -> [(key: ObjectKey, records: [SharedRecord])] {
        var indexes: [ObjectKey: Int] = [:]
        var parts: [(key: ObjectKey, records: [SharedRecord])] = []
        for record in records {
            let key = record.value.key
            if let index = indexes[key] {
                parts[index].records.append(record)
            } else {
                indexes[key] = parts.count
                parts.append((key, [record]))
            }
        }
        return parts
    }
}
