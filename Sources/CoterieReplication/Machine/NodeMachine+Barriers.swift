// Durable before sent: whatever must wait for the disk is kept here until its barrier has completed.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieStorage
import CoterieWire

/// What waits for a barrier.
enum AwaitingBarrier {
    /// The coordinator's own acknowledgement of a write that it carries.
    case ownWrite(UInt64)
    /// An acknowledgement for another coordinator.
    case store(exchange: UInt64, to: MemberNumber)
    /// The start nonce is durable: dots may be minted.
    case started
    /// This member's acquaintance is durable.
    case introduced(MemberNumber, knownBefore: Bool)
    /// The replica may serve.
    case serving
    case layout(Layout)
    case properties(ReplyToken)
    /// Events were handled that nobody waits for; they are told to the other owners once they are durable.
    case told
    /// Hints were removed, so many since the start.
    case hintsGone(UInt64)
    /// A clock was adopted with a complete scan.
    case adopted(Group, PartitionClock)
    /// This member has reached a round.
    case round(UInt64)
    /// The last one, before the process goes.
    case stopped
}

/// What waits, by how safe it wants to be.
struct Barriers {
    fileprivate struct Taken {
        let strength: BarrierStrength
        let waiting: [AwaitingBarrier]
        /// Where the journal of handled events ended.
        let journalEnd: UInt64
        let since: Instant
    }

    /// Since the last tick's end, for the next barrier.
    fileprivate var forWritten: [AwaitingBarrier] = []
    fileprivate var forDurable: [AwaitingBarrier] = []
    /// Under way.
    fileprivate var taken: [BarrierTicket: Taken] = [:]
    /// Whether something was applied that no durable barrier covers (`durability = interval`).
    fileprivate var isDirty = false

    /// Lets something wait until all that was applied so far is safe.
    mutating func await(_ waiting: AwaitingBarrier, _ strength: BarrierStrength) {
        switch strength {
        case .written: forWritten.append(waiting)
        case .durable: forDurable.append(waiting)
        }
        isDirty = true
    }

    /// How many answers and other things wait for the disk, and since when the first.
    var underWay: (count: Int, since: Instant)? {
        taken.values.map(\.since).min().map { (taken.values.reduce(0) { $0 + $1.waiting.count }, $0) }
    }

    var isIdle: Bool { forWritten.isEmpty && forDurable.isEmpty && taken.isEmpty }
}

extension NodeMachine {
    /// How safe a write is before it is acknowledged.
    func strength(forcedDurable: Bool) -> BarrierStrength {
        forcedDurable || settings.durability == .fsync ? .durable : .written
    }

    /// Takes one barrier for all that came in this tick, and hands out the disk's work.
    mutating func tickEnded(_ now: Now, _ effects: inout Effects) {
        if isStopping, underWay == 0 { finishStopping(&effects) }
        if !barriers.forDurable.isEmpty {
            takeBarrier(.durable, barriers.forDurable, now)
            barriers.forDurable.removeAll(keepingCapacity: true)
        }
        if !barriers.forWritten.isEmpty {
            takeBarrier(.written, barriers.forWritten, now)
            barriers.forWritten.removeAll(keepingCapacity: true)
        }
        while let work = engine.nextWork() { effects.append(.disk(work)) }
        scheduleDeadlines(now, &effects)
        scheduleRetries(now, &effects)
        watch.look(at: service, isReadOnly: isReadOnly, isRefilling: refill != nil, now.monotonic)
        lookAtForeground(now)
    }

    private mutating func takeBarrier(_ strength: BarrierStrength, _ waiting: [AwaitingBarrier], _ now: Now) {
        barriers.taken[engine.barrier(strength)] = Barriers.Taken(
            strength: strength, waiting: waiting, journalEnd: knowledge.journalEnd, since: now.monotonic)
    }

    /// The next fsync of `durability = interval`.
    mutating func flushInterval(_ now: Now, _ effects: inout Effects) {
        guard case .interval(let every) = settings.durability, !hasStopped else { return }
        if barriers.isDirty {
            barriers.isDirty = false
            takeBarrier(.durable, [], now)
        }
        effects.append(.setTimer(.flush, at: now.monotonic + every))
    }

