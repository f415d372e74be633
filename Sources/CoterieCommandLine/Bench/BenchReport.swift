// What a run has shown, for people and for scripts.

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Foundation
import Histogram

/// The result of `coterie bench`. Times in microseconds.
struct BenchReport: Encodable {
    struct Latencies: Encodable {
        let operations: Int
        let perSecond: Double
        let mean: Double
        let p50: Double
        let p90: Double
        let p99: Double
        let p999: Double
        let max: Double

        init(_ histogram: Histogram<UInt64>, seconds: Double) {
            func at(_ percentile: Double) -> Double { Double(histogram.valueAtPercentile(percentile)) / 1_000 }
            operations = Int(histogram.totalCount)
            perSecond = Double(histogram.totalCount) / seconds
            let isEmpty = histogram.totalCount == 0
            mean = isEmpty ? 0 : histogram.mean / 1_000
            p50 = isEmpty ? 0 : at(50)
            p90 = isEmpty ? 0 : at(90)
            p99 = isEmpty ? 0 : at(99)
            p999 = isEmpty ? 0 : at(99.9)
            max = isEmpty ? 0 : Double(histogram.maxRecorded) / 1_000
        }
    }

    struct Outcomes: Encodable {
        let ok: Int
        let notFound: Int
        let notApplied: Int
        let unknown: Int
    }

    struct ErrorCount: Encodable {
        let code: String
        let count: Int
        let example: String
    }

    struct Processor: Encodable {
        let process: String
        let pid: Int32?
        let microseconds: Int
        let microsecondsPerOperation: Double
        /// Of one core.
        let percent: Double
    }

    struct Parameters: Encodable {
        let workload: Workload
        let reads: Int
        let keys: Int
        let distribution: KeyDistribution
        let theta: Double?
        let valueSize: Int
        let type: String
        let loop: String
        let rate: Double?
        let connections: Int
        let pipeline: Int
        let threads: Int
        let r: String?
        let w: String?
        let dw: String?
        let isBlind: Bool
        let seed: UInt64
        let warmupSeconds: Double
    }

    let cluster: String?
    let nodes: Int?
    let epoch: UInt64?
    let parameters: Parameters
    let seconds: Double
    let isInterrupted: Bool
    let total: Latencies
    let get: Latencies?
    let put: Latencies?
    let outcomes: Outcomes
    let errors: [ErrorCount]
    /// Reads that found several values, and the most that one found.
    let readsWithSiblings: Int
    let maxSiblings: Int
    let processors: [Processor]
    private let title: [String]

    init(plan: BenchPlan, layout: Layout?, processes: [NodeProcess], outcome: BenchOutcome) {
        let record = outcome.record
        cluster = layout?.clusterName
        nodes = layout?.members.count
        epoch = layout?.epoch.rawValue
        parameters = Parameters(plan)
        seconds = Double(outcome.measured.nanoseconds) / 1e9
        isInterrupted = outcome.isInterrupted
        var all = record.gets
        all.add(record.puts)
        total = Latencies(all, seconds: seconds)
        get = record.gets.totalCount > 0 ? Latencies(record.gets, seconds: seconds) : nil
        put = record.puts.totalCount > 0 ? Latencies(record.puts, seconds: seconds) : nil
        outcomes = Outcomes(
            ok: record.operations, notFound: record.notFound, notApplied: record.notApplied, unknown: record.unknown)
        errors = record.errors.map { ErrorCount(code: $0.key, count: $0.value.count, example: $0.value.example) }
            .sorted { ($0.count, $1.code) > ($1.count, $0.code) }
        readsWithSiblings = record.siblings
        maxSiblings = record.maxSiblings
        processors = Self.processors(processes, outcome, operations: record.operations + record.failures)
        title = [plan.title, plan.loopTitle]
    }

