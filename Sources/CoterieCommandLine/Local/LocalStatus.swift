// The state of a local cluster, put together from what the kernel says of the processes, what each node says of itself,
// and what the nodes say of each other.

import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import NIOCore

/// The answer of `coterie local status --json`.
struct LocalStatus: Codable, Hashable, Sendable {
    var cluster: String
    var directory: String
    var partitions: Int
    var replicas: Int
    var nodes: [Node]

    /// What a node is, as the whole machine sees it.
    enum State: String, Codable, Hashable, Sendable {
        /// Its process runs and answers, and no majority of its peers says otherwise.
        case alive
        /// Its process runs and does not answer, or most peers have not heard of it for a while.
        case suspect
        /// Its process ended without having been asked to; or it runs, and most peers have given it up.
        case dead
        /// Halted by SIGSTOP (`coterie local pause`).
        case paused
        /// It was stopped, or never started.
        case stopped
    }

    struct Node: Codable, Hashable, Sendable {
        var name: String
        var number: UInt32
        var pid: Int32?
        var state: State
        var addresses: Addresses
        var data: String
        var log: String
        var zone: String
        /// What the node says of itself; absent where it does not answer.
        var status: NodeStatus?

        struct Addresses: Codable, Hashable, Sendable {
            var peer: String
            var http: String
        }
    }

    /// Whether every node is alive.
    var isWhole: Bool { nodes.allSatisfy { $0.state == .alive } }
}

extension LocalCluster {
    /// Looks at all nodes at once. Takes at most about `timeout`.
    func status(timeout: TimeAmount = .milliseconds(1_000)) async -> LocalStatus {
        let answers = await withTaskGroup(of: (MemberName, NodeStatus?).self) { group in
            for member in members {
                group.addTask {
                    guard process(of: member)?.state == .running else { return (member.name, nil) }
                    return (member.name, try? await AdminClient.status(at: member.http, timeout: timeout))
                }
            }
            var answers: [MemberName: NodeStatus] = [:]
            for await (name, status) in group { answers[name] = status }
            return answers
        }
        // What answers there may be another cluster's node, on the same port.
        let own = answers.filter { $0.value.node == $0.key && $0.value.cluster == file.cluster.name }
        return LocalStatus(
            cluster: file.cluster.name, directory: directory.path, partitions: file.cluster.partitions,
            replicas: file.cluster.replicas, nodes: members.map { node($0, among: own) })
    }

    private typealias MemberName = String

    private func node(_ member: Member, among answers: [String: NodeStatus]) -> LocalStatus.Node {
        let process = process(of: member)
        return LocalStatus.Node(
            name: member.name, number: member.number.rawValue, pid: process?.pid,
            state: state(of: member, process, among: answers),
            addresses: .init(peer: member.peer.description, http: member.http.description),
            data: directory.data(member.name), log: directory.log(member.name), zone: member.zone,
            status: answers[member.name])
    }

    private func state(
        of member: Member, _ process: ProcessIdentity?, among answers: [String: NodeStatus]
    ) -> LocalStatus.State {
        switch process?.state {
        case nil, .gone: return diedUnasked(member) ? .dead : .stopped
        case .stopped: return .paused
        case .running: break
        }
        let opinions = answers.filter { $0.key != member.name }
            .compactMap { $0.value.peers.first { $0.name == member.name }?.state }
        func most(_ state: NodeStatus.Peer.State) -> Bool {
            !opinions.isEmpty && opinions.count { $0 == state } * 2 > opinions.count
        }
        if most(.dead) { return .dead }
        if most(.suspect) || answers[member.name] == nil { return .suspect }
        return .alive
    }
}
