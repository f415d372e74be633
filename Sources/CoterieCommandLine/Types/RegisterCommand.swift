// `coterie register`.

import ArgumentParser
import CoterieClient
import CoterieServer
import CoterieTypes
import NIOCore

struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Set one value; of concurrent ones the later is shown.",
        discussion: """
            Keys are in the bucket type registers, where --type names no other. A register without a value ends with \
            exit code 3.

            Examples:
              coterie register set settings motto "all together"
              coterie register get settings motto
            """,
        subcommands: [Assign.self, Get.self])

    static func request(_ arguments: TypedKeyArguments) -> TypedRequest<ReplicatedRegister> {
        TypedRequest(arguments, ReplicatedRegister.self, bucketType: "registers")
    }

    struct Assign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set a register's value.",
            discussion: """
                Examples:
                  coterie register set settings motto "all together"
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @Argument(help: "The value.") var value: String

        func run() async throws {
            try await RegisterCommand.request(arguments).update(updating, done: "set") {
                try await $0.update(ByteBuffer(string: value), id: $1, options: $2)
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Print a register's value.",
            discussion: """
                Examples:
                  coterie register get settings motto
                """)

        @OptionGroup var arguments: TypedKeyArguments

        func run() async throws {
            try await RegisterCommand.request(arguments).read(hasNothing: true) { $0.map { [$0.shownLine] } ?? [] }
        }
    }
}
