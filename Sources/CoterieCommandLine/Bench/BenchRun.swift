// A run from the first connection to the report.

import CoterieCausality
import CoterieClient
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire
import NIOCore
import NIOPosix

/// Connects, loads, warms up, measures.
struct BenchRun {
    let plan: BenchPlan
    let processes: [NodeProcess]
    let showsProgress: Bool

    func perform() async throws -> BenchReport {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
        do {
            let report = try await perform(on: group)
            try await group.shutdownGracefully()
            return report
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func perform(on group: MultiThreadedEventLoopGroup) async throws -> BenchReport {
        let keys = KeySpace(plan)
        let plan = plan
        var workers: [BenchWorker] = []
        var loops = group.makeIterator()
        for number in 0 ..< plan.threads {
            guard let loop = loops.next() else { break }
            workers.append(
                try await loop.submit {
                    let client = LoopClient(seeds: plan.seeds, settings: plan.clientSettings, eventLoop: loop)
                    client.start()
                    return BenchWorker(plan, keys, number: number, client: client)
                }.get())
        }
        let crew = BenchCrew(workers: workers)
        do {
            let report = try await measure(crew)
            try await crew.close()
            return report
        } catch {
            try? await crew.close()
            throw error
        }
    }

    private func measure(_ crew: BenchCrew) async throws -> BenchReport {
        let layout = try await crew.connect(atMost: plan.clientSettings.connectTimeout * 2)
        var progress = BenchProgress(isShown: showsProgress, crew: crew)
        let signals = SignalWatch()
        if plan.preloads {
            let crew = crew
            let keyCount = plan.keys
            try await progress.during("loading \(grouped(keyCount)) keys", goal: keyCount) {
                try await signals.interrupting { try await crew.load() }
            }
        }
        let outcome = try await progress.during(plan.title, goal: plan.count) { [plan, processes] in
            try await crew.run(plan, processes, signals)
        }
        return BenchReport(plan: plan, layout: layout, processes: processes, outcome: outcome)
    }
}

/// What was measured, and in which time.
struct BenchOutcome: Sendable {
    var record: BenchRecord
    var measured: TimeSpan
    var before: ProcessorSample
    var after: ProcessorSample
    var isInterrupted: Bool
}

/// All workers of a run.
struct BenchCrew: Sendable {
    let workers: [BenchWorker]

    /// Waits until every node of the layout is connected, or for a while; fails where none is.
    func connect(atMost patience: TimeSpan) async throws -> Layout? {
        let clock = ContinuousClock()
        let deadline = clock.now + .nanoseconds(patience.nanoseconds)
        while true {
            var states: [(isReady: Bool, trouble: String?)] = []
            for worker in workers {
                let state = try await worker.client.eventLoop.submit {
                    (isReady: worker.client.isFullyConnected, trouble: worker.client.connectionTrouble)
                }.get()
                states.append(state)
            }
            if states.allSatisfy(\.isReady) { break }
            if let trouble = states.compactMap(\.trouble).first {
                throw CommandFailure(.unreachable, trouble)
            }
            if clock.now >= deadline { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        guard let first = workers.first else { return nil }
        return try await first.client.eventLoop.submit { first.client.layout }.get()
    }

    func load() async throws {
        do {
            var known: [VersionVector] = []
            for loading in workers.map({ worker in worker.client.eventLoop.flatSubmit { worker.load() } }) {
                let seen = try await loading.get()
                if known.isEmpty {
                    known = seen
                } else {
                    for index in known.indices where known[index].isEmpty { known[index] = seen[index] }
                }
            }
            let all = known
            for worker in workers { try await worker.client.eventLoop.submit { worker.know(all) }.get() }
        } catch let failure as Failure {
            throw CommandFailure(.failed, "the keys cannot be loaded: \(failure)")
        }
    }

    /// Warms up and measures. A signal ends the measurement early.
    func run(_ plan: BenchPlan, _ processes: [NodeProcess], _ signals: SignalWatch) async throws -> BenchOutcome {
        let start = Int64(NIODeadline.now().uptimeNanoseconds)
        let from = start + plan.warmup.nanoseconds
        let until = plan.count == nil ? from + plan.duration.nanoseconds : Int64.max
        let share = plan.count.map { ($0 + workers.count - 1) / workers.count }
        let running = workers.map { worker in
            worker.client.eventLoop.flatSubmit { worker.run(from: from, until: until, count: share) }
        }
        let interruption = Task {
            for await _ in signals.listen() {
                stop()
                return true
            }
            return false
        }
        try await Task.sleep(for: .nanoseconds(plan.warmup.nanoseconds))
        let before = ProcessorSample(processes)
        // CPU time is taken at the end of the measured time, not after the last straggler.
        let sampler = Task {
            try await Task.sleep(for: .nanoseconds(until == .max ? .max / 4 : plan.duration.nanoseconds))
            // An open loop has no answer to notice the end by.
            stop()
            return ProcessorSample(processes)
        }
        var record = BenchRecord()
        for result in running { record.add(try await result.get()) }
        let end = min(Int64(NIODeadline.now().uptimeNanoseconds), until)
        sampler.cancel()
        let after = (try? await sampler.value) ?? ProcessorSample(processes)
        interruption.cancel()
        return BenchOutcome(
            record: record, measured: TimeSpan(nanoseconds: max(end - from, 1)), before: before, after: after,
            isInterrupted: await interruption.value)
    }

    func stop() {
        for worker in workers { worker.client.eventLoop.execute { worker.stop() } }
    }

    func takeInterval() async throws -> BenchInterval {
        var sum = BenchInterval()
        for worker in workers {
            sum.add(try await worker.client.eventLoop.submit { worker.takeInterval() }.get())
        }
        return sum
    }

    func close() async throws {
        for worker in workers {
            let loop = worker.client.eventLoop
            try await loop.flatSubmit {
                let closed = loop.makePromise(of: Void.self)
                worker.client.close { closed.succeed() }
                worker.client.abort()
                return closed.futureResult
            }.get()
        }
    }
}
