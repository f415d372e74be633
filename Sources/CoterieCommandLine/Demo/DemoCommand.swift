// `coterie demo`: a tour on a real cluster of processes, that ends with pass or fail.

import ArgumentParser
import CoteriePrimitives
import CoterieServer
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A tour on a real cluster: siblings, a killed node, nothing lost.",
        discussion: """
            Starts five processes in a temporary directory on free ports, writes through two nodes at once, shows and \\
            resolves the siblings, kills a node under load, goes on reading and writing at R=W=2, brings it back, and \\
            in the end kills all nodes at once. Every claim is checked: exit code 0 only if all of them held. \\
            Everything is removed afterwards, also on Ctrl-C.

            Examples:
              coterie demo
              coterie demo --keys 100000 --seconds 15
            """)

    @Option(
        name: .long,
        help: ArgumentHelp("How many keys the load writes, each at least once: 10 to 1000000.", valueName: "count"))
    var keys = 2_000

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long each part under load takes, 1 to 600; the last one until every key is written.",
            valueName: "seconds"))
    var seconds = 3

    @Flag(name: .long, help: "Leave the directory with data and logs behind.")
    var keep = false

    func validate() throws {
        guard (10 ... 1_000_000).contains(keys) else {
            throw ValidationError("--keys \(keys): allowed are 10 to 1000000")
        }
        guard (1 ... 600).contains(seconds) else { throw ValidationError("--seconds \(seconds): allowed are 1 to 600") }
    }

    func run() async throws {
        let stage = try DemoStage()
        let (keys, seconds) = (keys, seconds)
        try await stage.play(keep: keep) { narrator in
            try await DemoStory(stage: stage, narrator: narrator, keys: keys, seconds: seconds).tell()
        }
        Output.standard.line("Your own cluster: coterie local up")
    }
}
