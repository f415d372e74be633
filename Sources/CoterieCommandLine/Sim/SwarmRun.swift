// A swarm: one worker process for each job, each with every n-th seed. One task hears them all, so nothing here
// needs a lock.

import CoterieServer
import CoterieSimulation
import Foundation

/// What a swarm shall do.
struct SwarmPlan: Sendable {
    var first: UInt64 = 1
    /// Nil: until the time is over.
    var seeds: UInt64?
    var span: Duration?
    var jobs = 1
    var flags: [String] = []
    var changes = PlanChanges()
    var stopsAtFirst = false
    /// Every n-th seed runs twice.
    var twice: UInt64 = 20
    /// Invariants are checked at every so many ticks in every n-th seed.
    var checked: UInt64 = 16
    /// A seed that takes longer than this hangs.
    var patience = Duration.seconds(300)
}

/// What came of it.
struct SwarmOutcome: Sendable {
    var tally = SwarmTally()
    var elapsed = Duration.zero
    var wasInterrupted = false
}

/// Runs a swarm.
final class SwarmRun {
    private enum Event: Sendable {
        case child(Int, ChildLines.Event)
        case clock
        case interrupted
    }

    private struct Job {
        var child: ChildLines?
        /// The seed that it is at.
        var seed: UInt64
        var heard: ContinuousClock.Instant
        /// It was ended for taking too long.
        var hangs = false
    }

    private let plan: SwarmPlan
    private let showsProgress: Bool
    private var outcome = SwarmOutcome()
    private var jobs: [Job] = []
    private var isEnding = false
    private let clock = ContinuousClock()
    private let started: ContinuousClock.Instant
    private let (events, continuation) = AsyncStream<Event>.makeStream()

    init(_ plan: SwarmPlan, showsProgress: Bool) {
        self.plan = plan
        self.showsProgress = showsProgress
        started = clock.now
    }

    /// Until all seeds are done, the time is over, the first failure where that is asked for, or Ctrl-C.
    func run() async throws -> SwarmOutcome {
        let continuation = continuation
        let watch = SignalWatch()
        let signals = Task {
            for await _ in watch.listen() { continuation.yield(.interrupted) }
        }
        let ticks = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(250))
                continuation.yield(.clock)
            }
        }
        defer {
            signals.cancel()
            ticks.cancel()
        }
        for number in 0 ..< plan.jobs {
            jobs.append(Job(child: nil, seed: plan.first &+ UInt64(number), heard: clock.now))
            try start(number)
        }
        var lines = LiveLines(.error)
        for await event in events {
            try take(event)
            if showsProgress, case .clock = event { lines.draw([progress]) }
            if jobs.allSatisfy({ $0.child == nil }) { break }
        }
        if showsProgress {
            lines.erase()
            lines.leave()
        }
        outcome.elapsed = started.duration(to: clock.now)
        return outcome
    }

    /// Seeds of a job that are left, from the one that it is at.
    private func left(_ job: Int) -> UInt64? {
        guard let seeds = plan.seeds else { return nil }
        let offset = jobs[job].seed &- plan.first
        return offset >= seeds ? 0 : (seeds - offset + UInt64(plan.jobs) - 1) / UInt64(plan.jobs)
    }

    private func start(_ number: Int) throws {
        let left = left(number)
        guard left != 0, !isEnding else { return }
        var arguments = [
            "sim", "worker", "--from", "\(jobs[number].seed)", "--step", "\(plan.jobs)", "--twice", "\(plan.twice)",
            "--checked", "\(plan.checked)",
        ]
        if let left { arguments += ["--count", "\(left)"] }
        if !plan.changes.isEmpty { arguments += ["--with", "\(plan.changes)"] }
        jobs[number].heard = clock.now
        let continuation = continuation
        jobs[number].child = try ChildLines(arguments: arguments + plan.flags) {
            continuation.yield(.child(number, $0))
        }
    }

    private func take(_ event: Event) throws {
        switch event {
        case .child(let number, .line(let text)):
            let line: SeedLine
            do {
                line = try JSONDecoder().decode(SeedLine.self, from: Data(text.utf8))
            } catch {
                throw CommandFailure(.internalFault, "a worker of the simulator says what nobody understands: \(text)")
            }
            jobs[number].heard = clock.now
            jobs[number].seed = line.seed &+ UInt64(plan.jobs)
            add(line)
        case .child(let number, .ended(let ending)): try ended(number, ending)
        case .clock: lookAtTheClock()
        case .interrupted:
            outcome.wasInterrupted = true
            end()
        }
    }

    private func add(_ line: SeedLine) {
        // What comes after the first failure is not asked for.
        guard !isEnding || outcome.wasInterrupted || !plan.stopsAtFirst else { return }
        outcome.tally.add(line)
        if line.kind.isFailure, plan.stopsAtFirst { end() }
    }

    private func ended(_ number: Int, _ ending: ChildLines.Ending) throws {
        jobs[number].child = nil
        guard !isEnding else { return }
        if ending.isSignal {
            let seed = jobs[number].seed
            let what =
                jobs[number].hangs
                ? "the run had not ended after \(plan.patience)"
                : "the simulating process died of signal \(ending.status)"
            jobs[number].hangs = false
            jobs[number].seed = seed &+ UInt64(plan.jobs)
            add(SeedLine(crashed: seed, [what] + ending.errors))
            try start(number)
        } else if ending.status != 0 {
            end()
            throw CommandFailure(
                ExitStatus(rawValue: ending.status) ?? .internalFault, ending.errors.joined(separator: "\n"))
        }
    }

    private func lookAtTheClock() {
        if let span = plan.span, started.duration(to: clock.now) >= span { end() }
        for number in jobs.indices where jobs[number].child != nil {
            guard jobs[number].heard.duration(to: clock.now) > plan.patience else { continue }
            jobs[number].hangs = true
            jobs[number].child?.kill()
        }
    }

    private func end() {
        isEnding = true
        for job in jobs { job.child?.kill() }
    }

    // MARK: Progress

    private var progress: String {
        let elapsed = started.duration(to: clock.now).seconds
        let tally = outcome.tally
        let output = Output.error
        let share =
            if let seeds = plan.seeds, seeds > 0 {
                Double(tally.seeds) / Double(seeds)
            } else if let span = plan.span {
                elapsed / max(span.seconds, 0.001)
            } else {
                0.0
            }
        let width = 24
        let full = min(width, Int(share * Double(width)))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
        var parts = [
            "\(bar) \(grouped(tally.seeds))" + (plan.seeds.map { "/\(grouped(Int($0)))" } ?? "") + " seeds",
            "\(grouped(Int(Double(tally.seeds) / max(elapsed, 0.001)))) seeds/s",
            "\(grouped(Int(Double(tally.simulated) / max(elapsed, 0.001)))) operations/s",
        ]
        let failed = tally.failures.count
        parts.append(failed == 0 ? "0 failed" : output.styled("\(failed) failed", .red))
        if share > 0, share < 1 { parts.append("\(Int(elapsed / share * (1 - share))) s left") }
        return parts.joined(separator: "  ")
    }
}
