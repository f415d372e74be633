// Whether a run was what its scenario expected in the end. Both stages judge by this.

import CoterieHistory
import CoteriePrimitives
import CoterieWire

extension Expectations {
    /// What does not hold.
    ///
    /// - Parameters:
    ///   - steps: the sessions of the timeline; what they asked is not counted as the workload's.
    ///   - probes: nil where nobody counts them; then nothing is expected of them.
    ///   - final: what a key was in the end; nil where it could not be read.
    public func unmet(
        by history: History, except steps: Set<ProcessNumber>, probes: ProbeCounts?,
        final: (ScenarioKey) -> ObservedAnswer?
    ) -> [UnmetExpectation] {
        let counts = WorkloadCounts(history, except: steps)
        var unmet: [UnmetExpectation] = []
        func check(_ expected: Count?, _ found: Int, _ what: String) {
            guard let expected, !expected.bound.allows(found) else { return }
            unmet.append(
                UnmetExpectation("expected \(what): \(expected.bound), but it was \(found)", at: expected.place))
        }
        check(ok, counts.ok, "requests ok")
        check(refused, counts.refused, "requests refused")
        check(unknown, counts.unknown, "requests unknown")
        check(siblings, history.mostSiblings, "siblings")
        for key in keys {
            guard let answer = final(key.key) else {
                unmet.append(
                    UnmetExpectation(
                        "\(key.key): expected \(key.expected), but it could not be read", at: key.expected.place))
                continue
            }
            if let problem = key.expected.problem(with: answer) {
                unmet.append(UnmetExpectation("\(key.key): \(problem)", at: key.expected.place))
            }
        }
        for expected in reached where probes?[expected.probe] == 0 {
            unmet.append(UnmetExpectation("\(expected.probe.rawValue) was never reached", at: expected.place))
        }
        for expected in notReached {
            guard let count = probes?[expected.probe], count > 0 else { continue }
            unmet.append(UnmetExpectation("\(expected.probe.rawValue) was reached \(count) times", at: expected.place))
        }
        return unmet
    }
}

/// How the workload's requests ended.
private struct WorkloadCounts {
    var ok = 0
    var refused = 0
    var unknown = 0

    init(_ history: History, except steps: Set<ProcessNumber>) {
        for record in history.records where !steps.contains(record.process) {
            switch record.outcome {
            case .ok, .nothingToDelete: ok += 1
            case .notApplied: if record.code != .preconditionFailed { refused += 1 }
            case .unknown, .open: unknown += 1
            }
        }
    }
}

extension History {
    /// The most siblings that an answer showed.
    fileprivate var mostSiblings: Int { records.reduce(0) { max($0, $1.reply?.siblings?.count ?? 0) } }
}
