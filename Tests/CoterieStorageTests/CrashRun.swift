// A life after life of a log store on a simulated disk, checked against a model: every batch carries its number in a
// metadata record, so that after a crash the number says which state the store must have in every byte.

import CoteriePrimitives
import CoterieSimulation
import NIOCore
import Testing

@testable import CoterieStorage

/// Random batches, barriers, partial disk work, crashes and reopenings, all decided by a seed.
struct CrashRun {
    struct Plan {
        var lives = 8
        var steps = 120
        var keys = 24
        var settings = LogEngine.Settings.tiny
        var faults = SimulatedDisk.Faults()
        /// Of 10 lives, so many end with a power cut; the others with the process being killed.
        var powerCuts = 7
        /// Damage the checkpoint before opening, in so many of 10 lives.
        var checkpointDamage = 0
    }

    let seed: UInt64
    let plan: Plan
    let disk: SimulatedDisk
    private var generator: SeededGenerator
    /// The state after each batch; batch 0 is the empty store.
    private var states: [Contents] = [Contents()]
    /// The last batch behind a completed barrier: durable, and written.
    private var durable = 0
    private var written = 0
    private var tickets: [BarrierTicket: (number: Int, strength: BarrierStrength)] = [:]
    private var lanes: [DiskWork.Lane: (work: DiskWork, done: Int, read: [ByteBuffer])] = [:]
    private var waiting: [DiskWork] = []
    private var loads: [LoadTicket: String] = [:]
    private var hasLosses = false
    /// What happened, for tests that ask whether the interesting things did.
    var seen = Seen()

    struct Seen {
        var crashes = 0
        var compactions = 0
        var checkpointsUsed = 0
        var cutTails = 0
        var damagedCheckpoints = 0
        var readOnly = 0
        var recoveries = 0
        var batches = 0
        /// Runs that end with losses that were reported.
        var losses = 0
    }

    init(seed: UInt64, plan: Plan) {
        self.seed = seed
        self.plan = plan
        generator = SeededGenerator(seed: seed)
        disk = SimulatedDisk(seed: generator.next())
    }

    /// Runs all lives. Traps or records an issue where the store and the model differ.
    mutating func run() throws {
        for life in 0 ..< plan.lives {
            let engine = try open(life)
            if hasLosses {
                seen.losses += 1
                return
            }
            disk.faults = plan.faults
            disk.faults.blockingReads = 400
            for step in 0 ..< generator.below(plan.steps) + 1 {
                try act(engine, "seed \(seed), life \(life), step \(step)")
            }
            seen.compactions += engine.statistics.compactions
            end(engine)
        }
        _ = try open(plan.lives)
    }

    private mutating func open(_ life: Int) throws -> LogEngine {
        let place: Comment = "seed \(seed), life \(life)"
        disk.faults = SimulatedDisk.Faults()
        if generator.below(10) < plan.checkpointDamage, disk.rot("index.checkpoint") != nil {
            seen.damagedCheckpoints += 1
        }
        let engine = try LogEngine.open(disk: disk, settings: plan.settings)
        engine.checkInvariants()
        let report = engine.openingReport
        seen.checkpointsUsed += report.usedCheckpoint ? 1 : 0
        seen.cutTails += report.cutBytes > 0 ? 1 : 0
        let mayReport = plan.faults.failingFsyncs > 0 || plan.checkpointDamage > 0
        #expect(mayReport || report.faults.isEmpty, place)
        let number = engine.metadata("batch").flatMap { Int(String(buffer: $0)) } ?? 0
        #expect(number >= durable, "an acknowledged batch is lost: \(number) < \(durable); \(place)")
        #expect(number < states.count, place)
        guard number < states.count else { return engine }
        var broken: Set<String> = []
        let contents = Contents(of: engine, on: disk, broken: &broken)
        if report.hasUnknownLosses || !broken.isEmpty {
            // Pages that a failed fsync dropped, and a power cut before they were written anew: reported, never silent.
            // The model cannot follow further.
            #expect(plan.faults.failingFsyncs > 0, "only dropped pages may look like rot: \(report.faults); \(place)")
            hasLosses = true
        } else {
            #expect(contents == states[number], "after batch \(number); \(place)")
        }
        states.removeSubrange((number + 1)...)
        states[number] = contents
        // Opening fsyncs what it found; only after a failed fsync that proves nothing.
        if plan.faults.failingFsyncs == 0 { durable = number }
        written = number
        return engine
    }

    private mutating func act(_ engine: LogEngine, _ place: Comment) throws {
        switch generator.below(20) {
        case 0 ..< 6: apply(engine)
        case 6 ..< 8:
            let strength: BarrierStrength = generator.chance(1, in: 3) ? .written : .durable
            tickets[engine.barrier(strength)] = (states.count - 1, strength)
        case 8 ..< 10: read(engine, place)
        case 10 where plan.faults.capacity != nil && generator.chance(1, in: 4):
            disk.faults.capacity = generator.chance(1, in: 2) ? nil : plan.faults.capacity
            engine.probeWritable()
        default:
            while let work = engine.nextWork() { waiting.append(work) }
            if generator.chance(1, in: 40) { engine.checkInvariants() }
            performStep(engine)
        }
    }

