// `coterie delete`.

import ArgumentParser
import CoterieClient
import CoterieServer

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a key.",
        discussion: """
            With --context the values go that the context has seen; without one, those that a quorum read finds. What \
            was written meanwhile stays. Deleting what is not there is no error.

            Examples:
              coterie delete carts alice
              context=$(coterie get carts alice --print-context)
              coterie delete carts alice --context $context
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var flags: RequestFlags

    @Argument(help: "The bucket.") var bucket: String
    @Argument(help: "The key.") var key: String

    @Option(name: .long, help: ArgumentHelp("Delete what this context has seen.", valueName: "context"))
    var context: String?

    @Flag(name: .long, help: "Show the values that are there afterwards.")
    var returnBody = false

    func run() async throws {
        try await DataSession.run(cluster, flags, isWrite: true) { try await perform($0) }
    }

    private func perform(_ session: DataSession) async throws {
        let handle = session.client.bucket(bucket, type: flags.type)
        var options = flags.options
        options.returnBody = returnBody
        let stored = try await handle.delete(
            key, context: try context.map { try handle.context($0, for: key) }, options: options)
        try WriteOutput(
            name: KeyName(type: flags.type, bucket: bucket, key: key), flags: flags, cluster: cluster,
            names: MemberNames(session.client.layout)
        ).show(stored, verb: "deleted")
    }
}
