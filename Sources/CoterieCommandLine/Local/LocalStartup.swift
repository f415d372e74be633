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
    /// What stands in front of each line.
    var indent = ""
    /// How long all of them may take to answer; opening a large store takes its time.
    var patience = Duration.seconds(120)
    /// How long to wait for a node that answers to serve: one whose store is empty asks its peers first, and may have to
    /// be refilled. After that it is left to it.
    var servingPatience = Duration.seconds(10)

    /// Starts those of `members` that do not run; returns when all of them answer, and serve or have had their time to.
    /// Throws a `CommandFailure` with the last log lines of the node that failed, or `CancellationError`; nothing that it
    /// started runs then.
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
        var answering: [String: ContinuousClock.Instant] = [:]
        var progress = StartupProgress(members: members, output: output, indent: indent)
        defer { progress.finish() }
        while true {
            for member in members where !progress.isReady(member) {
                try check(member, since: begin, clock: clock)
                guard let service = await service(of: member) else { continue }
                let since = answering[member.name] ?? clock.now
                answering[member.name] = since
                if service == "serving" {
                    progress.setReady(member, after: clock.now - begin, wasRunning: !started.contains(member.name))
                } else if clock.now - since > servingPatience {
                    progress.setUnready(member, service)
                } else {
                    progress.setService(member, service)
                }
            }
            progress.draw()
            if progress.isComplete { return }
            try Task.checkCancellation()
            await pause(.milliseconds(50))
        }
    }

    /// What a node says that it does; nil where it does not answer.
    private func service(of member: Member) async -> String? {
        guard let status = try? await AdminClient.status(at: member.http, timeout: .milliseconds(500)),
            status.node == member.name, status.cluster == cluster.file.cluster.name
        else { return nil }
        return status.service
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
                tail(
                    of: member,
                    "\(member.name) was not ready within \(patience.components.seconds) s; the last lines of its log:"))
        }
    }

    private func tail(of member: Member, _ title: String) -> String {
        let lines = cluster.directory.lastLines(of: member.name, 10).map { "  \($0)" }
        return ([title] + lines + ["all of it: \(cluster.directory.log(member.name))"]).joined(separator: "\n")
    }
}
