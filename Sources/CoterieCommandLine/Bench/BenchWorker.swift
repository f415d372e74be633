// One thread's share of a run: makes requests, measures their answers. Everything on one event loop, without a task, a
// promise or a closure for each request.

import CoterieCausality
import CoterieClient
import CoterieClientMachine
import CoteriePrimitives
import CoterieTypes
import CoterieWire
import Foundation
import Histogram
import NIOCore

/// Drives one `LoopClient`. Confined to its event loop.
final class BenchWorker: CompletionReceiver, @unchecked Sendable {
    /// What a worker does at a time.
    enum Activity {
        case idle
        /// Looks at each of its keys, and writes those that need it.
        case loading(next: Int)
        case closedLoop
        case openLoop(nextArrival: Int64)
    }

    private struct Flight {
        var start: Int64
        var key: Int32
        var isRead: Bool
    }

    let client: LoopClient
    private let plan: BenchPlan
    private let keys: KeySpace
    private let number: Int
    private var generator: SeededGenerator
    private let values: ByteBuffer
    /// What this worker has last seen of each key.
    private var contexts: [VersionVector]
    private var flights: [Flight] = []
    private var freeFlights: [Int] = []
    private var activity = Activity.idle
    private var underWay = 0
    /// What is counted lies within; nanoseconds of the event loop's clock.
    private var measureFrom = Int64.max
    private var measureUntil = Int64.max
    private var countLeft = Int.max
    private var record = BenchRecord()
    private var interval = BenchInterval()
    private var whenDone: EventLoopPromise<BenchRecord>?
    private var whenLoaded: EventLoopPromise<[VersionVector]>?
    private var loadFailures = 0

    /// - Parameter number: which of `plan.threads`.
    init(_ plan: BenchPlan, _ keys: KeySpace, number: Int, client: LoopClient) {
        self.plan = plan
        self.keys = keys
        self.number = number
        self.client = client
        generator = SeededGenerator(seed: plan.seed &+ UInt64(number) &* 0x9e37_79b9)
        var pool = ByteBuffer()
        // Values are slices of one random pool: they differ, and cost nothing to make.
        for _ in 0 ..< (plan.valueSize + 65_536) / 8 + 1 { pool.writeInteger(generator.next()) }
        values = pool
        contexts = Array(repeating: VersionVector(), count: keys.count)
    }

    private var eventLoop: any EventLoop { client.eventLoop }

    private static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    // MARK: Phases

    /// Looks at this worker's share of the keys: what is written later replaces what is there. Where the workload
    /// reads, keys without a value or with several are written. Fails when requests keep failing.
    /// - Returns: what was seen of each key.
    func load() -> EventLoopFuture<[VersionVector]> {
        let promise = eventLoop.makePromise(of: [VersionVector].self)
        whenLoaded = promise
        activity = .loading(next: number)
        let wanted = min(max(plan.inFlight / plan.threads, 64), 1_024)
        for _ in 0 ..< wanted { loadNext() }
        finishLoadingIfDone()
        return promise.futureResult
    }

    /// What all workers together have seen of the keys.
    func know(_ contexts: [VersionVector]) { self.contexts = contexts }

    /// Runs until `until`, or until `count` requests are measured, and then until everything is answered.
    func run(from: Int64, until: Int64, count: Int?) -> EventLoopFuture<BenchRecord> {
        let promise = eventLoop.makePromise(of: BenchRecord.self)
        whenDone = promise
        measureFrom = from
        measureUntil = until
        countLeft = count ?? .max
        record = BenchRecord()
        interval = BenchInterval()
        if plan.rate == nil {
            activity = .closedLoop
            for _ in 0 ..< share(of: plan.inFlight) { issue(at: Self.now) }
        } else {
            activity = .openLoop(nextArrival: Self.now)
            arrive()
        }
        return promise.futureResult
    }

    /// Makes no more requests; what is under way is waited for.
    func stop() {
        measureUntil = min(measureUntil, Self.now)
        activity = .idle
        finishIfDone()
    }

    /// What was done since the last call.
    func takeInterval() -> BenchInterval {
        var taken = BenchInterval()
        swap(&taken, &interval)
        interval.total = taken.total
        return taken
    }

    private func share(of whole: Int) -> Int {
        whole / plan.threads + (number < whole % plan.threads ? 1 : 0)
    }

    // MARK: Requests

    private func issue(at start: Int64) {
        let key = keys.draw(&generator)
        submit(key, isRead: plan.reads == 100 || (plan.reads > 0 && generator.below(100) < plan.reads), start)
    }

