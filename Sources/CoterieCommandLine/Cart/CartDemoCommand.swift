// `coterie cart demo`: the same shopping on both sides of a partition, under three rules; and the last ten of something.

import ArgumentParser
import CoterieRing
import CoterieServer

struct CartDemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "What a partition does to a cart under three rules, on a real cluster.",
        discussion: """
            Starts five processes in a temporary directory on free ports, shops, parts the cluster, shops on both sides, \\
            heals it, and shows side by side what becomes of one history where the last writer wins, where siblings are \\
            united, and where the cart is a map of counters. Then the last ten of something are sold from both sides of \\
            another partition, ten times and not once more. Every claim is checked: exit code 0 only if all of them held. \\
            Everything is removed afterwards, also on Ctrl-C.

            Examples:
              coterie cart demo
            """)

    @Flag(name: .long, help: "Leave the directory with data and logs behind.")
    var keep = false

    func run() async throws {
        let stage = try DemoStage(
            name: "cart",
            bucketTypes: ["lww": .lww, "siblings": .siblings, "maps": .map, "stocks": .bcounter], allowsFaults: true)
        try await stage.play(keep: keep) { narrator in
            try await CartStory(stage: stage, narrator: narrator).tell()
            try await StockStory(stage: stage, narrator: narrator).tell()
        }
        Output.standard.line("Your own cart: coterie local up --detach && coterie cart")
    }
}
