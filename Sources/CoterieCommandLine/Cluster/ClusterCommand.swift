// `coterie cluster`: what the cluster says of itself, whichever way it is run.

import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Show who is there, who is alive, and what is missing where.",
        discussion: """
            Examples:
              coterie cluster status
              coterie cluster status --node n3        as n3 sees it
            """,
        subcommands: [ClusterStatusCommand.self])
}
