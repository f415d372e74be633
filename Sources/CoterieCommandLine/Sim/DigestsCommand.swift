// `coterie sim digests`: the digests of a few seeds, to be compared between builds and machines: a run that depends on
// how the compiler optimises, or on the order of a hash table, shows here.

import ArgumentParser
import CoterieServer
import CoterieSimulation
import Foundation

struct DigestsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digests", abstract: "The digests of the first seeds, or their comparison with a file.",
        discussion: """
            Examples:
              coterie sim digests > digests.txt
              coterie sim digests --compare digests.txt
            """)

    @Option(help: ArgumentHelp("How many seeds, from 1 on.", valueName: "count")) var seeds: UInt64 = 24
    @Option(help: ArgumentHelp("A file with the digests that are wanted.", valueName: "file"), completion: .file())
    var compare: String?

    func run() throws {
        guard let compare else {
            for line in try SeedDigests.lines(seeds) { Output.standard.line(line) }
            return
        }
        guard let bytes = FileManager.default.contents(atPath: compare) else {
            throw CommandFailure(.ioError, "--compare \(compare): cannot be read")
        }
        let wanted = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let found = try SeedDigests.lines(UInt64(wanted.count))
        let differing = zip(wanted, found).filter { $0 != $1 }
        guard !differing.isEmpty else {
            return Output.standard.line("\(found.count) seeds have the digests of \(compare)")
        }
        for (wanted, found) in differing { Output.standard.line("wanted \(wanted), found \(found)") }
        throw CommandFailure(
            .runsDiffer,
            """
            \(differing.count) of \(found.count) seeds have other digests than in \(compare)
            where the store or the simulator was changed on purpose, write them anew:
              \(ProgramName.text) sim digests > \(compare)
            """)
    }
}
