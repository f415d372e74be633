// `coterie counter`.

import ArgumentParser
import CoterieClient
import CoterieServer
import CoterieTypes

struct CounterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counter", abstract: "Count up and down; concurrent additions all count.",
        discussion: """
            Keys are in the bucket type counters, where --type names no other. A counter that was never touched is 0. \
            An increment that is tried again with its --operation-id counts once; what is added while a counter is reset \
            stays.

            Examples:
              coterie counter incr pages home
              coterie counter incr pages home 5 --return-body
              coterie counter decr pages home 2
              coterie counter get pages home
              coterie counter incr pages home --operation-id order-4711
              coterie counter reset pages home
            """,
        subcommands: [Increment.self, Decrement.self, Get.self, Reset.self])

    static func request(_ arguments: TypedKeyArguments) -> TypedRequest<ReplicatedCounter> {
        TypedRequest(arguments, ReplicatedCounter.self, bucketType: "counters")
    }

    struct Increment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "incr", abstract: "Add to a counter.",
            discussion: """
                Examples:
                  coterie counter incr pages home
                  coterie counter incr pages home 5 --return-body
                  coterie counter incr pages home --operation-id order-4711
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var operation: OperationFlag
        @Argument(help: "How much.") var amount: Int64 = 1

        func run() async throws {
            try await CounterCommand.request(arguments).update(
                updating, operation, done: amount < 0 ? "\(amount)" : "+\(amount)"
            ) {
                try await $0.increment(by: amount, id: $1, options: $2)
            }
        }
    }

    struct Decrement: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decr", abstract: "Take from a counter.",
            discussion: """
                Examples:
                  coterie counter decr pages home 2
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var operation: OperationFlag
        @Argument(help: "How much.") var amount: Int64 = 1

        func run() async throws {
            try await CounterCommand.request(arguments).update(updating, operation, done: "taken \(amount)") {
                try await $0.decrement(by: amount, id: $1, options: $2)
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Print a counter.",
            discussion: """
                Examples:
                  coterie counter get pages home
                """)

        @OptionGroup var arguments: TypedKeyArguments

        func run() async throws { try await CounterCommand.request(arguments).read { ["\($0)"] } }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "Take away all that was seen of a counter.",
            discussion: """
                Examples:
                  coterie counter reset pages home
                  coterie counter reset pages home --context AQEB…
                """)

        @OptionGroup var arguments: TypedKeyArguments
        @OptionGroup var updating: UpdateFlags
        @OptionGroup var seen: SeenFlag

        func run() async throws {
            let request = CounterCommand.request(arguments)
            try await request.update(updating, done: "reset") {
                try await $0.update(.reset, seen: try await request.seen(seen, $0, $2), id: $1, options: $2)
            }
        }
    }
}
