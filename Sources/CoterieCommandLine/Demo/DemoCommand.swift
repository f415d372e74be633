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
        let narrator = Narrator(output: .standard)
        let stage = try DemoStage()
        let signals = SignalWatch()
        let (keys, seconds) = (keys, seconds)
        do {
            try await signals.interrupting {
                try await DemoStory(stage: stage, narrator: narrator, keys: keys, seconds: seconds).tell()
            }
        } catch {
            await clear(stage)
            if error is Interrupted { throw CommandFailure(.interrupted, "interrupted; all nodes are stopped") }
            throw error
        }
        await clear(stage)
        try conclude(narrator)
    }

    private func clear(_ stage: DemoStage) async {
        await stage.clear(keep: keep)
        if keep { Output.standard.line("data and logs are in \(stage.cluster.directory.path)") }
    }

    private func conclude(_ narrator: Narrator) throws {
        let output = narrator.output
        output.line("")
        guard narrator.brokenClaims.isEmpty else {
            let list = narrator.brokenClaims.map { "  \($0)" }.joined(separator: "\n")
            throw CommandFailure(.failed, "\(narrator.brokenClaims.count) claims did not hold:\n\(list)")
        }
        output.line(output.styled("All \(narrator.heldClaims) claims held.", .bold, .green))
        output.line("Your own cluster: coterie local up")
    }
}