    private mutating func apply(_ engine: LogEngine) {
        let number = states.count
        var changes: [Change] = []
        for _ in 0 ..< generator.below(5) {
            let key = "k\(generator.below(plan.keys))"
            let partition = UInt16(generator.below(2))
            if generator.chance(1, in: 4) {
                changes.append(remove(key, in: partition, note: "\(number)"))
            } else {
                let value = String(repeating: "\(number).", count: 1 + generator.below(30))
                changes.append(put(key, value, in: partition, note: "\(number)"))
            }
        }
        var metadata = [MetadataChange(name: "batch", value: bytes("\(number)"))]
        if generator.chance(1, in: 8) {
            let isRemoval = generator.chance(1, in: 3)
            let value = isRemoval ? ByteBuffer() : bytes("m\(number)")
            metadata.append(MetadataChange(name: "m\(generator.below(4))", value: value))
        }
        let batch = Batch(changes, metadata: metadata)
        do {
            try engine.apply(batch)
            var state = states[number - 1]
            state.apply(batch)
            states.append(state)
            seen.batches += 1
        } catch {
            #expect(engine.writability == .readOnly(error))
        }
    }

    private mutating func read(_ engine: LogEngine, _ place: Comment) {
        let key = "k\(generator.below(plan.keys))"
        let result = engine.get(group(0), bytes(key))
        if case .pending(let ticket) = result { loads[ticket] = key } else { check(result, key, place) }
    }

    private func check(_ result: ReadResult, _ key: String, _ place: Comment) {
        guard plan.faults.failingReads == 0 || result == .absent else { return }
        let expected = states[states.count - 1].values["\(group(0))/\(key)"]
        #expect(result == (expected.map { .found(bytes($0)) } ?? .absent), place)
    }

    /// Performs one step of one lane's work, and gives finished work back.
    private mutating func performStep(_ engine: LogEngine) {
        for work in waiting where lanes[work.lane] == nil {
            lanes[work.lane] = (work, 0, [])
            waiting.removeAll { $0.id == work.id }
        }
        let busy = DiskWork.Lane.allCases.filter { lanes[$0] != nil }
        guard let lane = generator.pick(busy), let current = lanes[lane] else { return }
        let work = current.work
        var (done, read) = (current.done, current.read)
        var outcome: DiskCompletion.Outcome?
        if done < work.steps.count {
            let one = DiskWork(id: work.id, lane: lane, steps: [work.steps[done]]).perform(on: disk)
            switch one.outcome {
            case .done(let parts): read += parts
            case .failed: outcome = one.outcome
            }
            done += 1
        }
        if outcome == nil, done >= work.steps.count { outcome = .done(read) }
        guard let outcome else {
            lanes[lane] = (work, done, read)
            return
        }
        lanes[lane] = nil
        var events: [StorageEvent] = []
        engine.complete(DiskCompletion(id: work.id, outcome: outcome), into: &events)
        for event in events { take(event) }
    }

    private mutating func take(_ event: StorageEvent) {
        switch event {
        case .barrierCompleted(let ticket):
            guard let (number, strength) = tickets.removeValue(forKey: ticket) else {
                Issue.record("seed \(seed): barrier \(ticket) completes and nobody asked, or twice")
                return
            }
            written = max(written, number)
            if strength == .durable { durable = max(durable, number) }
        case .barrierFailed(let ticket, _): tickets[ticket] = nil
        case .loaded(let ticket, let result):
            if let key = loads.removeValue(forKey: ticket) { check(result, key, "seed \(seed)") }
        case .writableChanged(.writable): seen.recoveries += 1
        case .writableChanged(.readOnly): seen.readOnly += 1
        case .faultFound(let fault):
            let isExpected = plan.faults != SimulatedDisk.Faults()
            #expect(isExpected, "seed \(seed): \(fault)")
        }
    }

    /// The process ends wherever it is; a power cut takes the disk's unsafe bytes too.
    private mutating func end(_ engine: LogEngine) {
        seen.crashes += 1
        if generator.below(10) < plan.powerCuts {
            disk.crash()
        } else {
            // Killed in the middle of a write.
            if let (work, done, _) = lanes[.write], done < work.steps.count,
                case .append(let bytes, let file) = work.steps[done]
            {
                let part = bytes.getSlice(at: bytes.readerIndex, length: generator.below(bytes.readableBytes + 1))
                try? disk.append(part ?? bytes, to: file)
            }
            // What was handed to the operating system survives the process.
            if plan.faults.failingFsyncs == 0 { durable = max(durable, written) }
        }
        lanes = [:]
        waiting = []
        tickets = [:]
        loads = [:]
    }
}
