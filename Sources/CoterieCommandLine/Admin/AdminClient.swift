// Asks nodes what they know: `/admin/status`, `/admin/layout`, `/admin/ring`, over HTTP.

import CoterieHTTP
import CoterieRing
import CoterieServer
import Foundation
import NIOCore

/// Calls `/admin` of the first node that answers.
struct AdminClient: Sendable {
    let cluster: KnownCluster
    var timeout = TimeAmount.seconds(3)

    /// The decoded answer, and the node that gave it. Nodes are tried in order; a node that answers with an error
    /// status ends the search, one that does not answer does not.
    func get<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> (answer: Answer, from: KnownNode)
    {
        var failures: [String] = []
        for node in cluster.nodes {
            guard let endpoint = node.httpToTry else { continue }
            do {
                let answer = try await HTTPCall(endpoint: endpoint, path: path, timeout: timeout).perform()
                return (try Self.decode(answer, from: node, path: path), node)
            } catch let error as HTTPCallError {
                failures.append("  \(node.name.map { "\($0): " } ?? "")\(error)")
            }
        }
        let which = cluster.isChosen ? "the node of --node does not answer" : "no node of \(cluster.source) answers"
        throw CommandFailure(.unreachable, ([which + ":"] + failures).joined(separator: "\n"))
    }

    /// One node's own account of itself; throws where it does not answer.
    static func status(at endpoint: Endpoint, timeout: TimeAmount) async throws -> NodeStatus {
        let answer = try await HTTPCall(endpoint: endpoint, path: "/admin/status", timeout: timeout).perform()
        guard answer.status == 200 else { throw HTTPCallError.notHTTP(endpoint) }
        return try JSONDecoder().decode(NodeStatus.self, from: Data(answer.body.readableBytesView))
    }

    private static func decode<Answer: Decodable>(
        _ answer: HTTPAnswer, from node: KnownNode, path: String
    ) throws -> Answer {
        guard answer.status == 200 else {
            let text = answer.text.trimmingCharacters(in: .whitespacesAndNewlines)
            let status: ExitStatus = answer.status == 400 ? .usage : answer.status == 404 ? .notFound : .failed
            throw CommandFailure(status, text.isEmpty ? "\(node) answered \(path) with status \(answer.status)" : text)
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(answer.body.readableBytesView))
        } catch {
            throw CommandFailure(
                .failed, "\(node) answered \(path) with what this version does not understand: \(error)")
        }
    }

    /// Percent-encodes one query value: all but letters, digits and `-._~`.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a") ... UInt8(ascii: "z"), UInt8(ascii: "A") ... UInt8(ascii: "Z"),
                UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }
}
