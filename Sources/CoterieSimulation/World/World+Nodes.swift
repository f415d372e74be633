// The nodes' processes: they start, handle what came to them in ticks as production's event loop does, and end.

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore

extension World {
    func makeNodes() {
        for (index, member) in layout.members.enumerated() {
            let node = SimulatedNode(
                index: index, member: member, disk: newDisk(), clock: drawClock(), processes: processCount)
            node.lanes = [
                SimulatedLane(width: 1), SimulatedLane(width: plan.disk.readers), SimulatedLane(width: 1),
            ]
            nodes.append(node)
        }
    }

    func newDisk() -> SimulatedDisk {
        let disk = SimulatedDisk(seed: diskDraws.next())
        // In the end the world itself reads what the replicas hold.
        let isHealed = stage == .healing || stage == .converging
        disk.faults.blockingReads = isHealed ? 0 : plan.disk.blockingReads
        return disk
    }

    func drawClock() -> ProcessClock {
        let skew = plan.process.skew.nanoseconds
        let drift = plan.process.drift
        return ProcessClock(
            at: 0, monotonic: Int64(processDraws.below(1_000_000_000_000)),
            skew: TimeSpan(nanoseconds: skew > 0 ? Int64(processDraws.below(Int(2 * skew))) - skew : 0),
            drift: drift > 0 ? Int64(processDraws.below(Int(2 * drift))) - drift : 0)
    }

    // MARK: Lives

    func startIsDue(_ node: SimulatedNode, afterLife life: UInt64) {
        guard node.state == .down, UInt64(node.life) == life else { return }
        start(node)
    }

    /// Opens the store and begins a new life.
    func start(_ node: SimulatedNode) {
        let engine: LogEngine
        let knowledge = Knowledge()
        do throws(StorageOpenError) {
            engine = try LogEngine.open(disk: node.disk, settings: plan.storage, replay: knowledge.replay)
        } catch {
            return cannotOpen(node, error)
        }
        engine.beforeCheckpoint = { knowledge.summarise() }
        forget(engine)
        node.life += 1
        node.state = .up
        node.nonce = max(1, processDraws.next())
        node.clock.restart(monotonic: Int64(processDraws.below(1_000_000_000_000)), at: now)
        let report = engine.openingReport
        if report.usedCheckpoint { probes.reach(.checkpointUsed) }
        if report.cutBytes > 0 { probes.reach(.tornTailCut) }
        if report.hasUnknownLosses {
            probes.reach(.doubtfulStore)
            node.isIncomplete = true
        }
        // Each life reads the layout that it stored; only one that differs from the cluster's is taken apart.
        let stored = engine.metadata("layout").flatMap { $0 == layoutBytes ? layout : try? Layout(decoding: $0) }
        node.engine = engine
        node.machine = NodeMachine(
            NodeMachine.Birth(
                member: node.member.number, nonce: node.nonce, layout: stored ?? layout, settings: plan.replication,
                limits: plan.limits, storeIsDoubtful: report.hasUnknownLosses, knowledge: knowledge), engine: engine)
        node.counted = Counters()
        statistics.starts += 1
        mixProcess(node, 1)
        note("up", node.index, "life \(node.life), \(engine.statistics.keys) keys, cut \(report.cutBytes) bytes")
        for fault in report.faults {
            note("fault", node.index, "\(fault.file) at \(fault.offset): \(fault.reason) (\(fault.extent))")
        }
        feed(node, .start)
        for other in nodes where other.index > node.index { scheduleDial(node, other.index, at: now) }
        for other in nodes where other.index < node.index {
            scheduleDial(other, node.index, at: now + drawRetry(other))
        }
        settle(node)
    }

    /// Tried again, or given a new disk where metadata is rotten, as the error says.
    private func cannotOpen(_ node: SimulatedNode, _ error: StorageOpenError) {
        note("down", node.index, "cannot open: \(error)")
        probes.reach(.openingFailed)
        if case .corruptMetadata = error {
            probes.reach(.rottenMetadata)
            replaceDisk(of: node)
        }
        queue.push(.start, node.index, detail: UInt64(node.life), at: now + 100_000_000)
    }

