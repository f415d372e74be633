// One play of a timeline on a running cluster: each step when the one before it is done and its time has come.

import CoterieCausality
import CoterieClient
import CoterieHTTP
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieSimulation
import CoterieWire
import NIOCore
import Synchronization

/// Plays a scenario's timeline in real time.
final class ProcessPlay: Sendable {
    let scenario: Scenario
    let cluster: LocalCluster
    let layout: Layout
    let clients: BlackBoxClients
    let recorder: HistoryRecorder
    let load: BlackBoxLoad
    let network: NetworkFaultBook
    let state = Mutex(State())
    private let begin = ContinuousClock().now

    struct State {
        /// By the names of their steps.
        var answers: [String: StepAnswer] = [:]
        /// What steps have written, by the names they gave it.
        var values: [ValueID: String] = [:]
        /// By name, under which number each session is recorded.
        var processes: [String: ProcessNumber] = [:]
        /// Requests that are under way, by session.
        var underWay: [String: Task<Void, Never>] = [:]
        /// What ends or undoes a fault later.
        var pending: [Task<Void, Never>] = []
        var unmet: [UnmetExpectation] = []
        var wiped: Set<MemberNumber> = []
        var trace: [String] = []
        var loadIsDone = false
        /// A fault that could not be played ends the play.
        var failure: (any Error)?
    }

    init(
        scenario: Scenario, plan: WorkloadPlan, cluster: LocalCluster, layout: Layout, clients: BlackBoxClients,
        recorder: HistoryRecorder, seed: UInt64
    ) {
        self.scenario = scenario
        self.cluster = cluster
        self.layout = layout
        self.clients = clients
        self.recorder = recorder
        network = NetworkFaultBook(faults: ClusterFaults(cluster: cluster), seed: seed)
        load = BlackBoxLoad(
            source: RequestSource(plan: plan, layout: layout, bucket: ScenarioKey.bucket), recorder: recorder,
            clients: clients,
            operations: plan.operations)
    }

    // MARK: The play

    /// Returns when the timeline is over and every request has its answer.
    func run() async throws {
        let loading = Task {
            await load.run()
            state.withLock { $0.loadIsDone = true }
        }
        let timing = Task { [duration = load.source.plan.duration] in
            guard let duration else { return }
            try? await Task.sleep(for: .nanoseconds(duration.nanoseconds))
            if !Task.isCancelled { load.stop() }
        }
        do {
            try await playTimeline()
            try await wait(until: ContinuousClock().now + .seconds(300)) { self.loadIsDone }
            if !loadIsDone { note("the workload did not end in time and is stopped") }
        } catch {
            await end(loading, timing, cancelling: true)
            throw error
        }
        await end(loading, timing, cancelling: false)
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Ends the load, and what would be undone later: from here on everything is healed at once.
    private func end(_ loading: Task<Void, Never>, _ timing: Task<Void, Never>, cancelling: Bool) async {
        timing.cancel()
        load.stop()
        let (requests, later) = state.withLock { ($0.underWay.values.map { $0 }, $0.pending) }
        for task in later { task.cancel() }
        if cancelling {
            loading.cancel()
            for task in requests { task.cancel() }
        }
        await loading.value
        for task in requests { await task.value }
        for task in later { await task.value }
    }

    private var loadIsDone: Bool { state.withLock { $0.loadIsDone } }

    private func playTimeline() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var last = start
        for (index, step) in scenario.timeline.enumerated() {
            let due: ContinuousClock.Instant =
                switch step.time {
                case .now: clock.now
                case .at(let span): start + .nanoseconds(span.nanoseconds)
                case .after(let span): last + .nanoseconds(span.nanoseconds)
                }
            if due > clock.now { try await Task.sleep(until: due, clock: clock) }
            try Task.checkCancellation()
            if let failure = state.withLock({ $0.failure }) { throw failure }
            note("line \(step.place.line): \(step.action.line)")
            guard try await play(step, index) else { return }
            last = clock.now
        }
    }

    /// False where the timeline cannot go on: what would follow a wait in vain would be another story.
    private func play(_ step: Step, _ index: Int) async throws -> Bool {
        switch step.action {
        case .faults(let faults): for fault in faults { try await perform(fault) }
        case .slowLink(let one, let other, let delay, let rate, let during):
            try await lasting(during) { try await self.slow(one, other, delay, rate) }
        case .restart(let members):
            for member in try members.map(member) {
                await cluster.stop([member])
                try start(member)
            }
        case .resume(let members): for member in try members.map(member) { try await resume(member) }
        case .heal(let scope): try await heal(scope)
        case .request(let request): return try await ask(request, step)
        case .await(let condition, let within):
            let deadline = ContinuousClock().now + .nanoseconds(within.nanoseconds)
            guard try await wait(until: deadline, { await self.holds(condition) }) else {
                miss("waited \(SettingText.text(of: within)) in vain: \(condition)", at: step.place)
                return false
            }
        }
        return true
    }

    func miss(_ text: String, at place: Place) {
        note("not as expected: \(text)")
        state.withLock { $0.unmet.append(UnmetExpectation(text, at: place)) }
    }

