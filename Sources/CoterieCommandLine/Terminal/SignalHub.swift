// Where signals arrive: a handler that only writes the signal's number to a pipe, and a queue that reads it. Dispatch's own
// signal sources miss what comes between their making and their registration.

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

/// The end of the pipe that the handler writes to. Written once, before any handler is installed.
private nonisolated(unsafe) var signalPipe: Int32 = -1

/// Async-signal-safe: one write, and errno as it was.
private func signalArrived(_ number: Int32) {
    let reason = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(signalPipe, &byte, 1)
    errno = reason
}

/// The process's one pipe of signals.
final class SignalHub: Sendable {
    static let shared = SignalHub()

    private struct State {
        var listeners: [Int: (numbers: [Int32], heard: @Sendable (Int32) -> Void)] = [:]
        var next = 0
    }

    private let state = Mutex(State())
    // Made once in `init`, never cancelled.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    private init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe for signals: \(String(cString: strerror(errno)))")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The handler must never block, whatever comes.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        signalPipe = ends[1]
        let reading = ends[0]
        source = DispatchSource.makeReadSource(fileDescriptor: reading, queue: .global())
        source.setEventHandler { [weak self] in
            var byte: UInt8 = 0
            while read(reading, &byte, 1) == 1 { self?.heard(Int32(byte)) }
        }
        source.activate()
    }

    /// From now on these signals go to `heard` and not their own way. Returns what `remove` takes.
    func add(_ numbers: [Int32], _ heard: @escaping @Sendable (Int32) -> Void) -> Int {
        state.withLock { state in
            state.next += 1
            state.listeners[state.next] = (numbers, heard)
            for number in numbers { signal(number, signalArrived) }
            return state.next
        }
    }

    /// Signals that nobody listens to any more do what they do by default.
    func remove(_ listener: Int) {
        state.withLock { state in
            guard let removed = state.listeners.removeValue(forKey: listener) else { return }
            for number in removed.numbers where !state.listeners.values.contains(where: { $0.numbers.contains(number) })
            {
                signal(number, SIG_DFL)
            }
        }
    }

    private func heard(_ number: Int32) {
        let listeners = state.withLock { $0.listeners.values.filter { $0.numbers.contains(number) } }
        for listener in listeners { listener.heard(number) }
    }
}