    /// The process is no more. `hard`: the machine is, too.
    func end(_ node: SimulatedNode, hard: Bool) {
        guard node.state != .down else { return }
        collectCounters(of: node)
        interruptDisk(of: node)
        if hard { node.disk.crash() }
        node.state = .down
        node.machine = nil
        node.engine = nil
        node.inbox.removeAll(keepingCapacity: true)
        node.unsent.removeAll(keepingCapacity: true)
        node.isTickScheduled = false
        node.isStopping = false
        node.needsRestart = false
        for index in node.timers.indices { node.timers[index] = SimulatedTimer() }
        mixProcess(node, hard ? 3 : 2)
        note("down", node.index, hard ? "power lost" : "process ended")
        closeAll(of: node.index, hard: hard)
        for peer in node.connections.indices {
            node.connections[peer] = -1
            node.dialAt[peer] = .max
            node.dialFailures[peer] = 0
        }
        failDoorCalls(of: node)
    }

    /// A store that has met an IO error writes again only when it is opened anew.
    func operatorRestarts(_ node: SimulatedNode, life: UInt64) {
        guard node.state != .down, UInt64(node.life) == life, node.needsRestart else { return }
        probes.reach(.operatorRestart)
        end(node, hard: false)
        start(node)
    }

    func startLater(_ node: SimulatedNode, _ span: TimeSpan?) {
        guard let span else { return }
        queue.push(.start, node.index, detail: UInt64(node.life), at: now + span.nanoseconds)
    }

    /// Adds what the life has counted to the run's statistics, and looks at what it says about rare paths.
    func collectCounters(of node: SimulatedNode) {
        guard let machine = node.machine, let engine = node.engine else { return }
        probes.reach(counters: machine.counters, since: node.counted)
        node.counted = machine.counters
        let figures = engine.statistics
        if figures.compactions > 0 { probes.reach(.compaction) }
        if figures.checkpoints > 0 { probes.reach(.checkpointWritten) }
    }

    // MARK: Ticks

    /// An input has come.
    func feed(_ node: SimulatedNode, _ input: consuming Input) {
        guard node.state != .down else { return }
        node.inbox.append(input)
    }

    /// Has what came handled: now where the processor is free, else when it is.
    func settle(_ node: SimulatedNode) {
        guard node.state == .up, !node.inbox.isEmpty, !node.isTickScheduled, !node.isTicking else { return }
        if node.busyUntil <= now {
            tick(node)
        } else {
            scheduleTick(node)
        }
    }

    private func scheduleTick(_ node: SimulatedNode) {
        node.isTickScheduled = true
        queue.push(.tick, node.index, at: max(now, node.busyUntil))
    }

    func tickIsDue(_ node: SimulatedNode) {
        guard node.isTickScheduled, node.busyUntil <= now else { return }
        node.isTickScheduled = false
        settle(node)
    }

    /// One tick of the event loop: all inputs, then the tick's end, then every connection is flushed once.
    private func tick(_ node: SimulatedNode) {
        node.isTicking = true
        defer { node.isTicking = false }
        // Moved out one by one from the end, since a copy of an input retains whatever its message holds.
        var inputs: [Input] = []
        swap(&inputs, &node.handling)
        swap(&inputs, &node.inbox)
        let count = inputs.count
        inputs.reverse()
        while node.state == .up, let input = inputs.popLast() { handle(node, input) }
        inputs.removeAll(keepingCapacity: true)
        swap(&inputs, &node.handling)
        guard node.state == .up else { return }
        handle(node, .tickEnded)
        flush(node)
        node.busyUntil = now + plan.process.inputCost * Int64(count)
        node.ticks += 1
        statistics.ticks += 1
        if plan.checkEvery > 0, node.ticks % plan.checkEvery == 0 {
            node.engine?.checkInvariants()
            node.machine?.checkInvariants()
        }
        // What the answers to this tick have brought meanwhile.
        if !node.inbox.isEmpty { scheduleTick(node) }
    }

    private func handle(_ node: SimulatedNode, _ input: Input) {
        handleOne(node, input)
        while !node.unsent.isEmpty {
            let inputs = node.unsent
            node.unsent = []
            for input in inputs { handleOne(node, input) }
        }
    }

