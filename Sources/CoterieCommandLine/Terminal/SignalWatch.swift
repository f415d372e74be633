// Signals as a stream of values, so that a command decides what they mean.

import Dispatch
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
    private let state = Mutex(State())
    // Written once, in `init`; cancelling a source is thread-safe.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]
    private let numbers: [Int32]

    private struct State {
        var listeners: [Int: AsyncStream<Int32>.Continuation] = [:]
        var nextListener = 0
        /// Signals that came while nobody listened: the next listener gets them.
        var unheard: [Int32] = []
    }

    /// What ends a command: Ctrl-C, `kill`, a closed terminal.
    static let ending: [Int32] = [SIGINT, SIGTERM, SIGHUP]

    init(_ numbers: [Int32] = SignalWatch.ending) {
        self.numbers = numbers
        sources = numbers.map { number in
            // Dispatch sees a signal only where its default disposition does not come first.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for (number, source) in zip(numbers, sources) {
            source.setEventHandler { [weak self] in self?.heard(number) }
            source.activate()
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }

    /// The signals' numbers as they come from now on, and those that nobody heard before.
    func listen() -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let number = state.withLock { state in
                for number in state.unheard { continuation.yield(number) }
                state.unheard = []
                state.nextListener += 1
                state.listeners[state.nextListener] = continuation
                return state.nextListener
            }
            continuation.onTermination = { [weak self] _ in
                _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
            }
        }
    }

    private func heard(_ number: Int32) {
        state.withLock { state in
            if state.listeners.isEmpty { state.unheard.append(number) }
            for listener in state.listeners.values { listener.yield(number) }
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
