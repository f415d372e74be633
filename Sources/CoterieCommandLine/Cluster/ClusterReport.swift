// What `coterie cluster status` knows: the layout, one node's view, and what each member says of itself.

import CoterieHTTP
import CoterieRing
import NIOCore

/// The answer of `coterie cluster status --json`.
struct ClusterReport: Codable, Hashable, Sendable {
    var layout: LayoutDescription
    /// Of the node that was asked.
    var status: NodeStatus
    /// In the layout's order.
    var members: [Member]

    /// One member of the layout.
    struct Member: Codable, Hashable, Sendable {
        var name: String
        /// As the node that was asked sees it; itself it sees alive.
        var state: NodeStatus.Peer.State
        var sinceMilliseconds: Int64
        /// Why it is seen so; absent: since the start of the node that was asked.
        var because: String?
        /// How the others see it that do not see it so, by their names.
        var otherwise: [String: NodeStatus.Peer.State]
        /// What it says of itself; absent where it does not answer.
        var status: NodeStatus?
    }

    /// Puts the report together from one node's account and those of the others that answered.
    init(layout: LayoutDescription, status: NodeStatus, others: [NodeStatus]) {
        self.layout = layout
        self.status = status
        var answers = Dictionary(others.map { ($0.node, $0) }) { first, _ in first }
        answers[status.node] = status
        members = layout.members.map { member in
            let peer = status.peers.first { $0.name == member.name }
            let state = member.name == status.node ? .alive : peer?.state ?? .dead
            var otherwise: [String: NodeStatus.Peer.State] = [:]
            for (name, answer) in answers where name != member.name && name != status.node {
                let seen = answer.peers.first { $0.name == member.name }?.state
                if let seen, seen != state { otherwise[name] = seen }
            }
            return Member(
                name: member.name, state: state,
                sinceMilliseconds: peer?.sinceMilliseconds ?? status.uptimeMilliseconds, because: peer?.because,
                otherwise: otherwise, status: answers[member.name])
        }
    }

    /// What the other members say of themselves, those that answer in time.
    static func ask(
        _ layout: LayoutDescription, but asked: String, timeout: TimeAmount = .milliseconds(1_000)
    ) async -> [NodeStatus] {
        await withTaskGroup(of: NodeStatus?.self) { group in
            for member in layout.members where member.name != asked {
                guard let endpoint = try? Endpoint.parse(member.http) else { continue }
                group.addTask {
                    let status = try? await AdminClient.status(at: endpoint, timeout: timeout)
                    // Another cluster's node may listen there.
                    return status.flatMap { $0.node == member.name && $0.cluster == layout.cluster ? $0 : nil }
                }
            }
            var answers: [NodeStatus] = []
            for await status in group { if let status { answers.append(status) } }
            return answers.sorted { $0.number < $1.number }
        }
    }
}
