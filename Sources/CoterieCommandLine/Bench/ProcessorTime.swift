// CPU time of processes: what a request costs, not only how long it takes.

import CoterieRing
import CoterieServer
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A process that takes part in a run.
struct NodeProcess: Hashable, Sendable {
    let name: String
    let pid: Int32

    /// The nodes of the local cluster that a command was given, as far as they run; none where it was given addresses.
    static func ofLocalCluster(_ options: ClusterOptions) -> [NodeProcess] {
        let directory = LocalDirectory(options.data)
        guard directory.exists, let file = try? directory.read() else { return [] }
        return file.cluster.members.compactMap { member in
            directory.pidFile(member.name).read().map { NodeProcess(name: member.name, pid: $0.pid) }
        }
    }

    /// User and system time since its start, in microseconds, of all its threads; nil where it is gone or the system
    /// does not tell. The kernel counts in ticks, of 10 ms mostly.
    var processorMicroseconds: Int? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        return Self.processorMicroseconds(
            stat: String(decoding: bytes, as: UTF8.self), ticks: sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Fields 14 and 15 of `/proc/PID/stat` (proc_pid_stat(5)). The name of the program, field 2, may hold anything, so
    /// fields are counted from the last parenthesis.
    static func processorMicroseconds(stat: String, ticks: Int) -> Int? {
        guard let parenthesis = stat.lastIndex(of: ")"), ticks > 0 else { return nil }
        let fields = stat[stat.index(after: parenthesis)...].split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return (user + system) * (1_000_000 / ticks)
    }

    /// This process's own. POSIX fixes `clock` to count microseconds.
    static var ownMicroseconds: Int {
        Int(clock())
    }
}

/// CPU time of all processes of a run at one moment.
struct ProcessorSample: Sendable {
    let own: Int
    let nodes: [Int?]

    init(_ processes: [NodeProcess]) {
        own = NodeProcess.ownMicroseconds
        nodes = processes.map(\.processorMicroseconds)
    }
}
