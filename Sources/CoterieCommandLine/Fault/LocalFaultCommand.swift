// `coterie local fault`: the network of a local cluster, broken and slowed on purpose.

import ArgumentParser
import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieTransport

struct LocalFaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault",
        abstract: "Cut and slow the links between nodes, on a cluster that was made with --allow-faults.",
        discussion: """
            A fault is done by the node that sends, and lasts until it is healed or the node restarts.

            Examples:
              coterie local up --allow-faults --detach
              coterie local fault cut n1 n2                  nothing passes
              coterie local fault cut n1 n2 --one-way        n2 hears nothing from n1
              coterie local fault cut n1 n2 --break          their connections break
              coterie local fault partition n1,n2 n3,n4,n5   two groups apart
              coterie local fault delay n1 n2 20ms --jitter 5ms
              coterie local fault list
              coterie local fault heal
            """,
        subcommands: [
            FaultCutCommand.self, FaultPartitionCommand.self, FaultDelayCommand.self, FaultHealCommand.self,
            FaultListCommand.self,
        ])
}

/// Two nodes of a local cluster, one way or both.
struct FaultLinkOptions: ParsableArguments {
    @OptionGroup var local: LocalOptions

    @Argument(
        help: ArgumentHelp("The one end.", valueName: "node"),
        completion: .custom { words, _, _ in KnownCluster.nodeNames(completing: words) })
    var from: String

    @Argument(
        help: ArgumentHelp("The other end.", valueName: "node"),
        completion: .custom { words, _, _ in KnownCluster.nodeNames(completing: words) })
    var to: String

    @Flag(name: .long, help: "Only what the first node sends to the second.")
    var oneWay = false

    /// The cluster's faults and the directed links that are meant.
    func find() throws -> (ClusterFaults, [(from: Member, to: Member)]) {
        let cluster = try LocalCluster(in: local.directory)
        let (one, other) = (try cluster.member(named: from), try cluster.member(named: to))
        guard one != other else {
            throw CommandFailure(.usage, "\(from) and \(to) are one node: a link has two ends")
        }
        return (ClusterFaults(cluster: cluster), oneWay ? [(one, other)] : [(one, other), (other, one)])
    }

    var arrow: String { oneWay ? "\(from) → \(to)" : "\(from) ↔ \(to)" }
}

struct FaultCutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut", abstract: "Let nothing pass between two nodes.",
        discussion: """
            Without --break connections stand, and what is sent waits and arrives once the cut is healed, as when a \
            cable is pulled. New connections fail, also under --one-way: making one takes both directions.

            Examples:
              coterie local fault cut n1 n2
              coterie local fault cut n1 n2 --one-way --break
            """)

    @OptionGroup var link: FaultLinkOptions
    @Flag(name: .customLong("break"), help: "Break the connections as well.") var breaks = false

    func run() async throws {
        let (faults, links) = try link.find()
        let cut = breaks ? LinkFault.Cut.break : .stall
        for (from, to) in links { try await faults.change(from: from, to: to) { $0.cut = cut } }
        Output.standard.line("\(link.arrow) cut\(breaks ? ", connections broken" : "")")
    }
}

struct FaultPartitionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition", abstract: "Part the nodes into groups that do not hear each other.",
        discussion: """
            Nodes that no group names keep all their links.

            Examples:
              coterie local fault partition n1,n2 n3,n4,n5
            """)

    @OptionGroup var local: LocalOptions
    @Argument(help: ArgumentHelp("Names with commas between them.", valueName: "group")) var groups: [String]
    @Flag(name: .customLong("break"), help: "Break the connections as well.") var breaks = false

    func run() async throws {
        let cluster = try LocalCluster(in: local.directory)
        let groups = try groups.map { group in
            try group.split(separator: ",").map { try cluster.member(named: String($0)) }
        }
        guard groups.count > 1, groups.allSatisfy({ !$0.isEmpty }) else {
            throw CommandFailure(.usage, "give two groups or more, each with at least one node: n1,n2 n3,n4,n5")
        }
        let all = groups.flatMap { $0 }
        if let twice = all.first(where: { member in all.count { $0 == member } > 1 }) {
            throw CommandFailure(.usage, "\(twice.name) is named twice: a node is in one group")
        }
        try await ClusterFaults(cluster: cluster).part(groups, breaks ? .break : .stall)
        Output.standard.line(
            groups.map { $0.map(\.name).joined(separator: ",") }.joined(separator: " | ") + " parted")
    }
}

