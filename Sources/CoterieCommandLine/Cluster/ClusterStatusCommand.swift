// `coterie cluster status`: one node tells the layout and how it sees the others; each of these is asked what it says of
// itself.

import ArgumentParser
import CoterieHTTP
import CoterieServer

struct ClusterStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show each member: whether it is alive, what it lacks, what it waits for.",
        discussion: """
            One node tells who is alive, and since when; every member that answers tells what it lacks of the others.
            IN SYNC is how long ago a node last had all that the others had told it.

            Examples:
              coterie cluster status
              coterie cluster status --node n3        as n3 sees it
              coterie cluster status --node 10.0.0.1:8101 --json
            """)

    @OptionGroup var cluster: ClusterOptions

    @Flag(name: .long, help: "One JSON object, for scripts.")
    var json = false

    func run() async throws {
        let known = try cluster.find()
        let (layout, node) = try await AdminClient(cluster: known).get("/admin/layout", as: LayoutDescription.self)
        var same = known
        same.nodes = [node]
        let view = try await AdminClient(cluster: same).get("/admin/status", as: NodeStatus.self).answer
        let others = await ClusterReport.ask(layout, but: view.node)
        let report = ClusterReport(layout: layout, status: view, others: others)
        if json {
            Output.standard.line(try JSONText.of(report))
            return
        }
        for line in ClusterStatusText(report: report, output: .standard).lines { Output.standard.line(line) }
    }
}
