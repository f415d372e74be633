// Writes down what the sessions of a run ask and what they are answered, as it happens: a call before the request
// leaves, a return after its answer is there. All draws happen here too, so that a seed decides which requests are made
// (not how they fall into time: that is the machine's).

import CoterieCausality
import CoterieClient
import CoterieHistory
import CoteriePrimitives
import CoterieRing
import CoterieSimulation
import CoterieWire
import NIOCore
import Synchronization

/// The history of a run while it grows. Safe from any task.
final class HistoryRecorder: Sendable {
    struct Tally: Hashable, Sendable {
        /// Made, answered or not.
        var requests = 0
        var ok = 0
        /// A condition that did not hold; counts with neither of the others.
        var conditions = 0
        /// Certainly not applied; a read that failed.
        var refused = 0
        var unknown = 0
        /// The most siblings that a read showed.
        var siblings = 0
        /// The first failure, in words.
        var firstFailure: String?
    }

    private struct State {
        var history: History
        var draws: SeededGenerator
        var processes: UInt32 = 0
        var tally = Tally()
    }

    private let state: Mutex<State>
    /// A history is recorded against the clock of its recorder, from 0.
    private let begin = NIODeadline.now()

    init(rules: [String: BucketRule], seed: UInt64, retention: Retention = .everything) {
        state = Mutex(
            State(
                history: History(rules: rules, retention: retention),
                draws: SeededGenerator(seed: seed ^ 0x626c_6163_6b62_6f78)))
    }

    var history: History { state.withLock { $0.history } }
    var tally: Tally { state.withLock { $0.tally } }

    private var now: Instant { Instant(nanoseconds: (NIODeadline.now() - begin).nanoseconds) }

    /// A number for a session; another one once it has forgotten everything with its process.
    func newProcess() -> ProcessNumber {
        state.withLock { state in
            state.processes += 1
            return ProcessNumber(state.processes)
        }
    }

    /// Draws with the run's generator.
    func draw<Result: Sendable>(_ body: (inout SeededGenerator) -> Result) -> Result {
        state.withLock { body(&$0.draws) }
    }

    /// Makes requests of values that nobody has written.
    func make<Made: Sendable>(_ body: (inout SeededGenerator, () -> ValueID) -> Made) -> Made {
        state.withLock { state in
            var draws = state.draws
            let made = body(&draws) { state.history.freshValue() }
            state.draws = draws
            return made
        }
    }

    func call(_ request: ClientRequest, by process: ProcessNumber, isCounted: Bool = true) -> RecordID {
        state.withLock { state in
            if isCounted { state.tally.requests += 1 }
            return state.history.call(request, by: process, at: now)
        }
    }

    func complete(_ record: RecordID, with reply: ClientReply, isCounted: Bool = true) {
        state.withLock { state in
            state.history.complete(record, with: reply, at: now)
            guard isCounted else { return }
            state.tally.ok += 1
            if case .object(let object) = reply.result {
                state.tally.siblings = max(state.tally.siblings, object.siblings.count)
            }
        }
    }

    func complete(_ record: RecordID, with error: CoterieError, isCounted: Bool = true) {
        state.withLock { state in
            let outcome: Outcome = error.outcome == .unknown ? .unknown : .notApplied
            state.history.complete(
                record, outcome, code: error.errorCode, receipt: error.receipt, at: now)
            guard isCounted else { return }
            if error.code == .preconditionFailed {
                state.tally.conditions += 1
            } else if outcome == .unknown {
                state.tally.unknown += 1
            } else {
                state.tally.refused += 1
            }
            if error.code != .preconditionFailed, state.tally.firstFailure == nil {
                state.tally.firstFailure = "\(error)"
            }
        }
    }
}

extension CoterieError {
    /// The code of a node's or the client's failure where the protocol has one.
    var errorCode: ErrorCode? { ErrorCode.allCases.first { $0.description == code.rawValue } }
}
