// The foreground of `coterie local up`: how the nodes live, until a signal ends it. Redrawn in place on a terminal; a line
// for each change elsewhere.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer

/// Watches a running cluster and stops it in the end.
struct LocalWatch: Sendable {
    let cluster: LocalCluster
    let output: Output
    /// How often the nodes are looked at.
    var interval = TimeSpan.milliseconds(1_000)

    /// Returns once the nodes are stopped: by a signal, or because all of them were stopped from elsewhere.
    func run(until signals: SignalWatch) async throws {
        do {
            try await signals.interrupting { try await watch() }
            output.line("all nodes were stopped from elsewhere")
        } catch is Interrupted {
            try await stop(signals)
        }
    }

    private func watch() async throws {
        var view = LocalLiveView(output: output)
        defer { view.leave() }
        while !Task.isCancelled {
            reap()
            let status = await cluster.status()
            if Task.isCancelled { return }
            view.show(status, at: ContinuousClock().now)
            // Killed nodes may come back; a cluster of which every node was asked to stop is over.
            if status.nodes.allSatisfy({ $0.state == .stopped }) { return }
            try? await Task.sleep(for: .nanoseconds(interval.nanoseconds))
        }
    }

    /// Takes the exit statuses of nodes that ended, so that none stays behind as a zombie.
    private func reap() {
        for member in cluster.members {
            guard let process = cluster.directory.pidFile(member.name).read(), process.state == .gone else { continue }
            _ = LocalCluster.reap(process.pid)
        }
    }

    /// Stops all nodes; a second signal kills them.
    private func stop(_ signals: SignalWatch) async throws {
        output.line("stopping \(cluster.members.count) nodes (again to kill them) …")
        let stream = signals.listen()
        let killed = await withTaskGroup(of: [String]?.self) { group in
            group.addTask { await cluster.stop(cluster.members) }
            group.addTask {
                for await _ in stream {
                    await cluster.kill(cluster.members)
                    return nil
                }
                return nil
            }
            while let result = await group.next() {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            return []
        }
        if !killed.isEmpty {
            output.line("\(killed.joined(separator: ", ")) did not stop in time and had to be killed")
        }
        output.line(
            "stopped; the data stays in \(cluster.directory.path) "
                + "(coterie local up\(cluster.directory.flag) resumes)")
    }
}

/// What is shown of one look after another.
struct LocalLiveView {
    private let output: Output
    private var screen: LiveLines?
    private var states: [String: LocalStatus.State] = [:]
    private var meter = RateMeter()

    init(output: Output) {
        self.output = output
        if output.isTerminal { screen = LiveLines(output) }
    }

    mutating func show(_ status: LocalStatus, at now: ContinuousClock.Instant) {
        let rates = meter.rates(of: status, at: now)
        if screen != nil {
            let total = rates.values.reduce(0, +)
            let inFlight = status.nodes.compactMap { $0.status?.requestsInFlight }.reduce(0, +)
            let alive = status.nodes.count { $0.state == .alive }
            let summary =
                output.styled("\(alive)/\(status.nodes.count) alive", status.isWhole ? .green : .yellow)
                + "  \(LocalStatusTable.rate(total)) requests/s  \(inFlight) in flight"
            screen?.draw(LocalStatusTable(output: output).lines(of: status, rates: rates) + [summary])
        } else {
            for node in status.nodes where states[node.name] != node.state {
                if let before = states[node.name] {
                    output.line("\(node.name)  \(before.rawValue) -> \(node.state.rawValue)")
                }
                states[node.name] = node.state
            }
        }
    }

    mutating func leave() { screen?.leave() }
}

/// Requests a second from counts at two moments.
struct RateMeter {
    private var last: [String: (count: Int, uptime: Int64, at: ContinuousClock.Instant)] = [:]

    /// By node; a node that does not answer, or was not there at the last look, has none.
    mutating func rates(of status: LocalStatus, at now: ContinuousClock.Instant) -> [String: Double] {
        var rates: [String: Double] = [:]
        var seen: [String: (count: Int, uptime: Int64, at: ContinuousClock.Instant)] = [:]
        for node in status.nodes {
            guard let own = node.status else { continue }
            let count = own.latencies.values.map(\.count).reduce(0, +)
            // A count that went back, or a younger process: it was restarted in between.
            if let before = last[node.name], before.count <= count, before.uptime <= own.uptimeMilliseconds {
                let span = now - before.at
                let seconds = Double(span.components.seconds) + Double(span.components.attoseconds) / 1e18
                if seconds > 0 { rates[node.name] = Double(count - before.count) / seconds }
            }
            seen[node.name] = (count, own.uptimeMilliseconds, now)
        }
        last = seen
        return rates
    }
}
