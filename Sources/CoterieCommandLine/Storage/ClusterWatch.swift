// Whether a cluster of real processes has healed, what that moved, and whether owners hold the same bytes.

import CoterieClient
import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire
import Foundation
import NIOCore

/// Looks at all nodes of a local cluster.
struct ClusterWatch: Sendable {
    let cluster: LocalCluster
    /// Where is told, once a second, what is not healed yet; nil: nowhere.
    var output: Output?

    /// What the nodes have sent each other since their starts, in bytes. Counted at the sending side: each byte once.
    func sentBytes() async -> Int { await sum { $0.network["peer_bytes_out"] ?? 0 } }

    func counter(_ name: String) async -> Int { await sum { $0.counters[name] ?? 0 } }

    private func sum(_ figure: (NodeStatus) -> Int) async -> Int {
        await cluster.status().nodes.compactMap(\.status).map(figure).reduce(0, +)
    }

    /// Starts a node; returns when it serves.
    func start(_ member: Member) async throws {
        _ = try cluster.start(member)
        while (try? await AdminClient.status(at: member.http, timeout: .seconds(1)))?.service != "serving" {
            guard cluster.process(of: member) != nil else { throw CommandFailure(.failed, "\(member.name) has ended") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// What still differs from a healed cluster; empty where nothing does.
    func unhealed() async -> [String] {
        let status = await cluster.status()
        var left: [String] = []
        for node in status.nodes {
            guard let told = node.status else {
                left.append("\(node.name) does not answer")
                continue
            }
            if told.service != "serving" { left.append("\(node.name) is \(told.service)") }
            let apart = told.peers.filter { !$0.connected || $0.state != .alive }.map(\.name)
            if !apart.isEmpty { left.append("\(node.name) does not see \(apart.joined(separator: ", "))") }
            let hints = told.hints.map(\.count).reduce(0, +)
            if hints > 0 { left.append("\(node.name) keeps \(hints) hints") }
            let lacked = told.exchange["lacked_events"] ?? 0
            if lacked > 0 { left.append("\(node.name) lacks \(lacked) events") }
        }
        return left
    }

    /// When the cluster had healed: no hints, nothing lacking, everybody connected; and still so an interval of adverts
    /// later, which is when this returns.
    @discardableResult
    func heals(within patience: Duration) async throws -> ContinuousClock.Instant {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        var calm: ContinuousClock.Instant?
        var told = clock.now
        while true {
            let left = await unhealed()
            if let output, !left.isEmpty, clock.now - told >= .seconds(1) {
                told = clock.now
                output.line("  " + left.joined(separator: ", "))
            }
            if left.isEmpty {
                if let since = calm, clock.now - since > .milliseconds(1_200) { return since }
                calm = calm ?? clock.now
            } else {
                calm = nil
            }
            guard clock.now < deadline else {
                throw CommandFailure(.notAtRest, "not healed in time: \(left.joined(separator: "; "))")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Keys whose owners, each asked alone, do not answer the same bytes.
    func unequal(_ keys: [ObjectKey]) async throws -> [ObjectKey] {
        let layout = try Layout(first: cluster.file.cluster)
        let members = cluster.members.map(\.peer)
        let clients = try BlackBoxClients(
            count: 0, seeds: members, doors: members, clusterName: cluster.file.cluster.name)
        let readers = 16
        let unequal = await withTaskGroup(of: [ObjectKey].self) { group in
            for reader in 0 ..< readers {
                group.addTask {
                    let share = stride(from: reader, to: keys.count, by: readers).map { keys[$0] }
                    var found: [ObjectKey] = []
                    for key in share {
                        let one = FinalReading(keys: [key], layout: layout, recorder: nil, clients: clients)
                        if await !one.ownersAgree() { found.append(key) }
                    }
                    return found
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        await clients.close()
        return unequal.sorted()
    }
}
