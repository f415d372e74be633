// One line on the terminal that moves while a run goes on.

import CoteriePrimitives
import Histogram

/// Shows what the crew has done twice a second.
struct BenchProgress {
    let isShown: Bool
    let crew: BenchCrew

    /// Runs `body`; the line is gone when it ends.
    mutating func during<Result: Sendable>(
        _ title: String, goal: Int?, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        guard isShown else { return try await body() }
        let crew = crew
        let painter = Task {
            var lines = LiveLines(.error)
            let clock = ContinuousClock()
            let start = clock.now
            var last = start
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(500))
                guard !Task.isCancelled, let interval = try? await crew.takeInterval() else { break }
                let now = clock.now
                lines.draw([
                    Self.line(title, interval, goal: goal, over: last.duration(to: now), at: start.duration(to: now))
                ])
                last = now
            }
            lines.erase()
            lines.leave()
        }
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

    static func line(
        _ title: String, _ interval: BenchInterval, goal: Int?, over span: Duration, at elapsed: Duration
    ) -> String {
        let output = Output.error
        let rate = Double(interval.operations) / max(span.seconds, 0.001)
        var parts = ["\(Int(elapsed.seconds)) s", "\(grouped(Int(rate))) requests/s"]
        if interval.latencies.totalCount > 0 {
            let (p50, p99) = (interval.latencies.valueAtPercentile(50), interval.latencies.valueAtPercentile(99))
            parts.append("p50 \(BenchReport.milliseconds(p50)) ms, p99 \(BenchReport.milliseconds(p99)) ms")
        }
        if let goal { parts.append("\(min(100, interval.total * 100 / max(goal, 1))) %") }
        if interval.failures > 0 { parts.append(output.styled("\(grouped(interval.failures)) failed", .red)) }
        return output.styled(title, .dim) + "  " + parts.joined(separator: "  ")
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