    /// Takes back finished disk work.
    mutating func completed(_ completion: DiskCompletion, _ now: Now, _ effects: inout Effects) {
        var events: [StorageEvent] = []
        engine.complete(completion, into: &events)
        for event in events {
            switch event {
            case .barrierCompleted(let ticket):
                guard let taken = barriers.taken.removeValue(forKey: ticket) else { continue }
                if taken.strength == .durable { knowledge.isDurable(upTo: taken.journalEnd) }
                for one in taken.waiting { passed(one, taken.strength, now, &effects) }
            case .barrierFailed(let ticket, let failure):
                guard let taken = barriers.taken.removeValue(forKey: ticket) else { continue }
                for one in taken.waiting { failed(one, failure, now, &effects) }
            case .loaded(let ticket, let result): loaded(result, ticket, now, &effects)
            case .writableChanged(.writable):
                isReadOnly = false
                effects.append(.note(.writesAccepted))
                askForMore(&effects)
            case .writableChanged(.readOnly(let failure)):
                isReadOnly = true
                effects.append(.note(.writesRefused(failure)))
            case .faultFound(let fault):
                counters.faults += 1
                effects.append(.note(.recordCorrupt(fault)))
                if fault.extent == .unknownKeys {
                    hintsAreDoubtful(&effects)
                    quarantine(&effects)
                }
            }
        }
    }

    private mutating func passed(
        _ waiting: AwaitingBarrier, _ strength: BarrierStrength, _ now: Now, _ effects: inout Effects
    ) {
        switch waiting {
        case .ownWrite(let slot):
            acknowledged(slot, by: me, strength == .durable ? .durable : .stored, now, &effects)
        case .store(let exchange, let coordinator):
            let reply = StoreReply(
                exchange: exchange, epoch: layout.epoch, status: .stored(durable: strength == .durable))
            effects.append(.send(.storeReply(reply), to: coordinator))
        case .started:
            takeRecordedRound()
            reportRound(&effects)
            nonceIsDurable(now, &effects)
            stepRound(now, &effects)
        case .introduced(let member, let knownBefore):
            let reply = IntroduceReply(
                epoch: layout.epoch, knownBefore: knownBefore, known: acquaintances, round: recordedRound)
            effects.append(.send(.introduceReply(reply), to: member))
        case .serving:
            // What was lost and has come back is not to be missed again at the next start.
            if service == .refilling { engine.requestCheckpoint() }
            service = .serving
            effects.append(.note(.serving))
            for member in peers.keys.sorted() where isConnected(member) { advertiseAll(to: member, &effects) }
        case .told: break
        case .round(let round): reached(round, now, &effects)
        case .hintsGone(let removals): hints.areGone(upTo: removals)
        case .adopted(let group, let clock): knowledge.update(group) { $0.adoptedIsDurable(clock) }
        case .layout(let layout): adopt(layout, now, &effects)
        case .properties(let token): reply(.stored(context: .init(), object: nil), to: token, &effects)
        case .stopped:
            hasStopped = true
            effects.append(.stopped)
        }
    }

    private mutating func failed(
        _ waiting: AwaitingBarrier, _ failure: StorageFailure, _ now: Now, _ effects: inout Effects
    ) {
        switch waiting {
        case .ownWrite(let slot): acknowledged(slot, by: me, .failed, now, &effects)
        case .store(let exchange, let coordinator):
            let reply = StoreReply(exchange: exchange, epoch: layout.epoch, status: .refused(failure.code))
            effects.append(.send(.storeReply(reply), to: coordinator))
        case .properties(let token):
            reply(
                .failed(Failure(failure.code, "the properties could not be stored: \(failure)", outcome: .unknown)),
                to: token, &effects)
        case .stopped:
            hasStopped = true
            effects.append(.stopped)
        case .started, .serving: markFailed = true  // Tried again.
        case .round: rounds.pending = nil  // Tried again at the next tick of anti-entropy.
        case .adopted(let group, let clock): unrecordedAdoptions.append((group, clock))
        case .introduced, .layout, .told, .hintsGone: break  // Not durable, so it has not happened.
        }
    }

    private func reply(_ result: ClientResult, to token: ReplyToken, _ effects: inout Effects) {
        let receipt = Receipt(coordinator: me, epoch: layout.epoch)
        effects.append(.reply(token, ClientReply(result: result, receipt: receipt)))
    }
}

extension StorageFailure {
    /// The stable code that a client sees.
    var code: ErrorCode {
        switch self {
        case .diskFull: .diskFull
        case .io: .ioError
        case .valueTooLarge: .valueTooLarge
        case .keyTooLarge: .keyTooLarge
        }
    }
}
