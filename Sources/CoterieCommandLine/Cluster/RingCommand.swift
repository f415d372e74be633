// `coterie ring`: where a key lives.

import ArgumentParser
import CoterieHTTP
import CoterieServer

struct RingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring", abstract: "Show where a key lives: hash, partition, preference list.",
        discussion: """
            Primaries own the key's slots, in the order in which they are preferred; fallbacks stand in for absent ones.

            Examples:
              coterie ring carts alice
              coterie ring carts alice --type n5 --json
            """)

    @OptionGroup var cluster: ClusterOptions

    @Argument(help: "The bucket.") var bucket: String
    @Argument(help: "The key.") var key: String

    @Option(name: .long, help: ArgumentHelp("The bucket type.", valueName: "type"))
    var type = "default"

    @Flag(name: .long, help: "One JSON object, for scripts.")
    var json = false

    func run() async throws {
        let path =
            "/admin/ring?type=\(AdminClient.encoded(type))&bucket=\(AdminClient.encoded(bucket))"
            + "&key=\(AdminClient.encoded(key))"
        let lookup = try await AdminClient(cluster: cluster.find()).get(path, as: RingLookup.self).answer
        if json {
            Output.standard.line(try JSONText.of(lookup))
            return
        }
        for line in Self.lines(lookup, on: .standard) { Output.standard.line(line) }
    }

    static func lines(_ lookup: RingLookup, on output: Output) -> [String] {
        var columns = Columns([
            ("#", .right), ("NODE", .left), ("ROLE", .left), ("ZONE", .left), ("PEER", .left), ("HTTP", .left),
        ])
        for (index, place) in (lookup.primaries + lookup.fallbacks).enumerated() {
            let role =
                place.slot.map { output.styled("primary, slot \($0)", .green) } ?? output.styled("fallback", .dim)
            columns.add(["\(index + 1)", place.name, role, place.zone, place.peer, place.http])
        }
        let name =
            lookup.type == "default"
            ? "\(lookup.bucket)/\(lookup.key)" : "\(lookup.type)/\(lookup.bucket)/\(lookup.key)"
        return [
            "\(name): hash \(lookup.hash), partition \(lookup.partition), n=\(lookup.n), epoch \(lookup.epoch)"
        ] + columns.lines(on: output)
    }
}
