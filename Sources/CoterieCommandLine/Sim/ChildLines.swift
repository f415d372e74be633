// A process of this program's own that is read line by line. Its two streams are read by threads, since it may say more
// than a pipe holds; it is waited for when both have ended.

import CoterieServer
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

/// A child and what it says.
final class ChildLines: Sendable {
    enum Event: Sendable {
        case line(String)
        case ended(Ending)
    }

    /// How the child ended.
    struct Ending: Sendable {
        /// Its exit code, or the signal that killed it.
        let status: Int32
        let isSignal: Bool
        /// The last lines of its standard error.
        let errors: [String]

        var isCrash: Bool { isSignal }
    }

    private let pid = Mutex<Int32?>(nil)

    /// Starts this program with other arguments. `heard` is called on a thread of the child's own.
    init(arguments: [String], heard: @escaping @Sendable (Event) -> Void) throws {
        let (output, errors) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.run()
        } catch {
            throw CommandFailure(.internalFault, "cannot start a worker of the simulator: \(error)")
        }
        pid.withLock { $0 = process.processIdentifier }
        let child = Unshared(process: process, output: output, errors: errors)
        Thread.detachNewThread { [self] in
            let tail = Tail()
            let reader = Unshared(process: process, output: output, errors: errors)
            let isRead = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                Self.lines(of: reader.errors.fileHandleForReading) { tail.add($0) }
                isRead.signal()
            }
            Self.lines(of: child.output.fileHandleForReading) { heard(.line($0)) }
            isRead.wait()
            child.process.waitUntilExit()
            pid.withLock { $0 = nil }
            heard(
                .ended(
                    Ending(
                        status: child.process.terminationStatus,
                        isSignal: child.process.terminationReason == .uncaughtSignal, errors: tail.lines)))
        }
    }

    /// Ends it at once.
    func kill() {
        pid.withLock { pid in
            if let pid { _ = signalProcess(pid, SIGKILL) }
        }
    }

    /// Handed to one thread and used by nobody else.
    private struct Unshared: @unchecked Sendable {
        let process: Process
        let output: Pipe
        let errors: Pipe
    }

    /// The last lines of a stream.
    private final class Tail: Sendable {
        private let kept = Mutex<[String]>([])
        var lines: [String] { kept.withLock { $0 } }

        func add(_ line: String) {
            kept.withLock { kept in
                kept.append(line)
                if kept.count > 20 { kept.removeFirst() }
            }
        }
    }

    private static func lines(of handle: FileHandle, _ body: (String) -> Void) {
        var rest: [UInt8] = []
        while case let data = handle.availableData, !data.isEmpty {
            rest.append(contentsOf: data)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                body(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
        }
        if !rest.isEmpty { body(String(decoding: rest, as: UTF8.self)) }
    }
}

/// The system's `kill`, out of the way of the method of that name.
private func signalProcess(_ pid: Int32, _ number: Int32) -> Int32 { kill(pid, number) }
