// What came of one run, for people and for scripts.

import CoterieHistory
import CoterieSimulation

/// A run that is over.
struct SimReport {
    let report: RunReport
    let changes: PlanChanges
    /// Processor time of the run and its judging.
    let nanoseconds: Int64

    init(_ report: RunReport, changes: PlanChanges, nanoseconds: Int64) {
        self.report = report
        self.changes = changes
        self.nanoseconds = nanoseconds
    }

    struct JSON: Encodable {
        let seed: UInt64
        let outcome: String
        let digest: String
        let plan: [String: String]
        let with: String
        let statistics: RunStatistics
        let probes: [String: Int]
        let faultsDrawn: Int
        let processorNanoseconds: Int64
        /// What is wrong: violations with the operations that show them, or what is pending.
        let findings: [String]
        let trace: [String]
    }

    var json: JSON {
        JSON(
            seed: report.plan.seed, outcome: "\(report.outcome)", digest: DigestText.hexadecimal(report.digest),
            plan: Dictionary(uniqueKeysWithValues: report.plan.lines.map { ($0.part, $0.text) }), with: "\(changes)",
            statistics: report.statistics, probes: report.probes.byName, faultsDrawn: report.faultsDrawn,
            processorNanoseconds: nanoseconds, findings: report.findings, trace: report.trace)
    }

    func lines(on output: Output) -> [String] {
        var lines = report.plan.lines.map { Self.row($0.part, $0.text, output) }
        lines.append("")
        lines += verdict(on: output)
        lines.append("")
        let figures = report.statistics
        lines.append(Self.row("digest", DigestText.hexadecimal(report.digest), output))
        lines.append(
            Self.row(
                "operations",
                "\(grouped(figures.operations)): \(grouped(figures.succeeded)) succeeded, \(grouped(figures.failed)) "
                    + "not applied, \(grouped(figures.unknown)) unknown", output))
        lines.append(
            Self.row(
                "time",
                "\(figures.virtualTime / 1_000_000) ms virtual (\(figures.safetyTime / 1_000_000) under faults), "
                    + "\(nanoseconds / 1_000_000) ms of a processor", output))
        lines.append(
            Self.row(
                "work",
                "\(grouped(figures.events)) events, \(grouped(figures.messages)) messages of \(grouped(figures.bytes)) "
                    + "bytes, \(grouped(figures.diskWork)) disk accesses", output))
        let happened = figures.faults.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        if !happened.isEmpty {
            lines.append(
                Self.row("happened", happened.map { "\($0.key) \($0.value)" }.joined(separator: ", "), output))
        }
        return lines
    }

    private func verdict(on output: Output) -> [String] {
        switch report.outcome {
        case .ok: [output.styled("ok", .bold, .green)]
        case .waitingForRefill: [output.styled("\(report.outcome)", .bold, .yellow)] + report.findings
        case .safety, .liveness: [output.styled("\(report.outcome)", .bold, .red)] + report.findings
        }
    }

    private static func row(_ name: String, _ text: String, _ output: Output) -> String {
        output.styled(name, .dim) + String(repeating: " ", count: max(1, 12 - name.count)) + text
    }
}

extension RunReport {
    /// What is wrong, in lines.
    var findings: [String] {
        switch verdict {
        case .ok: []
        case .safety(let violations):
            violations.flatMap { $0.excerpt(of: history).split(separator: "\n").map(String.init) }
        case .liveness(let pending): pending
        }
    }
}

/// Digests as people compare them.
enum DigestText {
    static func hexadecimal(_ digest: UInt64) -> String {
        let text = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