    private func submit(_ key: Int, isRead: Bool, _ start: Int64) {
        let operation: CoterieWire.Operation
        if isRead {
            operation = .get
        } else {
            let offset = generator.below(65_536)
            let value = values.getSlice(at: offset, length: plan.valueSize) ?? ByteBuffer()
            operation = .put(Content(value), context: plan.isBlind ? nil : contexts[key], condition: nil)
        }
        let flight = Flight(start: start, key: Int32(truncatingIfNeeded: key), isRead: isRead)
        let slot: Int
        if let free = freeFlights.popLast() {
            slot = free
            flights[slot] = flight
        } else {
            slot = flights.count
            flights.append(flight)
        }
        underWay += 1
        client.submit(
            ClientRequest(key: keys[key], operation: operation, options: plan.options), tag: UInt64(slot), to: self)
    }

    func completed(_ tag: UInt64, _ completion: Completion) {
        let slot = Int(tag)
        let flight = flights[slot]
        freeFlights.append(slot)
        underWay -= 1
        let now = Self.now
        let failure = note(completion, flight, now)
        switch activity {
        case .closedLoop:
            if now >= measureUntil || countLeft <= 0 {
                stop()
            } else if failure == nil {
                issue(at: now)
            } else {
                issueSoon()
            }
        case .loading: loaded(flight, completion, failure)
        case .openLoop, .idle: finishIfDone()
        }
    }

    /// After a failure: not at once, or a cluster that refuses everything would keep this thread spinning.
    private func issueSoon() {
        underWay += 1
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) {
            self.underWay -= 1
            if case .closedLoop = self.activity { self.issue(at: Self.now) } else { self.finishIfDone() }
        }
    }

    private func note(_ completion: Completion, _ flight: Flight, _ now: Int64) -> Failure? {
        let failure = completion.failure
        if failure == nil, case .answered(let reply, _) = completion { see(reply, flight) }
        let isOpen = plan.rate != nil
        let counted = isOpen ? flight.start : now
        guard case .loading = activity else {
            guard counted >= measureFrom, counted < measureUntil, countLeft > 0 else { return failure }
            countLeft -= 1
            if let failure {
                record.failed(failure)
                interval.failures += 1
            } else {
                record.succeeded(isRead: flight.isRead, nanoseconds: now - flight.start)
                if case .answered(let reply, _) = completion { countValues(reply) }
                interval.operations += 1
                interval.total += 1
                interval.latencies.record(UInt64(max(now - flight.start, 0)))
            }
            return failure
        }
        return failure
    }

    private func see(_ reply: ClientReply, _ flight: Flight) {
        switch reply.result {
        case .stored(let context, _): contexts[Int(flight.key)] = context
        case .object(let object): contexts[Int(flight.key)] = object.context
        case .failed: break
        }
    }

    private func countValues(_ reply: ClientReply) {
        guard case .object(let object) = reply.result else { return }
        if object.siblings.isEmpty { record.notFound += 1 }
        if object.siblings.count > 1 { record.siblings += 1 }
        record.maxSiblings = max(record.maxSiblings, object.siblings.count)
    }

    private func finishIfDone() {
        guard case .idle = activity, underWay == 0, let promise = whenDone else { return }
        whenDone = nil
        promise.succeed(record)
    }

    // MARK: Open loop

    /// Makes every request that is due, and comes back when the next one is.
    private func arrive() {
        guard case .openLoop(var next) = activity else { return }
        let now = Self.now
        let rate = (plan.rate ?? 1) / Double(plan.threads)
        while next <= now {
            guard next < measureUntil, countLeft > 0 else { return stop() }
            issue(at: next)
            // Exponential gaps are what makes arrivals independent of each other.
            next += Int64(-log(1 - generator.unit()) / rate * 1e9) + 1
        }
        activity = .openLoop(nextArrival: next)
        eventLoop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(next))) { self.arrive() }
    }

    // MARK: Loading

    private func loadNext() {
        guard case .loading(let key) = activity, key < keys.count else { return }
        activity = .loading(next: key + plan.threads)
        submit(key, isRead: true, Self.now)
    }

    private func loaded(_ flight: Flight, _ completion: Completion, _ failure: Failure?) {
        if let failure { return loadAgain(flight, failure) }
        if flight.isRead, plan.reads > 0, case .answered(let reply, _) = completion,
            case .object(let object) = reply.result, object.siblings.count != 1
        {
            return submit(Int(flight.key), isRead: false, Self.now)
        }
        interval.operations += 1
        interval.total += 1
        loadNext()
        finishLoadingIfDone()
    }

    private func loadAgain(_ flight: Flight, _ failure: Failure) {
        loadFailures += 1
        guard loadFailures <= 1_000 else {
            activity = .idle
            whenLoaded?.fail(failure)
            whenLoaded = nil
            return
        }
        underWay += 1
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(5)) {
            self.underWay -= 1
            guard case .loading = self.activity else { return }
            self.submit(Int(flight.key), isRead: flight.isRead, Self.now)
        }
    }

    private func finishLoadingIfDone() {
        guard case .loading(let next) = activity, next >= keys.count, underWay == 0 else { return }
        activity = .idle
        whenLoaded?.succeed(contexts)
        whenLoaded = nil
        contexts = []
    }
}
