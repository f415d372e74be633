// One run against a cluster that is there: load, rest, verdict.

import CoterieClient
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieSimulation
import CoterieWire
import Foundation

struct CheckRun: Sendable {
    let plan: WorkloadPlan
    let seed: UInt64
    let seconds: Int
    let retention: Retention
    let patience: Duration
    /// Where progress is shown; nil: nowhere.
    let output: Output?

    struct Report: Sendable {
        let verdict: BlackBoxVerdict
        let tally: HistoryRecorder.Tally
        let seed: UInt64
        let keys: Int
        let elapsed: Duration
    }

    func perform(seeds: [Endpoint]) async throws -> Report {
        let learning = try BlackBoxClients(count: 1, seeds: seeds, doors: [])
        let layout: Layout
        do {
            layout = try await learning.layout()
        } catch {
            await learning.close()
            throw error
        }
        await learning.close()
        let clients = try BlackBoxClients(
            count: plan.clients, seeds: layout.members.map(\.peer), doors: layout.members.map(\.peer),
            clusterName: layout.clusterName)
        do {
            let report = try await perform(layout, clients)
            await clients.close()
            return report
        } catch {
            await clients.close()
            throw error
        }
    }

    private func perform(_ layout: Layout, _ clients: BlackBoxClients) async throws -> Report {
        for type in plan.bucketTypes where layout.bucketType(named: type) == nil {
            let known = layout.bucketTypes.map(\.name)
            throw CommandFailure(
                .usage,
                "there is no bucket type \"\(type)\"" + NearestName.suggestion(for: type, among: known)
                    + " (there are: \(known.joined(separator: ", ")))")
        }
        let recorder = HistoryRecorder(rules: layout.rules(isDurable: false), seed: seed, retention: retention)
        // What earlier runs have left there would be values that nobody has written.
        let bucket = "check-\(seed)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let source = RequestSource(plan: plan, bucket: bucket)
        let load = BlackBoxLoad(source: source, recorder: recorder, clients: clients)
        let begin = ContinuousClock().now
        let progress = CheckProgress(output: output, recorder: recorder)
        try await progress.during("load", seconds: seconds) {
            async let running: Void = load.run()
            try await Task.sleep(for: .seconds(seconds))
            load.stop()
            await running
        }
        let elapsed = ContinuousClock().now - begin
        let reading = FinalReading(
            keys: source.keys, layout: layout, recorder: recorder, clients: clients, patience: patience)
        let final = try await progress.during("the owners of every key are compared", seconds: nil) {
            await reading.read()
        }
        try Task.checkCancellation()
        let history = recorder.history
        let verdict = try await progress.during("the history is judged", seconds: nil) {
            BlackBoxVerdict(
                history, layout: layout, final: final,
                maximumSiblings: Limits().maxSiblings * layout.replicas)
        }
        return Report(
            verdict: verdict, tally: recorder.tally, seed: seed, keys: source.keys.count, elapsed: elapsed)
    }
}

/// One line on the terminal that tells how far a run is.
struct CheckProgress: Sendable {
    let output: Output?
    let recorder: HistoryRecorder

    /// Runs `body`; the line is gone when it ends.
    func during<Result: Sendable>(
        _ title: String, seconds: Int?, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        guard let output else { return try await body() }
        let painter = Task {
            var lines = LiveLines(output)
            let clock = ContinuousClock()
            let begin = clock.now
            while !Task.isCancelled {
                lines.draw([line(title, seconds, clock.now - begin, output)])
                try? await Task.sleep(for: .milliseconds(250))
            }
            lines.erase()
            lines.leave()
        }
        defer { painter.cancel() }
        do {
            let result = try await body()
            painter.cancel()
            await painter.value
            return result
        } catch {
            painter.cancel()
            await painter.value
            throw error
        }
    }

    private func line(_ title: String, _ seconds: Int?, _ elapsed: Duration, _ output: Output) -> String {
        let tally = recorder.tally
        var parts = [seconds.map { "\(Int(elapsed.seconds)) of \($0) s" } ?? "\(Int(elapsed.seconds)) s"]
        if let seconds {
            let done = min(20, Int(elapsed.seconds * 20 / Double(seconds)))
            parts.append(String(repeating: "█", count: done) + String(repeating: "░", count: 20 - done))
        }
        parts.append("\(grouped(tally.requests)) requests")
        if tally.refused > 0 { parts.append("\(grouped(tally.refused)) refused") }
        if tally.unknown > 0 { parts.append(output.styled("\(grouped(tally.unknown)) unknown", .yellow)) }
        return output.styled(title, .dim) + "  " + parts.joined(separator: "  ")
    }
}

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
