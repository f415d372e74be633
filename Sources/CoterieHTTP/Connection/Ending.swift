// How a door's run ends: with its server, or, where a request in progress does not end, with the patience of who stops
// it.

import Synchronization

/// One result, the first that is given; waiting for it does not end with the waiting task's cancellation.
final class Ending: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Void, any Error>)
        case ended(Result<Void, any Error>)
    }

    private let state = Mutex(State.open)

    /// Gives the result; a second one is passed over.
    func end(_ result: Result<Void, any Error>) {
        let waiting: CheckedContinuation<Void, any Error>? = state.withLock { state in
            switch state {
            case .ended: return nil
            case .open:
                state = .ended(result)
                return nil
            case .awaited(let continuation):
                state = .ended(result)
                return continuation
            }
        }
        waiting?.resume(with: result)
    }

    /// Waits for the result; once.
    func wait() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let early: Result<Void, any Error>? = state.withLock { state in
                switch state {
                case .ended(let result): return result
                case .open:
                    state = .awaited(continuation)
                    return nil
                case .awaited: preconditionFailure("an ending is awaited once")
                }
            }
            if let early { continuation.resume(with: early) }
        }
    }
}
