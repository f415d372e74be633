// The stage of real processes: a cluster in a temporary directory, in which a scenario's timeline is played in real time.
// Whatever happens, no process and, unless it is to be kept, no file stays behind.

import ArgumentParser
import CoterieClient
import CoterieHistory
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieServer
import CoterieSimulation
import CoterieWire
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Plays scenarios on processes of this machine.
struct ProcessStage: Sendable {
    /// 0 takes free ports.
    var basePort = 0
    /// Whether data and logs are left behind.
    var keepsData = false
    /// The program that nodes are started with; nil: this one.
    var executable: String?
    /// Where progress is shown; nil: nowhere.
    var progress: Output?

    /// Plays one scenario. `Interrupted` is thrown after everything is cleared away.
    func play(_ scenario: Scenario, seed: UInt64, isTraced: Bool) async throws -> ScenarioResult {
        let cluster = try cluster(for: scenario)
        let signals = SignalWatch()
        do {
            let result = try await signals.interrupting {
                try await play(scenario, on: cluster, seed: seed, isTraced: isTraced)
            }
            await clear(cluster)
            return result
        } catch {
            await clear(cluster)
            throw error
        }
    }

    /// The cluster's definition and directory; nothing runs yet.
    private func cluster(for scenario: Scenario) throws -> LocalCluster {
        guard let base = basePort == 0 ? PortCheck.freeBasePort(nodes: scenario.cluster.nodes) : basePort else {
            throw CommandFailure(
                .unreachable, "found no \(2 * scenario.cluster.nodes) free ports in a row for the nodes")
        }
        let path = URL(fileURLWithPath: NSTemporaryDirectory())
            .appendingPathComponent("coterie-scenario-\(getpid())-\(base)").path
        let directory = LocalDirectory(path)
        let file = try ClusterFile(scenario, basePort: base)
        try directory.write(file)
        var cluster = LocalCluster(directory: directory, file: file)
        if let executable { cluster.executable = executable }
        return cluster
    }

    private func clear(_ cluster: LocalCluster) async {
        await cluster.kill(cluster.members)
        if keepsData {
            Output.error.line("data and logs are in \(cluster.directory.path)")
        } else {
            try? FileManager.default.removeItem(atPath: cluster.directory.path)
        }
    }

    private func play(
        _ scenario: Scenario, on cluster: LocalCluster, seed: UInt64, isTraced: Bool
    ) async throws -> ScenarioResult {
        let begin = ContinuousClock().now
        let startup = LocalStartup(cluster: cluster, output: .nowhere)
        try await startup.start(cluster.members)
        let layout = try Layout(first: cluster.file.cluster)
        let plan = scenario.workload ?? .nobody
        let clients = try BlackBoxClients(
            count: plan.clients, seeds: layout.members.map(\.peer), doors: layout.members.map(\.peer),
            clusterName: layout.clusterName)
        let recorder = HistoryRecorder(
            rules: layout.rules(isDurable: scenario.cluster.durability == .fsync), seed: seed)
        let play = ProcessPlay(
            scenario: scenario, plan: plan, cluster: cluster, layout: layout, clients: clients, recorder: recorder,
            seed: seed)
        do {
            try await CheckProgress(output: progress, recorder: recorder).during(scenario.title, seconds: nil) {
                try await play.run()
            }
            let result = try await judge(play, seed: seed, since: begin, isTraced: isTraced)
            await clients.close()
            return result
        } catch {
            await clients.close()
            throw error
        }
    }

    /// Heals everything, lets the cluster come to rest, and holds what was seen to the laws and the expectations.
    private func judge(
        _ play: ProcessPlay, seed: UInt64, since begin: ContinuousClock.Instant, isTraced: Bool
    ) async throws -> ScenarioResult {
        let scenario = play.scenario
        var result = ScenarioResult(scenario: scenario, stage: .processes, seed: seed)
        try await play.comeToRest()
        let final = await play.finalReading.read()
        try Task.checkCancellation()
        let history = play.recorder.history
        let verdict = BlackBoxVerdict(
            history, layout: play.layout, final: final, lostDisks: play.lostDisks,
            maximumSiblings: play.maximumSiblings)
        result.violations = verdict.violations.map { $0.excerpt(of: history) }
        result.pending = verdict.pending
        result.unmet = play.unmet(final.final)
        result.count(history)
        let elapsed = ContinuousClock().now - begin
        result.time = .milliseconds(Int64(elapsed.seconds * 1_000))
        if isTraced { result.trace = play.trace }
        return result
    }
}

extension Output {
    /// What is written here is dropped.
    static let nowhere = Output(descriptor: -1, isTerminal: false, environment: [:])
}

extension ClusterFile {
    /// A scenario's cluster on this machine: node i listens on the base port + i, and for HTTP on + 1000 + i.
    init(_ scenario: Scenario, basePort base: Int) throws {
        let cluster = scenario.cluster
        let members = (1 ... cluster.nodes).map { index in
            Member(
                number: MemberNumber(UInt32(index)), name: "n\(index)",
                zone: cluster.zones.indices.contains(index - 1) ? cluster.zones[index - 1] : Member.defaultZone,
                peer: Endpoint(host: "127.0.0.1", port: base + index),
                http: Endpoint(host: "127.0.0.1", port: base + 1_000 + index))
        }
        let given =
            cluster.settings.map { ($0.name, $0.value) } + [
                ("durability", SettingText.text(of: cluster.durability)), ("allowFaults", "true"),
            ]
        var settings: [SettingAssignment] = []
        for (name, value) in given {
            guard let setting = SettingsTable.named(name) else {
                throw CommandFailure(.badConfiguration, "\(scenario.path): a node has no setting \(name)")
            }
            settings.append(SettingAssignment(setting, value, origin: .byDefault))
        }
        self.init(
            cluster: ClusterDefinition(
                name: "scenario", partitions: cluster.partitions, replicas: cluster.replicas, members: members,
                bucketTypes: cluster.types.isEmpty ? nil : cluster.types),
            settings: settings)
    }
}
