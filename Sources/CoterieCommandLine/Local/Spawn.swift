// Starts a process that outlives terminals: a session of its own, so that Ctrl-C and a closing window reach only the
// command that started it; standard input from nowhere, output to files; no other descriptor and no signal disposition
// inherited.

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A process to start.
struct Spawn: Sendable {
    var executable: String
    var arguments: [String]
    /// Added to this process's environment; nil removes.
    var environment: [String: String?] = [:]
    /// Both output streams are appended to this file; created where it does not exist.
    var log: String

    /// Starts it and returns its id; throws the system's reason.
    func start() throws(SpawnError) -> Int32 {
        Self.keepDescriptorsFromChildren()
        let actions = FileActions()
        actions.open(0, "/dev/null", O_RDONLY)
        actions.open(1, log, O_WRONLY | O_CREAT | O_APPEND)
        actions.duplicate(1, 2)
        let attributes = Attributes()
        var pid: pid_t = 0
        let words = ([executable] + arguments).map { strdup($0) } + [nil]
        let variables = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        let code = actions.pointing { actions in
            attributes.pointing { attributes in
                posix_spawn(&pid, executable, actions, attributes, words, variables)
            }
        }
        guard code == 0 else { throw SpawnError(executable: executable, reason: String(cString: strerror(code))) }
        return pid
    }

    private var merged: [String: String] {
        var result = ProcessInfo.processInfo.environment
        for (name, value) in environment { result[name] = value }
        return result
    }

    /// Sets close-on-exec on all but the three standard descriptors.
    private static func keepDescriptorsFromChildren() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
        }
    }
}

/// Why a process could not be started.
struct SpawnError: Error, CustomStringConvertible {
    let executable: String
    let reason: String
    var description: String { "cannot start \(executable): \(reason)" }
}

#if canImport(Darwin)
    private typealias RawActions = posix_spawn_file_actions_t?
    private typealias RawAttributes = posix_spawnattr_t?
#else
    private typealias RawActions = posix_spawn_file_actions_t
    private typealias RawAttributes = posix_spawnattr_t
#endif

/// What happens to descriptors between fork and exec.
private final class FileActions {
    private let raw = UnsafeMutablePointer<RawActions>.allocate(capacity: 1)

    init() { posix_spawn_file_actions_init(raw) }

    deinit {
        posix_spawn_file_actions_destroy(raw)
        raw.deallocate()
    }

    func open(_ descriptor: Int32, _ path: String, _ flags: Int32) {
        posix_spawn_file_actions_addopen(raw, descriptor, path, flags, 0o644)
    }

    func duplicate(_ from: Int32, _ to: Int32) {
        posix_spawn_file_actions_adddup2(raw, from, to)
    }

    func pointing<Result>(_ body: (UnsafeMutablePointer<RawActions>) -> Result) -> Result { body(raw) }
}

/// A session of its own, all signals as by default and none blocked.
private final class Attributes {
    private let raw = UnsafeMutablePointer<RawAttributes>.allocate(capacity: 1)

    init() {
        posix_spawnattr_init(raw)
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(raw, &all)
        posix_spawnattr_setsigmask(raw, &none)
        posix_spawnattr_setflags(
            raw, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Self.newSession)
    }

    deinit {
        posix_spawnattr_destroy(raw)
        raw.deallocate()
    }

    func pointing<Result>(_ body: (UnsafeMutablePointer<RawAttributes>) -> Result) -> Result { body(raw) }

    /// POSIX_SPAWN_SETSID: a GNU extension whose constant Swift's Glibc does not expose.
    #if canImport(Darwin)
        private static let newSession: Int16 = 0x0400
    #else
        private static let newSession: Int16 = 0x80
    #endif
}
