// What came of a run on a real cluster, for people and for scripts.

import CoterieHistory
import Foundation

extension CheckRun.Report {
    /// For scripts.
    struct Summary: Encodable {
        let seed: UInt64
        let keys: Int
        let seconds: Double
        let requests: Int
        let ok: Int
        let conditions: Int
        let refused: Int
        let unknown: Int
        let mostSiblings: Int
        let verdict: String
        let violations: [String]
        let pending: [String]
    }

    var summary: Summary {
        Summary(
            seed: seed, keys: keys, seconds: elapsed.seconds, requests: tally.requests, ok: tally.ok,
            conditions: tally.conditions, refused: tally.refused, unknown: tally.unknown,
            mostSiblings: tally.siblings, verdict: word,
            violations: verdict.violations.map { $0.excerpt(of: verdict.history) }, pending: verdict.pending)
    }

    private var word: String {
        if !verdict.violations.isEmpty { return "law broken" }
        return verdict.pending.isEmpty ? "ok" : "not at rest"
    }

    /// For people.
    func lines(on output: Output) -> [String] {
        let rate = Int(Double(tally.requests) / max(elapsed.seconds, 0.001))
        var lines = [
            "\(grouped(tally.requests)) requests on \(keys) keys in \(Int(elapsed.seconds.rounded())) s "
                + "(\(grouped(rate))/s, seed \(seed)): \(grouped(tally.ok)) ok, \(grouped(tally.conditions)) "
                + "conditions not met, \(grouped(tally.refused)) refused, \(grouped(tally.unknown)) unknown",
            "at most \(tally.siblings) siblings of a key were seen",
        ]
        if let failure = tally.firstFailure { lines.append("the first failure: \(failure)") }
        if verdict.history.dropped > 0 {
            lines.append("\(grouped(verdict.history.dropped)) operations were not kept (--keep), nor judged")
        }
        if verdict.isOK {
            lines.append(output.styled("All laws hold, and the owners of every key agree.", .bold, .green))
        } else if !verdict.violations.isEmpty {
            let count = verdict.violations.count
            lines.append(output.styled("\(count) \(count == 1 ? "violation" : "violations"):", .bold, .red))
            lines += verdict.lines
        } else {
            lines.append(output.styled("The cluster has not come to rest:", .bold, .red))
            lines += verdict.lines.map { "  \($0)" }
        }
        return lines
    }
}
