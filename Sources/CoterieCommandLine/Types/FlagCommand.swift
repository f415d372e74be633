// `coterie flag`.

import ArgumentParser
import CoterieClient
import CoterieServer
import CoterieTypes

struct FlagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flag", abstract: "Turn a flag on and off; on wins over a concurrent off.",
        discussion: """
            Keys are in the bucket type flags, where --type names no other. A flag that was never touched is off.

            Examples:
              coterie flag on features beta
              coterie flag get features beta
              coterie flag off features beta
            """,
        subcommands: [On.self, Off.self, Get.self])

    static func request(_ arguments: TypedKeyArguments) -> TypedRequest<ReplicatedFlag> {
        TypedRequest(arguments, ReplicatedFlag.self, bucketType: "flags")
    }

    struct On: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "on", abstract: "Turn a flag on.",
            discussion: """
                Examples:
                  coterie flag on features beta
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags

        func run() async throws {
            try await FlagCommand.request(arguments).update(updating, done: "on") {
                try await $0.update(true, id: $1, options: $2)
            }
        }
    }

    struct Off: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "off", abstract: "Turn a flag off, as far as it was seen to be on.",
            discussion: """
                Examples:
                  coterie flag off features beta
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var seen: SeenFlag

        func run() async throws {
            let request = FlagCommand.request(arguments)
            try await request.update(updating, done: "off") {
                try await $0.update(false, seen: try await request.seen(seen, $0, $2), id: $1, options: $2)
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Print on or off.",
            discussion: """
                Examples:
                  coterie flag get features beta
                """)

        @OptionGroup var arguments: TypedKeyArguments

        func run() async throws { try await FlagCommand.request(arguments).read { [$0 ? "on" : "off"] } }
    }
}
