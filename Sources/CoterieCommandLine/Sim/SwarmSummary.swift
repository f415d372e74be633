// What a swarm tells at its end.

import CoterieServer
import CoterieSimulation

struct SwarmSummary {
    let plan: SwarmPlan
    let outcome: SwarmOutcome
    /// The gravest first, then by seed.
    let failures: [SeedLine]
    /// What shrinking said, by seed.
    let shrunk: [UInt64: String]

    /// How many failures are told in full.
    private static let told = 10

    /// One of each way to fail first.
    static func worthShrinking(_ failures: [SeedLine], atMost: Int) -> [SeedLine] {
        var seen: Set<String> = []
        let first = failures.filter { $0.kind.isFailure && $0.kind != .determinism && seen.insert($0.outcome).inserted }
        let rest = failures.filter { failure in
            failure.kind.isFailure && failure.kind != .determinism && !first.contains { $0.seed == failure.seed }
        }
        return Array((first + rest).prefix(atMost))
    }

    func status(isStrict: Bool) -> ExitStatus { Self.status(of: outcome.tally.worst, isStrict: isStrict) }

    static func status(of kind: SeedLine.Kind, isStrict: Bool = false) -> ExitStatus {
        switch kind {
        case .ok: .ok
        case .waiting: isStrict ? .notAtRest : .ok
        case .liveness: .notAtRest
        case .determinism: .runsDiffer
        case .safety: .promiseBroken
        case .crash: .crashed
        }
    }

    private var seconds: Double { max(outcome.elapsed.seconds, 0.001) }
    private var perSecond: Double { Double(outcome.tally.simulated) / seconds }

    // MARK: For people

    func lines(on output: Output) -> [String] {
        let tally = outcome.tally
        var lines: [String] = []
        for failure in failures.prefix(Self.told) { lines += told(failure, on: output) + [""] }
        if failures.count > Self.told {
            lines += ["and \(failures.count - Self.told) more: seeds " + rest(failures.dropFirst(Self.told)), ""]
        }
        lines.append(row("seeds", range, output))
        lines.append(row("outcomes", outcomes(on: output), output))
        if !tally.waiting.isEmpty { lines.append(row("", waiting, output)) }
        lines.append(row("twice", "\(grouped(tally.ranTwice)) seeds ran twice and were compared", output))
        lines.append(
            row(
                "speed",
                "\(decimal(Double(tally.seeds) / seconds)) seeds/s, \(grouped(Int(perSecond))) operations/s in "
                    + "\(plan.jobs) jobs; \(grouped(Int(tally.perProcessorSecond))) operations for each second of a core",
                output))
        let figures = tally.statistics
        lines.append(
            row(
                "simulated",
                "\(grouped(figures.operations)) operations (\(grouped(figures.succeeded)) succeeded, "
                    + "\(grouped(figures.failed)) not applied, \(grouped(figures.unknown)) unknown), "
                    + "\(grouped(figures.messages)) messages, \(grouped(figures.events)) events, "
                    + "\(grouped(Int(figures.virtualTime / 1_000_000_000))) s", output))
        lines.append(row("faults", faults, output))
        lines.append(row("rare paths", probes, output))
        let unreached = tally.probes.unreached.map(\.rawValue)
        if !unreached.isEmpty {
            lines.append(
                row("", output.styled("never reached: \(unreached.joined(separator: ", "))", .yellow), output))
        }
        return lines.flatMap { Self.wrapped($0) }
    }

    private func told(_ failure: SeedLine, on output: Output) -> [String] {
        var lines = [output.styled("seed \(failure.seed)  \(failure.outcome)", .bold, .red)]
        lines.append("  replay   " + Replay.command(seed: failure.seed, plan.flags, plan.changes))
        lines += failure.findings.prefix(40).map { "  " + $0 }
        if failure.findings.count > 40 { lines.append("  … \(failure.findings.count - 40) lines more") }
        if let text = shrunk[failure.seed] { lines += text.split(separator: "\n").map { "  \($0)" } }
        return lines
    }

