// `coterie explain`: the replicas of one key, event by event.

import ArgumentParser
import CoterieHTTP
import CoterieRing
import CoterieServer
import Foundation
import NIOCore

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what each replica of a key holds, which events made it, and why.",
        discussion: """
            Asks every owner of the key by itself: no quorum is read, nothing is repaired. Each event (a write, an \
            update, a delete) has a row: who minted it, what it says, which replicas have it, and what it replaced. \
            Below stands what the nodes remember of the key's last merges: concurrent states that met, and values that \
            a type's rule discarded. Ends with exit code 3 where no replica knows the key, 69 where none can be asked.

            Examples:
              coterie explain carts alice
              coterie explain users alice --type sets
              coterie explain carts alice --dot | dot -Tsvg > alice.svg
              coterie explain carts alice --json
            """)

    @OptionGroup var cluster: ClusterOptions

    @Argument(help: "The bucket.") var bucket: String
    @Argument(help: "The key.") var key: String

    @Option(name: .long, help: ArgumentHelp("The bucket type.", valueName: "type"))
    var type = "default"

    @Flag(name: .long, help: "One JSON object, for scripts.")
    var json = false

    @Flag(name: .long, help: "A graph for Graphviz.")
    var dot = false

    @Flag(name: .long, help: "Draw with the characters that every terminal has.")
    var ascii = false

    func validate() throws {
        if json, dot { throw ValidationError("--json and --dot exclude each other.") }
    }

    func run() async throws {
        let query =
            "?type=\(AdminClient.encoded(type))&bucket=\(AdminClient.encoded(bucket))&key=\(AdminClient.encoded(key))"
        let client = AdminClient(cluster: try cluster.find())
        let lookup = try await client.get("/admin/ring" + query, as: RingLookup.self).answer
        let answers = try await Self.ask(lookup.primaries, "/admin/explain" + query, timeout: client.timeout)
        let reports = answers.compactMap(\.told)
        let picture = KeyPicture(
            answers, bucketType: type, datatype: reports.first?.datatype ?? "?", bucket: bucket, key: key)
        let output = Output.standard
        if json {
            output.line(try JSONText.of(picture))
        } else if dot {
            for line in PictureDOT.lines(picture) { output.line(line) }
        } else {
            for line in PictureText(picture: picture, output: output, isASCII: ascii).lines { output.line(line) }
        }
        guard !reports.isEmpty else {
            throw CommandFailure(.unreachable, json || dot ? "" : "no owner of the key tells what it holds")
        }
        if picture.events.isEmpty { throw CommandFailure(.notFound, "") }
    }

    /// All owners at once, in their order.
    private static func ask(
        _ owners: [RingLookup.Place], _ path: String, timeout: TimeAmount
    ) async throws -> [ReplicaAnswer] {
        try await withThrowingTaskGroup(of: (Int, ReplicaAnswer).self) { group in
            for (index, owner) in owners.enumerated() {
                group.addTask { (index, try await ask(owner, path, timeout: timeout)) }
            }
            var answers: [Int: ReplicaAnswer] = [:]
            for try await (index, answer) in group { answers[index] = answer }
            return owners.indices.compactMap { answers[$0] }
        }
    }

    private static func ask(
        _ owner: RingLookup.Place, _ path: String, timeout: TimeAmount
    ) async throws -> ReplicaAnswer {
        guard let endpoint = try? Endpoint.parse(owner.http) else {
            return .silent(node: owner.name, why: "its address \(owner.http) cannot be read")
        }
        do {
            let answer = try await HTTPCall(endpoint: endpoint, path: path, timeout: timeout).perform()
            guard answer.status == 200 else {
                let text = answer.text.trimmingCharacters(in: .whitespacesAndNewlines)
                return .silent(node: owner.name, why: "status \(answer.status): \(text)")
            }
            return .report(
                try JSONDecoder().decode(ReplicaReport.self, from: Data(answer.body.readableBytesView)))
        } catch let error as HTTPCallError {
            return .silent(node: owner.name, why: "\(error)")
        } catch is DecodingError {
            return .silent(node: owner.name, why: "it answers what this version does not understand")
        }
    }
}
