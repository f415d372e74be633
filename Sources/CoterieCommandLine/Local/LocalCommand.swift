// `coterie local`: a cluster of processes on this machine.

import ArgumentParser
import CoterieRing
import CoterieServer
import Foundation

/// The processes of this machine. `coterie cluster` is about the membership of any cluster.
struct LocalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract: "Run a cluster of processes on this machine.",
        discussion: """
            Examples:
              coterie local up                  five nodes in the foreground, until Ctrl-C
              coterie local up --detach         the same in the background
              coterie local down                stops them; their data stays
              coterie local kill n2             SIGKILL, as a crash would
              coterie local start n2            back on its old data
              coterie local start n2 --wipe     back on an empty disk: its peers refill it
              coterie local fault cut n1 n2     nothing passes between the two
              coterie local pause n3            halted, as an overloaded machine would be
              coterie local resume n3           awake again
            """,
        subcommands: [
            LocalUpCommand.self, LocalStatusCommand.self, LocalDownCommand.self, LocalStartCommand.self,
            LocalKillCommand.self, LocalPauseCommand.self, LocalResumeCommand.self, LocalLogsCommand.self,
            LocalFaultCommand.self,
        ])
}

/// Which directory.
struct LocalOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The cluster's directory (default: \(KnownCluster.defaultDirectory)).", valueName: "dir"),
        completion: .directory)
    var data: String?

    var directory: LocalDirectory { LocalDirectory(data) }
}

/// One or more nodes of a local cluster.
struct LocalNodesOptions: ParsableArguments {
    @OptionGroup var local: LocalOptions

    @Argument(
        help: ArgumentHelp("The nodes' names.", valueName: "node"),
        completion: .custom { words, _, _ in KnownCluster.nodeNames(completing: words) })
    var nodes: [String]

    /// The cluster, and the nodes that are named.
    func find() throws -> (LocalCluster, [Member]) {
        let cluster = try LocalCluster(in: local.directory)
        return (cluster, try nodes.map { try cluster.member(named: $0) })
    }
}