    private func rest(_ failures: ArraySlice<SeedLine>) -> String {
        failures.prefix(50).map { "\($0.seed) (\($0.outcome))" }.joined(separator: ", ")
            + (failures.count > 50 ? ", …" : "")
    }

    private var range: String {
        let seeds = outcome.tally.seeds
        return "\(grouped(seeds)) from \(plan.first) on, in \(decimal(seconds)) s"
            + (outcome.wasInterrupted ? " (interrupted)" : "")
    }

    private func outcomes(on output: Output) -> String {
        SeedLine.Kind.allCases.compactMap { kind -> String? in
            guard let count = outcome.tally.kinds[kind] else { return nil }
            let name = kind == .waiting ? "waiting for refill" : kind.rawValue
            let text = "\(grouped(count)) \(name)"
            return kind.isFailure ? output.styled(text, .bold, .red) : text
        }.joined(separator: ", ")
    }

    private var waiting: String {
        let seeds = outcome.tally.waiting.sorted()
        return "waiting: " + seeds.prefix(12).map { "\($0)" }.joined(separator: ", ") + (seeds.count > 12 ? ", …" : "")
    }

    private var faults: String {
        let happened = outcome.tally.statistics.faults.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return happened.isEmpty ? "none" : happened.map { "\($0.key) \(grouped($0.value))" }.joined(separator: ", ")
    }

    private var probes: String {
        Probe.allCases.filter { outcome.tally.probes[$0] > 0 }
            .map { "\($0.rawValue) \(grouped(outcome.tally.probes[$0]))" }.joined(separator: ", ")
    }

    private func row(_ name: String, _ text: String, _ output: Output) -> String {
        output.styled(name, .dim) + String(repeating: " ", count: 12 - name.count) + text
    }

    private func decimal(_ value: Double) -> String { BenchReport.decimal(value, 1) }

    /// Long rows go on below their text.
    private static func wrapped(_ line: String, to width: Int = 118) -> [String] {
        guard line.hasPrefix("  ") == false, Columns.width(of: line) > width else { return [line] }
        var lines: [String] = []
        var current = ""
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if Columns.width(of: current) + word.count + 1 > width, !word.isEmpty {
                lines.append(current)
                current = String(repeating: " ", count: 12) + word
            } else {
                current += (current.isEmpty ? "" : " ") + word
            }
        }
        return lines + [current]
    }

    // MARK: For scripts

    struct JSON: Encodable {
        struct Failure: Encodable {
            let seed: UInt64
            let outcome: String
            let replay: String
            let findings: [String]
            let shrunk: String?
        }

        let from: UInt64
        let seeds: Int
        let seconds: Double
        let jobs: Int
        let isInterrupted: Bool
        let outcomes: [String: Int]
        let waiting: [UInt64]
        let ranTwice: Int
        let seedsPerSecond: Double
        let operationsPerSecond: Double
        let operationsPerProcessorSecond: Double
        let statistics: RunStatistics
        let probes: [String: Int]
        let unreached: [String]
        let failures: [Failure]
    }

    var json: JSON {
        let tally = outcome.tally
        return JSON(
            from: plan.first, seeds: tally.seeds, seconds: outcome.elapsed.seconds, jobs: plan.jobs,
            isInterrupted: outcome.wasInterrupted,
            outcomes: Dictionary(uniqueKeysWithValues: tally.kinds.map { ($0.key.rawValue, $0.value) }),
            waiting: tally.waiting.sorted(), ranTwice: tally.ranTwice,
            seedsPerSecond: Double(tally.seeds) / seconds, operationsPerSecond: perSecond,
            operationsPerProcessorSecond: tally.perProcessorSecond, statistics: tally.statistics,
            probes: tally.probes.byName, unreached: tally.probes.unreached.map(\.rawValue),
            failures: failures.map { failure in
                JSON.Failure(
                    seed: failure.seed, outcome: failure.outcome,
                    replay: Replay.command(seed: failure.seed, plan.flags, plan.changes), findings: failure.findings,
                    shrunk: shrunk[failure.seed])
            })
    }
}
