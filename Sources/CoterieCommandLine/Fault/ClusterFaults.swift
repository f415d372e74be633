// The faults of a whole local cluster, put together from the tables of its nodes: each node does to its own links what
// its table says.

import CoterieHTTP
import CoterieRing
import CoterieServer
import CoterieTransport
import Foundation
import NIOCore
import NIOHTTP1

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// Reads and changes the tables of a cluster's nodes.
struct ClusterFaults: Sendable {
    let cluster: LocalCluster
    var timeout = TimeAmount.seconds(3)

    /// Changes what `from` does to what it sends to `to`; `change` gets the fault that holds now.
    func change(from: Member, to: Member, _ change: (inout LinkFault) -> Void) async throws {
        try await self.change(at: from) { table in
            let link = FaultyLinkName(.to, .member(to.name))
            var fault = table[link] ?? LinkFault()
            change(&fault)
            table[link] = fault
        }
    }

    /// Changes one node's table.
    func change(at member: Member, _ change: (inout FaultTable) -> Void) async throws {
        var table = try await self.table(of: member)
        change(&table)
        try await set(table, at: member)
    }

    func table(of member: Member) async throws -> FaultTable {
        try await call(.GET, member, body: nil)
    }

    func set(_ table: FaultTable, at member: Member) async throws {
        _ = try await call(.PUT, member, body: table.json)
    }

    /// Takes all faults of all nodes that answer away; returns the names of those that do not answer.
    func heal() async throws -> [String] {
        var silent: [String] = []
        for member in cluster.members {
            do {
                _ = try await call(.DELETE, member, body: nil)
            } catch let failure as CommandFailure where failure.status == .unreachable {
                silent.append(member.name)
            }
        }
        return silent
    }

    private func call(_ method: HTTPMethod, _ member: Member, body: String?) async throws -> FaultTable {
        var call = HTTPCall(endpoint: member.http, method: method, path: "/admin/faults", timeout: timeout)
        if let body {
            call.body = ByteBuffer(string: body)
            call.headers = [("Content-Type", "application/json")]
        }
        let answer: HTTPAnswer
        do throws(HTTPCallError) {
            answer = try await call.perform()
        } catch {
            throw CommandFailure(.unreachable, "\(member.name): \(error)")
        }
        switch answer.status {
        case 200: break
        case 404:
            throw CommandFailure(
                .failed,
                "\(member.name) does not allow faults: they are allowed where a cluster is made "
                    + "(coterie local up --allow-faults), or a node started (coterie serve --allow-faults)")
        default: throw CommandFailure(.failed, "\(member.name): \(answer.text.trimmed)")
        }
        do throws(FaultTableError) {
            return try FaultTable(json: answer.body)
        } catch {
            throw CommandFailure(.failed, "\(member.name) answered what this version does not understand: \(error)")
        }
    }
}
