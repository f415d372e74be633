// The part of a swarm that simulates: a process of its own, so that code that traps takes one worker along, and the
// swarm knows whose seed it was. Each seed's result is one line, in the order of the seeds.

import ArgumentParser
import CoterieSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

struct SwarmWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Simulate every n-th seed; one JSON line for each.",
        shouldDisplay: false)

    @Option var from: UInt64
    @Option var step: UInt64
    @Option var count: UInt64?
    @OptionGroup var flags: SimFlags
    @Option(transform: { try PlanChanges(parsing: $0) }) var with = PlanChanges()
    /// Every n-th seed runs twice; 0: none.
    @Option var twice: UInt64 = 0
    /// Invariants are checked in every n-th seed; 0: in none.
    @Option var checked: UInt64 = 0

    func run() throws {
        // Ctrl-C reaches the whole group of processes: when to end is the swarm's to say.
        signal(SIGINT, SIG_IGN)
        var seed = from
        var left = count ?? .max
        while left > 0 {
            guard Self.say(try JSONText.of(line(for: seed))) else { return }
            seed += step
            left -= 1
        }
    }

    private func line(for seed: UInt64) throws -> SeedLine {
        if seed == flags.trapAt { fatalError("seed \(seed) traps, as it was told to") }
        var options = flags.options
        if checked > 0, seed % checked == 0 { options.checkEvery = 64 }
        let plan = RunPlan(seed: seed, options: options).changed(by: with)
        let started = ProcessorClock.now
        let report = try SimulationRun.judged(plan, options)
        var line = SeedLine(report, nanoseconds: ProcessorClock.now - started)
        guard twice > 0, seed % twice == 0 else { return line }
        let again = try SimulationRun.judged(plan, options)
        line.ranTwice = true
        line.nanoseconds = ProcessorClock.now - started
        if again.digest != report.digest || again.statistics != report.statistics {
            line.kind = .determinism
            line.outcome = "determinism"
            line.findings = [
                "two runs differ: digests \(line.digest) and \(DigestText.hexadecimal(again.digest)), "
                    + "events \(report.statistics.events) and \(again.statistics.events)"
            ]
        }
        return line
    }

    /// Writes a line; false where nobody reads any more.
    private static func say(_ text: String) -> Bool {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