    func note(_ text: String) {
        let seconds = (ContinuousClock().now - begin).seconds
        let stamp = String(Int(seconds * 1_000))
        let padding = String(repeating: " ", count: max(0, 8 - stamp.count))
        state.withLock { $0.trace.append("\(padding)\(stamp) ms  \(text)") }
    }

    var trace: [String] { state.withLock { $0.trace } }

    /// Polls; false where the condition does not hold in time.
    @discardableResult
    func wait(
        until deadline: ContinuousClock.Instant, _ holds: @Sendable () async -> Bool
    ) async throws -> Bool {
        while !(await holds()) {
            if ContinuousClock().now >= deadline { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    func member(_ number: MemberNumber) throws -> Member {
        guard let member = layout.member(number) else {
            throw CommandFailure(.usage, "\(scenario.path): there is no node \(number)")
        }
        return member
    }

    // MARK: Conditions

    private func holds(_ condition: AwaitCondition) async -> Bool {
        switch condition {
        case .allServe: return await serving().count == cluster.members.count
        case .serves(let number): return await serving().contains(number)
        case .isDown(let number):
            guard let member = layout.member(number) else { return false }
            return cluster.process(of: member) == nil
        case .allConnected: return await upMembersAreConnected()
        case .isSeen(let number, let status): return await isSeen(number, "\(status)")
        case .allKeysEqual: return await finalReading.ownersAgree()
        case .noHints: return await noHintsAreLeft()
        case .workloadDone: return loadIsDone
        case .requests(let count): return recorder.tally.requests >= count
        case .answer(let name): return state.withLock { $0.answers[name] != nil }
        }
    }

    private func noHintsAreLeft() async -> Bool {
        let status = await cluster.status(timeout: .milliseconds(500))
        return status.nodes.allSatisfy { $0.status?.hints.isEmpty == true }
    }

    private func serving() async -> Set<MemberNumber> {
        let status = await cluster.status(timeout: .milliseconds(500))
        return Set(status.nodes.filter { $0.status?.service == "serving" }.map { MemberNumber($0.number) })
    }

    /// Whether every other node that answers sees it so.
    private func isSeen(_ number: MemberNumber, _ state: String) async -> Bool {
        let status = await cluster.status(timeout: .milliseconds(500))
        let others = status.nodes.filter { MemberNumber($0.number) != number }.compactMap(\.status)
        return !others.isEmpty
            && others.allSatisfy { own in
                own.peers.first { MemberNumber($0.number) == number }?.state.rawValue == state
            }
    }

    private func upMembersAreConnected() async -> Bool {
        let status = await cluster.status(timeout: .milliseconds(500))
        let up = status.nodes.filter { $0.pid != nil }
        let names = Set(up.map(\.name))
        return up.allSatisfy { node in
            guard let own = node.status else { return false }
            return Set(own.peers.filter(\.connected).map(\.name)).isSuperset(of: names.subtracting([node.name]))
        }
    }

    // MARK: The end

    /// Ends all faults and waits until every node serves and is connected.
    func comeToRest() async throws {
        note("all faults are healed")
        try await heal(.all)
        let startup = LocalStartup(cluster: cluster, output: .nowhere, servingPatience: .seconds(60))
        try await startup.start(cluster.members)
        try await wait(until: ContinuousClock().now + .seconds(60)) { await self.upMembersAreConnected() }
        note("hints are delivered")
        try await wait(until: ContinuousClock().now + .seconds(60)) { await self.noHintsAreLeft() }
    }

    var finalReading: FinalReading {
        FinalReading(keys: keys, layout: layout, recorder: nil, clients: clients)
    }

    /// Those of the workload, and those that only steps name.
    private var keys: [ObjectKey] {
        var keys = load.source.keys
        let named =
            scenario.timeline.compactMap { step -> ObjectKey? in
                if case .request(let request) = step.action { request.key.objectKey } else { nil }
            } + scenario.expectations.keys.map(\.key.objectKey)
        for key in named where !keys.contains(key) { keys.append(key) }
        return keys
    }

    /// Each in its turn: whoever is wiped is refilled before the next one is.
    var lostDisks: Int { state.withLock { $0.wiped.isEmpty ? 0 : 1 } }

    var maximumSiblings: Int {
        let text = scenario.cluster.settings.last { $0.name == "limits.maxSiblings" }?.value
        return (text.flatMap { Int($0) } ?? Limits().maxSiblings) * layout.replicas
    }

    /// What the scenario expected and did not find.
    func unmet(_ final: FinalState) -> [UnmetExpectation] {
        let (steps, missed, values) = state.withLock { (Set($0.processes.values), $0.unmet, $0.values) }
        let unmet = scenario.expectations.unmet(by: recorder.history, except: steps, probes: nil) { key in
            final[key.objectKey].map { reply in
                let names = (reply.siblings ?? []).map { $0.value.flatMap { values[$0] } ?? "?" }
                return ObservedAnswer(names.isEmpty ? .notFound : .ok, values: names)
            }
        }
        return (missed + unmet).sorted { $0.place < $1.place }
    }
}
