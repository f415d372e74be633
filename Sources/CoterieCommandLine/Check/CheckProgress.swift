// How far a run on a real cluster is, on a terminal.

import Foundation

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
