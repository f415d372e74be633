// What `--help` says, at the width of a terminal.

import ArgumentParser
import Testing

@testable import CoterieCommandLine

@Suite struct HelpTests {
    private static func all(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        // What is not shown is for the program itself.
        command.configuration.shouldDisplay ? [command] + command.configuration.subcommands.flatMap { all($0) } : []
    }

    @Test func everyCommandHasExamplesThatStandOnOneLineEach() {
        let commands = Self.all(CoterieCommand.self)
        #expect(commands.count > 15)
        for command in commands {
            let help = CoterieCommand.helpMessage(for: command, columns: 80)
            let behind = help.split(separator: "\n", omittingEmptySubsequences: false).drop { $0 != "Examples:" }
            let examples = behind.dropFirst().prefix { !$0.isEmpty }
            #expect(!examples.isEmpty, "\(command)")
            for example in examples {
                #expect(example.hasPrefix("  "), "\(example)")
            }
        }
    }
}
