// What came of one play, whichever stage played it: the same words, the same exit codes.

import CoteriePrimitives
import CoterieServer
import CoterieSimulation

/// One scenario, played once.
struct ScenarioResult {
    let scenario: Scenario
    let stage: ScenarioStage
    let seed: UInt64
    /// Promises that were broken, each with the operations that show it.
    var violations: [String] = []
    /// What has not come to rest.
    var pending: [String] = []
    var unmet: [UnmetExpectation] = []
    var requests = 0
    var ok = 0
    /// Definitely not applied.
    var refused = 0
    var unknown = 0
    /// How long it took by the clock of its stage.
    var time = TimeSpan.zero
    /// Lines, where they were asked for.
    var trace: [String] = []

    /// A broken promise is worse than an expectation that was not met.
    var status: ExitStatus {
        if !violations.isEmpty { return .promiseBroken }
        if !pending.isEmpty { return .notAtRest }
        return unmet.isEmpty ? .ok : .expectationFailed
    }

    /// One line on what was played, and what was found wrong.
    func lines(_ output: Output) -> [String] {
        let mark = status == .ok ? output.styled("ok", .green) : output.styled("FAILED", .bold, .red)
        let seconds = "\(time.milliseconds / 1_000).\(time.milliseconds % 1_000 / 100)"
        let clock = stage == .simulator ? "s of virtual time" : "s"
        var lines = [
            "\(mark)  \(scenario.title): seed \(seed), \(requests) requests (\(ok) ok, \(refused) refused, "
                + "\(unknown) unknown), \(seconds) \(clock)"
        ]
        guard status != .ok else { return lines }
        lines += violations.map { "  promise broken: \($0)" }
        lines += pending.map { "  not at rest: \($0)" }
        lines += unmet.map { "  \(scenario.path):\($0)" }
        lines.append(
            "  replay: \(ProgramName.text) scenario run \(LocalDirectory.shellQuoted(scenario.path)) "
                + "--on \(stage.rawValue) --seed \(seed) --trace")
        return lines
    }

    /// One JSON object on one line.
    var json: String {
        let texts: ([String]) -> String = { "[\($0.map(Self.quoted).joined(separator: ","))]" }
        let fields = [
            "\"file\":\(Self.quoted(scenario.path))", "\"title\":\(Self.quoted(scenario.title))",
            "\"stage\":\(Self.quoted(stage.rawValue))", "\"seed\":\(seed)", "\"status\":\(status.rawValue)",
            "\"verdict\":\(Self.quoted("\(status)"))", "\"requests\":\(requests)", "\"ok\":\(ok)",
            "\"refused\":\(refused)", "\"unknown\":\(unknown)", "\"milliseconds\":\(time.milliseconds)",
            "\"violations\":\(texts(violations))", "\"pending\":\(texts(pending))",
            "\"unmet\":\(texts(unmet.map(\.description)))",
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20: out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
