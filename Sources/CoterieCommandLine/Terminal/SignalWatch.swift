// Signals as a stream of values, so that a command decides what they mean.

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Takes signals over from their default dispositions for as long as it lives.
final class SignalWatch: Sendable {
    private let state: Pending
    private let registration: Int

    /// Shared with the hub, which may hear a signal while the watch goes.
    private final class Pending: Sendable {
        struct State {
            var listeners: [Int: AsyncStream<Int32>.Continuation] = [:]
            var nextListener = 0
            /// Signals that came while nobody listened: the next listener gets them.
            var unheard: [Int32] = []
        }
        let state = Mutex(State())

        func heard(_ number: Int32) {
            state.withLock { state in
                if state.listeners.isEmpty { state.unheard.append(number) }
                for listener in state.listeners.values { listener.yield(number) }
            }
        }
    }

    /// What ends a command: Ctrl-C, `kill`, a closed terminal.
    static let ending: [Int32] = [SIGINT, SIGTERM, SIGHUP]

    init(_ numbers: [Int32] = SignalWatch.ending) {
        let pending = Pending()
        state = pending
        registration = SignalHub.shared.add(numbers) { pending.heard($0) }
    }

    deinit { SignalHub.shared.remove(registration) }

    /// The signals' numbers as they come from now on, and those that nobody heard before.
    func listen() -> AsyncStream<Int32> {
        let pending = state
        return AsyncStream { continuation in
            let number = pending.state.withLock { state in
                for number in state.unheard { continuation.yield(number) }
                state.unheard = []
                state.nextListener += 1
                state.listeners[state.nextListener] = continuation
                return state.nextListener
            }
            continuation.onTermination = { _ in
                _ = pending.state.withLock { $0.listeners.removeValue(forKey: number) }
            }
        }
    }

    /// Runs `body` until it ends or a signal comes; a signal cancels it, and once it has returned `Interrupted` is thrown.
    func interrupting<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let stream = listen()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await number in stream { throw Interrupted(signal: number) }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}

/// A command was told to end before it was done.
struct Interrupted: Error {
    let signal: Int32
}