    private func handleOne(_ node: SimulatedNode, _ input: Input) {
        guard node.state == .up else { return }
        node.machine?.handle(input, at: node.clock.now(at: now), into: &node.effects)
        guard !node.effects.isEmpty else { return }
        var list: [Effect] = []
        swap(&list, &node.performed)
        node.effects.exchange(with: &list)
        list.reverse()
        while let effect = list.popLast() { perform(effect, of: node) }
        swap(&list, &node.performed)
    }

    private func perform(_ effect: Effect, of node: SimulatedNode) {
        switch effect {
        case .send(let message, let member):
            if !send(message, from: node, to: Int(memberIndex(member))) {
                probes.reach(.unsent)
                node.unsent.append(.unsent(message, to: member))
            }
        case .answer(let message, let token): answer(message, from: node, over: token)
        case .reply(let token, let reply): doorAnswered(token, reply)
        case .disk(let work): submit(work, of: node)
        case .setTimer(let name, let instant): setTimer(name, at: instant, of: node)
        case .cancelTimer(let name): node.timers[Int(name.rawValue)] = SimulatedTimer()
        case .note(let note): heard(note, from: node)
        case .adopt: break
        case .stopped: hasStopped(node)
        }
    }

    /// Members are numbered from 1 on.
    @inline(__always)
    func memberIndex(_ member: MemberNumber) -> Int { Int(member.rawValue) - 1 }

    private func hasStopped(_ node: SimulatedNode) {
        probes.reach(.gracefulStop)
        flush(node)
        let downFor = node.downAfterStop
        end(node, hard: false)
        startLater(node, downFor)
    }

    private func heard(_ note: Note, from node: SimulatedNode) {
        self.note("note", node.index, "\(note)")
        probes.reach(note: note)
        switch note {
        case .serving:
            refillNews = now
            if node.hasServed, node.isIncomplete { probes.reach(.refilled) }
            node.isIncomplete = false
            node.hasServed = true
        case .quarantined:
            refillNews = now
            node.isIncomplete = true
        case .refillProgress: refillNews = now
        case .writesRefused(let failure):
            if case .io = failure, !node.needsRestart {
                node.needsRestart = true
                let after = Int64(processDraws.below(500_000_000))
                queue.push(.operatorRestart, node.index, detail: UInt64(node.life), at: now + after)
            }
        case .identityRenewed, .recordCorrupt, .digestDisagrees, .writesAccepted, .manySiblings, .causalityFault,
            .layoutLearnt, .layoutRefused, .memberChanged, .malformedGossip, .hintsDropped, .hintRefused:
            break
        }
    }

    // MARK: Timers

    private func setTimer(_ name: TimerName, at instant: Instant, of node: SimulatedNode) {
        timerSerial += 1
        node.timers[Int(name.rawValue)] = SimulatedTimer(serial: timerSerial, at: instant)
        queue.push(
            .nodeTimer, node.index, detail: timerSerial, at: node.clock.time(of: instant, notBefore: now))
    }

    func timerIsDue(_ node: SimulatedNode, _ serial: UInt64) {
        guard let place = node.timers.firstIndex(where: { $0.serial == serial }), let at = node.timers[place].at,
            let name = TimerName(rawValue: UInt8(place))
        else { return }
        if node.clock.now(at: now).monotonic < at {
            // The clock has been slowed down meanwhile.
            queue.push(.nodeTimer, node.index, detail: serial, at: node.clock.time(of: at, notBefore: now + 1))
            return
        }
        node.timers[place] = SimulatedTimer()
        mixTimer(node.index, place)
        feed(node, .timer(name))
        settle(node)
    }

    private func mixTimer(_ process: Int, _ timer: Int) {
        digest.mix(UInt64(bitPattern: now) ^ UInt64(process) << 56 ^ UInt64(timer) << 48 ^ 0x74)
    }

    private func mixProcess(_ node: SimulatedNode, _ what: UInt64) {
        digest.mix(UInt64(bitPattern: now) ^ UInt64(node.index) << 56 ^ what << 40)
    }
}
