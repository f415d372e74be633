// `coterie cluster`: what the cluster says of itself, whichever way it is run.

import ArgumentParser
import CoterieHTTP
import CoterieServer

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "Show the membership of a cluster.",
        discussion: """
            Examples:
              coterie cluster status
              coterie cluster status --node n3        as n3 sees it
            """,
        subcommands: [ClusterStatusCommand.self])
}

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the layout's members and how one node sees them.",
        discussion: """
            Examples:
              coterie cluster status
              coterie cluster status --node n3        as n3 sees it
              coterie cluster status --node 10.0.0.1:8101 --json
            """)

    @OptionGroup var cluster: ClusterOptions

    @Flag(name: .long, help: "One JSON object, for scripts.")
    var json = false

    /// Two answers of one node.
    struct Report: Codable {
        var layout: LayoutDescription
        var status: NodeStatus
    }

    func run() async throws {
        let known = try cluster.find()
        let (layout, node) = try await AdminClient(cluster: known).get("/admin/layout", as: LayoutDescription.self)
        var same = known
        same.nodes = [node]
        let status = try await AdminClient(cluster: same).get("/admin/status", as: NodeStatus.self).answer
        if json {
            Output.standard.line(try JSONText.of(Report(layout: layout, status: status)))
            return
        }
        for line in Self.lines(layout, status, on: .standard) { Output.standard.line(line) }
    }

    static func lines(_ layout: LayoutDescription, _ status: NodeStatus, on output: Output) -> [String] {
        var columns = Columns([
            ("NODE", .left), ("NUMBER", .right), ("STATE", .left), ("SINCE", .right), ("ZONE", .left),
            ("WEIGHT", .right), ("SLOTS", .right), ("PEER", .left), ("HTTP", .left),
        ])
        for member in layout.members {
            let peer = status.peers.first { $0.name == member.name }
            let isSelf = member.name == status.node
            let state = isSelf ? output.styled("answers", .green) : styled(peer, on: output)
            let since = isSelf ? status.uptimeMilliseconds : peer?.sinceMilliseconds
            columns.add([
                member.name, "\(member.number)", state, since.map(LocalStatusTable.uptime) ?? "-", member.zone,
                "\(member.weight)", "\(member.slots)", member.peer, member.http,
            ])
        }
        let balance = layout.balance
        let title =
            "\(layout.cluster): epoch \(layout.epoch), \(layout.partitions) partitions, \(layout.replicas) replicas, "
            + "as \(status.node) sees it"
        let load =
            "slots per weight: \(number(balance.least)) to \(number(balance.most)), ideal \(number(balance.ideal))"
        let types =
            "bucket types: "
            + layout.bucketTypes.map { "\($0.name) (n=\($0.n), \($0.type))" }
            .joined(separator: ", ")
        let waits = status.deletes?.hindrance.map { ["deletes wait: \($0)"] } ?? []
        return [title] + columns.lines(on: output) + [load, types] + hintLines(status) + waits
    }

    private static func hintLines(_ status: NodeStatus) -> [String] {
        status.hints.map { hints in
            let why = hints.waitsFor.isEmpty ? "being delivered" : hints.waitsFor
            return "hints for \(hints.target): \(hints.count) (\(hints.bytes) bytes), for "
                + "\(LocalStatusTable.uptime(hints.sinceMilliseconds)): \(why)"
        }
    }

    private static func styled(_ peer: NodeStatus.Peer?, on output: Output) -> String {
        switch peer?.state {
        case .alive: output.styled("alive", .green)
        case .suspect: output.styled("suspect", .yellow)
        case .dead: output.styled("dead", .red)
        case nil: "unknown"
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : LocalStatusTable.decimal(value, digits: 2)
    }
}
