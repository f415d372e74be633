// `coterie set`.

import ArgumentParser
import CoterieClient
import CoterieServer
import CoterieTypes
import NIOCore

struct SetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Add and remove elements; an addition survives a remove that has not seen it.",
        discussion: """
            Keys are in the bucket type sets, where --type names no other. Elements that are given together are added or \
            removed in one event. contains ends with exit code 3 where the element is not there.

            Examples:
              coterie set add users online alice bob
              coterie set members users online
              coterie set contains users online alice
              coterie set remove users online bob
              coterie set remove users online bob --context AQEB…
            """,
        subcommands: [Add.self, Remove.self, Members.self, Contains.self])

    static func request(_ arguments: TypedKeyArguments) -> TypedRequest<ReplicatedSet> {
        TypedRequest(arguments, ReplicatedSet.self, bucketType: "sets")
    }

    private static func count(_ elements: [String]) -> String {
        elements.count == 1 ? "1 element" : "\(elements.count) elements"
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add elements to a set.",
            discussion: """
                Examples:
                  coterie set add users online alice bob
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @Argument(help: "The elements.") var elements: [String]

        func run() async throws {
            let operation = SetOperation(adds: elements.map { ByteBuffer(string: $0) })
            try await SetCommand.request(arguments).update(updating, done: "added \(SetCommand.count(elements))") {
                try await $0.update(operation, id: $1, options: $2)
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove elements from a set.",
            discussion: """
                Examples:
                  coterie set remove users online bob
                  coterie set remove users online bob --context AQEB…
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var seen: SeenFlag
        @Argument(help: "The elements.") var elements: [String]

        func run() async throws {
            let request = SetCommand.request(arguments)
            let operation = SetOperation(removes: elements.map { ByteBuffer(string: $0) })
            try await request.update(updating, done: "removed \(SetCommand.count(elements))") {
                try await $0.update(operation, seen: try await request.seen(seen, $0, $2), id: $1, options: $2)
            }
        }
    }

    struct Members: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "members", abstract: "Print the elements of a set, one a line, in the order of their bytes.",
            discussion: """
                Examples:
                  coterie set members users online
                """)

        @OptionGroup var arguments: TypedKeyArguments

        func run() async throws { try await SetCommand.request(arguments).read { $0.map(\.shownLine) } }
    }

    struct Contains: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "contains", abstract: "Tell whether an element is in a set.",
            discussion: """
                Examples:
                  coterie set contains users online alice
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @Argument(help: "The element.") var element: String

        func run() async throws {
            let wanted = ByteBuffer(string: element)
            try await SetCommand.request(arguments).read { $0.contains(wanted) ? ["yes"] : nil }
        }
    }
}
