// The check of a type's laws: random histories, and the shrinking of one that fails.

import CoterieCausality
import CoterieTypes

/// The laws of replicated types, checked on generated histories.
///
/// ```swift
/// @Test func ballotsAreLawful() throws { try ResolverLaws.check(Ballot.self) }
/// ```
///
/// A history has two or three replicas that perform operations, on contexts old and new, by clocks that are off; retry
/// them elsewhere; delete; merge; restart, with and without what they had; and receive old copies and single events,
/// twice and out of order. The error of a type that breaks a law is a story of a few steps.
public enum ResolverLaws {
    /// Checks a type.
    ///
    /// - Parameters:
    ///   - histories: how many, each from a seed of its own.
    ///   - seed: of the first; equal seeds give equal histories.
    ///   - steps: the most that a history has, at least 4.
    /// - Returns: what was tried.
    /// - Throws: the first breach found, shrunk.
    @discardableResult
    public static func check<T: Lawful>(
        _ type: T.Type, histories: Int = 1000, seed: UInt64 = 1, steps longest: Int = 30
    ) throws(LawBreach) -> LawReport {
        var report = LawReport()
        var encoded = EncodedBefore<T>()
        for number in 0 ..< histories {
            let seed = seed &+ UInt64(number)
            let (replicas, steps) = LawHistory.steps(of: type, seed: seed, upTo: longest)
            var world = LawWorld<T>(replicas, encoded)
            // Not shared any more, so that it is not copied.
            encoded = EncodedBefore()
            guard let finding = world.run(steps) else {
                encoded = world.encoded
                report.add(world.report)
                continue
            }
            let least = shrink(steps, finding, replicas, of: type)
            var told = LawWorld<T>(replicas, tells: true)
            let shown = told.run(least) ?? finding
            throw LawBreach(
                type: type.name, law: shown.law, what: shown.what, seed: seed, stepsAtFirst: steps.count,
                story: told.story)
        }
        report.histories = histories
        return report
    }

    /// Leaves out steps, many at a time and then single ones, for as long as the same law is broken.
    private static func shrink<T: Lawful>(
        _ steps: [NumberedStep<T.Operation>], _ finding: LawFinding, _ replicas: [ReplicaID], of type: T.Type
    ) -> [NumberedStep<T.Operation>] {
        var least = steps
        var size = max(1, steps.count / 2)
        while true {
            var isShorter = false
            var start = 0
            while start < least.count {
                var fewer = least
                fewer.removeSubrange(start ..< min(least.count, start + size))
                var world = LawWorld<T>(replicas)
                if world.run(fewer)?.law == finding.law {
                    least = fewer
                    isShorter = true
                } else {
                    start += size
                }
            }
            if size == 1, !isShorter { return least }
            size = max(1, size / 2)
        }
    }
}
