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
    /// The last one, before the process goes.
    case stopped
}

/// What waits, by how safe it wants to be.
struct Barriers {
    /// Since the last tick's end, for the next barrier.
    fileprivate var forWritten: [AwaitingBarrier] = []
    fileprivate var forDurable: [AwaitingBarrier] = []
    /// Under way.
    fileprivate var taken: [BarrierTicket: (BarrierStrength, [AwaitingBarrier])] = [:]
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
            barriers.taken[engine.barrier(.durable)] = (.durable, barriers.forDurable)
            barriers.forDurable.removeAll(keepingCapacity: true)
        }
        if !barriers.forWritten.isEmpty {
            barriers.taken[engine.barrier(.written)] = (.written, barriers.forWritten)
            barriers.forWritten.removeAll(keepingCapacity: true)
        }
        while let work = engine.nextWork() { effects.append(.disk(work)) }
        scheduleDeadlines(now, &effects)
    }

    /// The next fsync of `durability = interval`.
    mutating func flushInterval(_ now: Now, _ effects: inout Effects) {
        guard case .interval(let every) = settings.durability, !hasStopped else { return }
        if barriers.isDirty {
            barriers.isDirty = false
            barriers.taken[engine.barrier(.durable)] = (.durable, [])
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
                guard let (strength, waiting) = barriers.taken.removeValue(forKey: ticket) else { continue }
                for one in waiting { passed(one, strength, now, &effects) }
            case .barrierFailed(let ticket, let failure):
                guard let (_, waiting) = barriers.taken.removeValue(forKey: ticket) else { continue }
                for one in waiting { failed(one, failure, now, &effects) }
            case .loaded(let ticket, let result): loaded(result, ticket, now, &effects)
            case .writableChanged(.writable):
                isReadOnly = false
                effects.append(.note(.writesAccepted))
            case .writableChanged(.readOnly(let failure)):
                isReadOnly = true
                effects.append(.note(.writesRefused(failure)))
            case .faultFound(let fault):
                counters.faults += 1
                effects.append(.note(.recordCorrupt(fault)))
                if fault.extent == .unknownKeys { quarantine(&effects) }
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
        case .started: nonceIsDurable(now, &effects)
        case .introduced(let member, let knownBefore):
            let reply = IntroduceReply(
                epoch: layout.epoch, knownBefore: knownBefore, known: acquaintances)
            effects.append(.send(.introduceReply(reply), to: member))
        case .serving:
            service = .serving
            effects.append(.note(.serving))
        case .layout(let layout): adopt(layout, &effects)
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
        case .started, .introduced, .serving, .layout: break  // Not durable, so it has not happened.
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
