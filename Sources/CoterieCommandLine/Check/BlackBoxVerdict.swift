// What came of a run on a real cluster: the verdict of the same checkers that judge the simulator's runs.

import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing

/// A verdict and what it rests on.
struct BlackBoxVerdict: Sendable {
    var history: History
    var violations: [Violation]
    /// What has not come to rest in time.
    var pending: [String]

    var isOK: Bool { violations.isEmpty && pending.isEmpty }

    /// Judges a run. Real processes are killed; nobody takes the power from them: whatever was acknowledged was handed
    /// to the operating system, and a kill loses none of it.
    ///
    /// - Parameter lostDisks: nodes whose data was deleted, one after the other and refilled in between.
    init(_ history: History, layout: Layout, final: FinalReading.Result, lostDisks: Int = 0, maximumSiblings: Int) {
        self.history = history
        var promise = Promise()
        promise.copies = .stored
        promise.lostDisks = lostDisks
        promise.maximumSiblings = maximumSiblings
        let cluster = CoterieHistory.KnownCluster(epochs: [layout.epoch], owners: { key, _ in layout.owners(of: key) })
        violations = Judge(promise: promise, cluster: cluster)
            .judge(history, final: final.pending.isEmpty ? final.final : nil)
        pending = final.pending
        if final.pending.isEmpty {
            violations += Convergence.check(final.replicas) { layout.owners(of: $0) ?? [] }
        }
    }

    /// What a person is shown: each violation with the operations that show it, or what is pending.
    var lines: [String] {
        if !violations.isEmpty { return violations.map { $0.excerpt(of: history) } }
        return pending
    }
}

extension Layout {
    /// What the checkers must know of the bucket types; `isDurable`: acknowledged means fsynced.
    func rules(isDurable: Bool) -> [String: BucketRule] {
        var rules: [String: BucketRule] = [:]
        for type in bucketTypes {
            let w = type.properties.w ?? .quorum
            rules[type.name] = BucketRule(
                n: type.n, kind: type.kind, r: type.properties.r ?? .quorum, w: w,
                dw: type.properties.dw ?? (isDurable ? w : .count(0)))
        }
        return rules
    }
}
