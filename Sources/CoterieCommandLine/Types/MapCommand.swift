// `coterie map`.

import ArgumentParser
import CoterieClient
import CoterieHTTP
import CoterieServer
import CoterieTypes
import NIOCore

struct MapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Update and remove fields that are replicated types themselves.",
        discussion: """
            Keys are in the bucket type maps, where --type names no other. A field's name ends in its type: _counter, \
            _set, _register, _flag, _map, _gset, _hll, _max, _min. An update is JSON, as over HTTP. \
            What is written to a field while it is removed stays.

            Examples:
              coterie map update users alice '{"name_register": "Alice", "n_counter": 1}'
              coterie map update users alice '{"groups_set": {"add_all": ["staff"]}}'
              coterie map get users alice
              coterie map get users alice n_counter
              coterie map remove users alice groups_set
            """,
        subcommands: [Update.self, Remove.self, Get.self])

    static func request(_ arguments: TypedKeyArguments) -> TypedRequest<ReplicatedMap> {
        TypedRequest(arguments, ReplicatedMap.self, bucketType: "maps")
    }

    /// An operation from its JSON; a wrong one is wrong use.
    static func operation(_ json: String) throws -> MapOperation {
        do {
            return try MapOperation(
                decoding: TypeJSON.update(ByteBuffer(string: json), of: "map").operation, as: "the operation")
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "update", abstract: "Update fields of a map.",
            discussion: """
                Examples:
                  coterie map update users alice '{"visits_counter": 1}'
                  coterie map update users alice '{"m_map": {"update": {"n_counter": 1}}}'
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var operation: OperationFlag
        @Argument(help: ArgumentHelp("The fields and what to do with them: {\"n_counter\": 1}.", valueName: "json"))
        var fields: String

        func run() async throws {
            let update = try MapCommand.operation("{\"update\": \(fields)}")
            let count = update.updates.count
            let done = count == 1 ? "updated 1 field" : "updated \(count) fields"
            try await MapCommand.request(arguments).update(updating, operation, done: done) {
                try await $0.update(update, id: $1, options: $2)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove fields from a map.",
            discussion: """
                Examples:
                  coterie map remove users alice visits_counter m_map
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var seen: SeenFlag
        @Argument(help: "The fields, such as n_counter.") var fields: [String]

        func run() async throws {
            let request = MapCommand.request(arguments)
            let operation = try MapCommand.operation("{\"remove\": \(try JSONText.of(fields))}")
            try await request.update(
                updating, done: fields.count == 1 ? "removed 1 field" : "removed \(fields.count) fields"
            ) {
                try await $0.update(operation, seen: try await request.seen(seen, $0, $2), id: $1, options: $2)
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Print a map, or one field of it, as JSON.",
            discussion: """
                Examples:
                  coterie map get users alice
                  coterie map get users alice visits_counter
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @Argument(help: "The field, such as n_counter.") var field: String?

        func run() async throws {
            try await MapCommand.request(arguments).read(hasNothing: true) { value in
                let json = try TypeJSON.value(value.canonicalBytes(), of: "map")
                guard let field else { return [json.line] }
                guard case .object(let members) = json, let found = members[field] else { return nil }
                return [found.line]
            }
        }
    }
}
