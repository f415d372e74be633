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
        let source = RequestSource(plan: plan, layout: layout, bucket: bucket)
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
