// Starts nodes and waits until they are ready, showing how far each one is. All or nothing: where one fails, those that
// were started are stopped again.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import NIOCore

/// Brings nodes up.
struct LocalStartup: Sendable {
    let cluster: LocalCluster
    let output: Output
    /// How long all of them may take; opening a large store takes its time.
    var patience = Duration.seconds(120)

    /// Starts those of `members` that do not run; returns when all of them answer. Throws a `CommandFailure` with the
    /// last log lines of the node that failed, or `CancellationError`; nothing that it started runs then.
    func start(_ members: [Member]) async throws {
        let toStart = members.filter { cluster.process(of: $0) == nil }
        for member in toStart { try cluster.checkPorts(of: member) }
        var started: [Member] = []
        do {
            for member in toStart {
                _ = try cluster.start(member)
                started.append(member)
            }
            try await waitUntilReady(members, started: Set(started.map(\.name)))
        } catch {
            await cluster.stop(started, patience: .seconds(5))
            throw error
        }
    }

    private func waitUntilReady(_ members: [Member], started: Set<String>) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        var progress = Progress(members: members, output: output)
        defer { progress.finish() }
        while true {
            for member in members where !progress.isReady(member) {
                try check(member, since: begin, clock: clock)
                if await answers(member) {
                    progress.setReady(member, after: clock.now - begin, wasRunning: !started.contains(member.name))
                }
            }
            progress.draw()
            if progress.isComplete { return }
            try Task.checkCancellation()
            await pause(.milliseconds(50))
        }
    }

    private func answers(_ member: Member) async -> Bool {
        guard let status = try? await AdminClient.status(at: member.http, timeout: .milliseconds(500)) else {
            return false
        }
        return status.node == member.name && status.cluster == cluster.file.cluster.name
    }

    /// Throws where the process has ended or takes too long.
    private func check(_ member: Member, since begin: ContinuousClock.Instant, clock: ContinuousClock) throws {
        let file = cluster.directory.pidFile(member.name)
        if cluster.process(of: member) == nil {
            let code = file.read().flatMap { LocalCluster.reap($0.pid) }
            let status = code.flatMap(ExitStatus.init(rawValue:)) ?? .failed
            let how = code.map { $0 > 128 ? "signal \($0 - 128)" : "exit code \($0), \(status)" } ?? "unknown exit code"
            throw CommandFailure(
                status == .ok ? .failed : status,
                tail(of: member, "\(member.name) ended while starting (\(how)); the last lines of its log:"))
        }
        guard clock.now - begin < patience else {
            throw CommandFailure(
                .unreachable,
                tail(of: member, "\(member.name) was not ready within \(patience.components.seconds) s; the last lines of its log:"))
        }
    }

    private func tail(of member: Member, _ title: String) -> String {
        let lines = cluster.directory.lastLines(of: member.name, 10).map { "  \($0)" }
        return ([title] + lines + ["all of it: \(cluster.directory.log(member.name))"]).joined(separator: "\n")
    }
}

/// The lines that show who is ready: redrawn in place on a terminal, one line as each becomes ready elsewhere.
private struct Progress {
    private let members: [Member]
    private let output: Output
    private var ready: [String: String] = [:]
    private var screen: LiveLines?
    private var turn = 0

    init(members: [Member], output: Output) {
        self.members = members
        self.output = output
        if output.isTerminal { screen = LiveLines(output) }
    }

    var isComplete: Bool { ready.count == members.count }

    func isReady(_ member: Member) -> Bool { ready[member.name] != nil }

    mutating func setReady(_ member: Member, after: Duration, wasRunning: Bool) {
        let seconds = Double(after.components.seconds) + Double(after.components.attoseconds) / 1e18
        let text = wasRunning ? "runs already" : "ready after \(LocalStatusTable.decimal(seconds, digits: 2)) s"
        ready[member.name] = text
        if screen == nil { output.line("\(member.name)  \(text)  peer \(member.peer)  http \(member.http)") }
    }

    mutating func draw() {
        guard screen != nil else { return }
        turn += 1
        let spinner = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
        let lines = members.map { member in
            let mark = ready[member.name] == nil
                ? output.styled(String(spinner[turn % spinner.count]), .yellow) : output.styled("✓", .green)
            return "\(mark) \(member.name)  \(ready[member.name] ?? "starting")"
        }
        screen?.draw(lines)
    }

    mutating func finish() { screen?.leave() }
}
