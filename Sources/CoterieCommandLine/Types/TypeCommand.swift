// `coterie type`: the bucket types of a cluster.

import ArgumentParser
import CoterieHTTP
import CoteriePrimitives
import CoterieServer
import CoterieTypes

struct TypeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "type", abstract: "Show the bucket types: how many replicas, and what concurrent writes become.",
        discussion: """
            Examples:
              coterie type list
              coterie type show sets
            """,
        subcommands: [List.self, Show.self, Create.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the bucket types of a cluster.",
            discussion: """
                Examples:
                  coterie type list
                  coterie type list --json
                """)

        @OptionGroup var cluster: ClusterOptions
        @Flag(name: .long, help: "One JSON object, for scripts.")
        var json = false

        func run() async throws {
            let types = try await TypeCommand.types(cluster)
            if json { return Output.standard.line(try JSONText.of(["types": types])) }
            for line in TypeCommand.lines(types, on: .standard) { Output.standard.line(line) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show one bucket type: its replicas, its type, its properties.",
            discussion: """
                Examples:
                  coterie type show sets
                  coterie type show sets --json
                """)

        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "The bucket type.") var name: String
        @Flag(name: .long, help: "One JSON object, for scripts.")
        var json = false

        func run() async throws {
            let types = try await TypeCommand.types(cluster)
            guard let type = types.first(where: { $0.name == name }) else {
                throw TypeCommand.unknown(name, types)
            }
            let path = "/types/\(AdminClient.encoded(name))/props"
            let answer = try await AdminClient(cluster: cluster.find()).get(path, as: [String: JSONValue].self).answer
            if json { return Output.standard.line(try JSONText.of(answer)) }
            Output.standard.line("\(type.name): \(type.type), n=\(type.n)")
            Output.standard.line("  \(PictureText.rule(of: type.type))")
            guard case .object(let properties)? = answer["props"] else { return }
            for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
                Output.standard.line("  \(Output.standard.styled(name, .dim)) \(value.line)")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Tell how a bucket type comes into being.",
            discussion: """
                The bucket types of a cluster are fixed when it is created: this command changes nothing, says how to \
                give the type then, and ends with exit code 1.

                Examples:
                  coterie type create votes --of counter
                """)

        @OptionGroup var cluster: ClusterOptions
        @Argument(help: "The bucket type.") var name: String
        @Option(
            help: ArgumentHelp("What concurrent writes become: siblings, lww, counter, set, …", valueName: "type"))
        var of: String
        @Option(help: ArgumentHelp("How many replicas its keys have (default: the cluster's).", valueName: "count"))
        var n: Int?

        func validate() throws {
            let known = TypeRegistry.builtIn.names
            guard known.contains(of) else {
                throw ValidationError(
                    "--of \(of): there is no such type\(NearestName.suggestion(for: of, among: known)) "
                        + "(known: \(known.joined(separator: ", ")))")
            }
        }

        func run() async throws {
            let types = try await TypeCommand.types(cluster)
            if let type = types.first(where: { $0.name == name }) {
                let isSame = type.type == of && (n ?? type.n) == type.n
                guard isSame else {
                    throw CommandFailure(
                        .failed, "there is a bucket type \(name) already, with the type \(type.type) and n=\(type.n)")
                }
                return Output.standard.line("\(name) is there: \(type.type), n=\(type.n)")
            }
            let alike = types.filter { $0.type == of }.map(\.name)
            throw CommandFailure(
                .failed,
                """
                bucket types are fixed when a cluster is created, and this one has no \(name)
                \(alike.isEmpty ? "it has none of the type \(of) either" : "of the type \(of) it has: \(alike.joined(separator: ", "))")
                for a new cluster, give it in the cluster file of its nodes:
                  cluster:
                    types:
                      - {name: \(name), type: \(of)\(n.map { ", n: \($0)" } ?? "")}
                """)
        }
    }

    /// The bucket types as a node tells them.
    static func types(_ options: ClusterOptions) async throws -> [LayoutDescription.BucketType] {
        try await AdminClient(cluster: options.find()).get("/admin/layout", as: LayoutDescription.self).answer
            .bucketTypes
    }

    static func lines(_ types: [LayoutDescription.BucketType], on output: Output) -> [String] {
        var columns = Columns([("NAME", .left), ("TYPE", .left), ("N", .right), ("CONCURRENT WRITES", .left)])
        for type in types {
            columns.add([
                type.name, type.type, "\(type.n)", output.styled(PictureText.rule(of: type.type), .dim),
            ])
        }
        return columns.lines(on: output)
    }

    private static func unknown(_ name: String, _ types: [LayoutDescription.BucketType]) -> CommandFailure {
        let names = types.map(\.name)
        return CommandFailure(
            .notFound,
            "there is no bucket type \(name)\(NearestName.suggestion(for: name, among: names)) "
                + "(there are: \(names.joined(separator: ", ")))")
    }
}