extension ClusterFaults {
    /// Cuts every link between members of different groups.
    func part(_ groups: [[Member]], _ cut: LinkFault.Cut) async throws {
        for (index, group) in groups.enumerated() {
            let others = groups.enumerated().filter { $0.offset != index }.flatMap(\.element)
            for member in group {
                try await change(at: member) { table in
                    for other in others {
                        let link = FaultyLinkName(.to, .member(other.name))
                        var fault = table[link] ?? LinkFault()
                        fault.cut = cut
                        table[link] = fault
                    }
                }
            }
        }
    }
}

struct FaultDelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delay", abstract: "Let everything between two nodes take longer.",
        discussion: """
            Each way takes the delay, so that a request and its answer take it twice. Other distributions, loss and \
            bandwidth: PUT /admin/faults (see Operations).

            Examples:
              coterie local fault delay n1 n2 20ms --jitter 5ms
            """)

    @OptionGroup var link: FaultLinkOptions
    @Argument(help: ArgumentHelp("How long.", valueName: "time")) var delay: TimeFlag
    @Option(help: ArgumentHelp("Up to so much more or less, at random.", valueName: "time")) var jitter: TimeFlag?

    func run() async throws {
        let length = Double(delay.span.microseconds) / 1_000
        let jitter = Double(jitter?.span.microseconds ?? 0) / 1_000
        guard jitter >= 0, jitter <= length else {
            throw CommandFailure(.usage, "--jitter \(jitter) ms: allowed is 0 to the delay, \(length) ms")
        }
        let delay =
            jitter == 0 ? LinkDelay.constant(length) : .uniform(from: length - jitter, to: length + jitter)
        if let problem = delay.problem { throw CommandFailure(.usage, problem) }
        let (faults, links) = try link.find()
        for (from, to) in links { try await faults.change(from: from, to: to) { $0.delay = delay } }
        Output.standard.line("\(link.arrow) \(FaultWords.text(delay))")
    }
}

struct FaultHealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heal", abstract: "Take all faults of all links away.",
        discussion: """
            Examples:
              coterie local fault heal
            """)

    @OptionGroup var local: LocalOptions

    func run() async throws {
        let cluster = try LocalCluster(in: local.directory)
        let running = cluster.members.filter { cluster.process(of: $0)?.state == .running }
        let silent = Set(try await ClusterFaults(cluster: cluster).heal())
        let stuck = running.map(\.name).filter { silent.contains($0) }
        guard stuck.isEmpty else {
            throw CommandFailure(.unreachable, "\(stuck.joined(separator: ", ")) did not answer and may keep faults")
        }
        Output.standard.line("healed")
    }
}

struct FaultListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the faults that hold now, a line for each link.",
        discussion: """
            Examples:
              coterie local fault list
              coterie local fault list --json
            """)

    @OptionGroup var local: LocalOptions
    @Flag(help: "One JSON object by node, in the form of /admin/faults.") var json = false

    func run() async throws {
        let cluster = try LocalCluster(in: local.directory)
        let faults = ClusterFaults(cluster: cluster)
        var tables: [(String, FaultTable)] = []
        for member in cluster.members where cluster.process(of: member)?.state == .running {
            tables.append((member.name, try await faults.table(of: member)))
        }
        if json {
            let members = tables.map { "\"\($0.0)\":\($0.1.json.trimmed)" }
            return Output.standard.line("{\(members.joined(separator: ","))}")
        }
        let lines = tables.flatMap { name, table in
            table.rules.map { FaultWords.line($0, at: name) }
        }
        for line in lines.isEmpty ? ["no faults"] : lines { Output.standard.line(line) }
    }
}
