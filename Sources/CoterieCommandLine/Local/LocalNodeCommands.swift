// What may be done to single nodes: kill, pause, resume, start, look at the log.

import ArgumentParser
import CoteriePrimitives
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

struct LocalKillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Kill nodes at once (SIGKILL), as a crash would.",
        discussion: """
            Examples:
              coterie local kill n2
              coterie local kill n2 n3 --data /tmp/three
            """)

    @OptionGroup var options: LocalNodesOptions

    func run() async throws {
        let (cluster, members) = try options.find()
        for member in members where cluster.process(of: member) == nil {
            throw CommandFailure(.failed, "\(member.name) does not run")
        }
        await cluster.kill(members)
        for member in members {
            Output.standard.line(
                "\(member.name) killed; coterie local start \(member.name)\(cluster.directory.flag) brings it back")
        }
    }
}

struct LocalPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Halt nodes (SIGSTOP): they keep their connections and answer nothing.",
        discussion: """
            Examples:
              coterie local pause n3
              coterie local pause n2 n3 && sleep 5 && coterie local resume n2 n3
            """)

    @OptionGroup var options: LocalNodesOptions

    func run() async throws {
        let (cluster, members) = try options.find()
        for member in members {
            guard let process = cluster.process(of: member), process.signal(SIGSTOP) else {
                throw CommandFailure(.failed, "\(member.name) does not run")
            }
            while process.state == .running { await pause(.milliseconds(2)) }
            Output.standard.line(
                "\(member.name) paused; coterie local resume \(member.name)\(cluster.directory.flag) wakes it")
        }
    }
}

struct LocalResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Wake paused nodes (SIGCONT).",
        discussion: """
            Examples:
              coterie local resume n3
            """)

    @OptionGroup var options: LocalNodesOptions

    func run() async throws {
        let (cluster, members) = try options.find()
        for member in members {
            guard let process = cluster.process(of: member), process.signal(SIGCONT) else {
                throw CommandFailure(.failed, "\(member.name) does not run")
            }
            while process.state == .stopped { await pause(.milliseconds(2)) }
            Output.standard.line("\(member.name) resumed")
        }
    }
}

struct LocalStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start nodes that were killed or stopped, on their old data or on none.",
        discussion: """
            With --wipe the node's data is deleted first: it returns under its name as after the loss of its disk, serves \
            nothing by itself until its peers have refilled it, and takes a new identity for its writes.

            Examples:
              coterie local start n2
              coterie local start n2 n3 --wipe
            """)

    @OptionGroup var options: LocalNodesOptions

    @Flag(name: .long, help: "Delete the node's data first, as if its disk had been lost.")
    var wipe = false

    func run() async throws {
        let (cluster, members) = try options.find()
        for member in members {
            if let process = cluster.process(of: member) {
                throw CommandFailure(
                    .failed,
                    "\(member.name) runs already (pid \(process.pid)"
                        + (process.state == .stopped ? ", paused: coterie local resume \(member.name)" : "") + ")")
            }
            if wipe { try cluster.wipe(member) }
        }
        let signals = SignalWatch()
        do {
            try await signals.interrupting {
                let startup = LocalStartup(cluster: cluster, output: .standard)
                try await startup.start(members)
            }
        } catch is Interrupted {
            throw CommandFailure(.interrupted, "interrupted; the nodes that were started are stopped again")
        }
    }
}

extension LocalCluster {
    /// Empties the directory of a node that does not run.
    func wipe(_ member: Member) throws {
        let path = directory.data(member.name)
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw CommandFailure(.cannotCreate, "cannot empty \(path): \(error.localizedDescription)")
        }
    }
}

struct LocalLogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show a node's log.",
        discussion: """
            Examples:
              coterie local logs n1
              coterie local logs n1 --lines 200 --follow
            """)

    @OptionGroup var local: LocalOptions

    @Argument(
        help: ArgumentHelp("The node's name.", valueName: "node"),
        completion: .custom { words, _, _ in KnownCluster.nodeNames(completing: words) })
    var node: String

    @Option(
        name: [.customShort("n"), .long], help: ArgumentHelp("How many of the last lines to show.", valueName: "count"))
    var lines = 50

    @Flag(name: .shortAndLong, help: "Go on with new lines as they come, until Ctrl-C.")
    var follow = false

    func run() async throws {
        let cluster = try LocalCluster(in: local.directory)
        let member = try cluster.member(named: node)
        let path = cluster.directory.log(member.name)
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(.failed, "\(member.name) has no log yet (\(path) does not exist)")
        }
        var position = FileManager.default.contents(atPath: path)?.count ?? 0
        for line in cluster.directory.lastLines(of: member.name, max(lines, 0)) { Output.standard.line(line) }
        guard follow, let handle = FileHandle(forReadingAtPath: path) else { return }
        while !Task.isCancelled {
            try handle.seek(toOffset: UInt64(position))
            let bytes = try handle.readToEnd() ?? Data()
            position += bytes.count
            Output.standard.write(bytes: Array(bytes))
            if bytes.isEmpty { await pause(.milliseconds(200)) }
        }
    }
}