    private static func processors(
        _ processes: [NodeProcess], _ outcome: BenchOutcome, operations: Int
    ) -> [Processor] {
        let elapsed = Double(outcome.measured.microseconds)
        func one(_ name: String, _ pid: Int32?, _ used: Int) -> Processor {
            Processor(
                process: name, pid: pid, microseconds: used,
                microsecondsPerOperation: operations == 0 ? 0 : Double(used) / Double(operations),
                percent: Double(used) / max(elapsed, 1) * 100)
        }
        var found: [Processor] = []
        for (index, process) in processes.enumerated() {
            guard let before = outcome.before.nodes[index], let after = outcome.after.nodes[index] else { continue }
            found.append(one(process.name, process.pid, after - before))
        }
        found.append(one("client", nil, outcome.after.own - outcome.before.own))
        return found
    }

    private enum CodingKeys: String, CodingKey {
        case cluster, nodes, epoch, parameters, seconds, isInterrupted, total, get, put, outcomes, errors
        case readsWithSiblings, maxSiblings, processors
    }
}

extension BenchReport.Parameters {
    init(_ plan: BenchPlan) {
        self.init(
            workload: plan.workload, reads: plan.reads, keys: plan.keys, distribution: plan.distribution,
            theta: plan.distribution == .zipfian ? plan.theta : nil, valueSize: plan.valueSize, type: plan.type,
            loop: plan.rate == nil ? "closed" : "open", rate: plan.rate, connections: plan.connections,
            pipeline: plan.pipeline, threads: plan.threads, r: plan.options.r?.description,
            w: plan.options.w?.description, dw: plan.options.dw?.description, isBlind: plan.isBlind, seed: plan.seed,
            warmupSeconds: Double(plan.warmup.nanoseconds) / 1e9)
    }
}

extension BenchReport {
    /// The report as a person reads it.
    func lines(on output: Output) -> [String] {
        var lines = title.map { output.styled($0, .dim) }
        lines += latencyLines(on: output)
        lines.append("")
        lines.append(
            "outcomes  \(grouped(outcomes.ok)) ok"
                + (outcomes.notFound > 0 ? " (\(grouped(outcomes.notFound)) not found)" : "")
                + ", \(grouped(outcomes.notApplied)) not applied, \(grouped(outcomes.unknown)) unknown")
        for error in errors {
            lines.append(output.styled("error     \(error.code) × \(grouped(error.count)): \(error.example)", .red))
        }
        if readsWithSiblings > 0 {
            lines.append(
                "siblings  \(grouped(readsWithSiblings)) reads found several values, up to \(maxSiblings)")
        }
        if !processors.isEmpty { lines += ["", cpuLine] }
        if isInterrupted { lines.append(output.styled("interrupted after \(Self.decimal(seconds, 1)) s", .yellow)) }
        return lines
    }

    private func latencyLines(on output: Output) -> [String] {
        var columns = Columns([
            ("", .left), ("requests/s", .right), ("requests", .right), ("mean", .right), ("p50", .right),
            ("p90", .right), ("p99", .right), ("p99.9", .right), ("max ms", .right),
        ])
        let rows = [("get", get), ("put", put)].compactMap { name, row in row.map { (name, $0) } }
        for (name, row) in rows.count == 1 ? rows : rows + [("all", total)] {
            columns.add(
                [name, grouped(Int(row.perSecond.rounded())), grouped(row.operations)]
                    + [row.mean, row.p50, row.p90, row.p99, row.p999, row.max].map {
                        Self.milliseconds(UInt64($0 * 1_000))
                    })
        }
        return rows.isEmpty ? ["nothing succeeded in \(Self.decimal(seconds, 1)) s"] : columns.lines(on: output)
    }

    private var cpuLine: String {
        let nodes = processors.filter { $0.pid != nil }
        var parts = processors.map { "\($0.process) \(Self.decimal($0.microsecondsPerOperation, 1))" }
        if nodes.count > 1 {
            let sum = nodes.reduce(0) { $0 + $1.microsecondsPerOperation }
            parts.insert("all nodes \(Self.decimal(sum, 1))", at: nodes.count)
        }
        return "CPU µs per request  " + parts.joined(separator: ", ")
    }

    /// Nanoseconds as milliseconds, three digits or so.
    static func milliseconds(_ nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds) / 1e6
        return decimal(value, value < 10 ? 3 : value < 100 ? 2 : 1)
    }

    static func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
