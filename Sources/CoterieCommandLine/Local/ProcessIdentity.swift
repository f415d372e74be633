// A process by its id and the moment it started: ids are reused, a pair of both is not. What `kill` is sent to is checked
// against both.

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// One process, not just its id.
struct ProcessIdentity: Hashable, Sendable {
    let pid: Int32
    /// When it started, in the kernel's own terms; with the boot's id, as ticks begin anew with each boot.
    let start: String

    /// What a process does, as far as the kernel tells.
    enum State: Hashable, Sendable {
        case running
        /// By SIGSTOP, until SIGCONT.
        case stopped
        /// No such process, or another one under its id, or only its exit status is left: its files are closed.
        case gone
    }

    /// The process that has this id now; nil where there is none.
    init?(pid: Int32) {
        guard let facts = Self.facts(of: pid), facts.state != .gone else { return nil }
        self.pid = pid
        start = facts.start
    }

    init(pid: Int32, start: String) {
        self.pid = pid
        self.start = start
    }

    var state: State {
        guard let facts = Self.facts(of: pid), facts.start == start else { return .gone }
        return facts.state
    }

    /// Sends a signal; false where the process is gone.
    @discardableResult func signal(_ number: Int32) -> Bool {
        guard state != .gone else { return false }
        return kill(pid, number) == 0
    }

    #if os(Linux)
        /// From `/proc/<pid>/stat`: state is the field behind the command's name in parentheses, the number of threads is
        /// the 20th, the start the 22nd.
        private static func facts(of pid: Int32) -> (state: State, start: String)? {
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
            return facts(in: String(decoding: bytes, as: UTF8.self))
        }

        static func facts(in text: String) -> (state: State, start: String)? {
            guard let behind = text.split(separator: ")").last else { return nil }
            let fields = behind.split(separator: " ")
            guard fields.count > 19, let letter = fields.first else { return nil }
            let state: State =
                switch letter {
                // The first thread may have ended before the others, which still hold the files and their locks.
                case "Z" where (Int(fields[17]) ?? 1) > 1: .running
                case "Z", "X", "x": .gone
                case "T", "t": .stopped
                default: .running
                }
            return (state, "\(fields[19])@\(boot)")
        }

        private static let boot: String = {
            let bytes = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id") ?? Data()
            return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }()
    #else
        private static func facts(of pid: Int32) -> (state: State, start: String)? {
            var info = proc_bsdinfo()
            let size = Int32(MemoryLayout<proc_bsdinfo>.size)
            guard proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, size) == size else { return nil }
            let state: State =
                switch Int32(info.pbi_status) {
                case SZOMB: .gone
                case SSTOP: .stopped
                default: .running
                }
            return (state, "\(info.pbi_start_tvsec).\(info.pbi_start_tvusec)")
        }
    #endif
}

/// The file that names a node's process: `<pid> <start>`.
struct PidFile: Sendable {
    let path: String

    /// The process that was written; nil where there is no file, or nothing readable in it.
    func read() -> ProcessIdentity? {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        let fields = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let pid = Int32(fields[0]), pid > 1 else { return nil }
        return ProcessIdentity(pid: pid, start: String(fields[1]))
    }

    func write(_ process: ProcessIdentity) throws(CommandFailure) {
        try LocalFiles.write("\(process.pid) \(process.start)\n", to: path)
    }

    /// After a clean stop; a file that is still there names a process that died.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
