// The one command of the one binary.

import ArgumentParser
import CoterieServer
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `coterie`.
public struct CoterieCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "coterie",
        abstract: "A leaderless key-value store: any node takes any request.",
        discussion: """
            Examples:
              coterie local up                          five nodes on this machine
              coterie cluster status                    who is there, who owns how much
              coterie counter incr pages home           a value that merges by itself
              coterie ring carts alice                  where a key lives
              coterie explain carts alice               why it is as it is
              coterie demo                              a tour on a real cluster
              coterie sim swarm                         simulated clusters under faults

            Exit codes: 0 done, 1 failed, 3 not found, 4 outcome unknown, 5 quorum not met, 6 precondition failed, \
            20 promise broken, 21 not at rest, 22 runs differ, 23 crashed, 24 expectation failed, \
            64 bad usage, 65 malformed data, 69 not reachable, 73 cannot create, 74 io error, 75 in use, \
            78 bad configuration, 130 interrupted.
            """,
        version: CoterieVersion.current,
        subcommands: [
            PutCommand.self, GetCommand.self, DeleteCommand.self, CounterCommand.self, SetCommand.self,
            MapCommand.self, FlagCommand.self, RegisterCommand.self, TypeCommand.self, ExplainCommand.self,
            RingCommand.self,
            LocalCommand.self, ClusterCommand.self,
            BenchCommand.self, CheckCommand.self, HistoryCommand.self, ServeCommand.self, DemoCommand.self,
            CartCommand.self,
            SimCommand.self, ScenarioCommand.self, StorageCommand.self,
        ])

    public init() {}

    /// Parses the process's arguments, runs the command and ends the process with its exit code.
    public static func runToExit() async -> Never {
        // A reader that went away is an error of a write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Foundation.exit(ExitStatus.ok.rawValue)
        } catch let failure as CommandFailure {
            if !failure.message.isEmpty {
                Output.error.line("\(Output.error.styled("coterie:", .bold, .red)) \(failure.message)")
            }
            Foundation.exit(failure.status.rawValue)
        } catch is Interrupted {
            Foundation.exit(ExitStatus.interrupted.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
