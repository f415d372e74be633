// `coterie storage deletes`: writes keys and deletes them all, waits until every marker is reclaimed, and weighs the
// directories: what is left must not depend on how much was deleted. For `make soak`; not shown in the help.

import ArgumentParser
import CoterieClient
import CoterieHTTP
import CoteriePrimitives
import CoterieRing
import CoterieServer
import CoterieWire
import Foundation
import NIOCore

struct DeletesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deletes",
        abstract: "Write keys to a local cluster, delete them all, and see that nothing is left of them.",
        discussion: """
            Examples:
              coterie storage deletes --data /tmp/c --keys 1000000
              coterie storage deletes --data /tmp/c --keys 100000 --most 20000000
            """)

    @Option(help: ArgumentHelp("The local cluster's directory.", valueName: "dir"), completion: .directory)
    var data: String?
    @Option(help: ArgumentHelp("How many keys are written and deleted.", valueName: "count")) var keys = 1_000_000
    @Option(
        help: ArgumentHelp(
            "By how many bytes a node's directory may have grown in the end. A log keeps the segment that it writes, and "
                + "those that wait for a checkpoint.", valueName: "bytes"))
    var most = 192 << 20
    @Option(help: ArgumentHelp("How long to wait for the markers to go, in seconds.", valueName: "seconds"))
    var patience = 1_800

    private static let value = String(repeating: "v", count: 100)

    func validate() throws {
        guard (1 ... 100_000_000).contains(keys) else {
            throw ValidationError("--keys \(keys): allowed are 1 to 100000000")
        }
    }

    func run() async throws {
        let directory = LocalDirectory(data)
        let members = try directory.read().cluster.members
        let before = members.map { weight(of: directory.data($0.name)) }
        let client = try CoterieClient(configuration: .init(seeds: members.map(\.peer)))
        let bucket = client.bucket("deletes")
        do {
            try await ManyWriters.each(below: keys, "written") { _ = try await bucket.put("key-\($0)", Self.value) }
            // What was written is known to the owners: the delete reads it for itself.
            try await ManyWriters.each(below: keys, "deleted") { _ = try await bucket.delete("key-\($0)") }
        } catch {
            await client.close(grace: .zero)
            throw error
        }
        await client.close()
        try await waitUntilGone(members)
        try weigh(members, directory, before)
    }

    /// Returns when no node holds a record any more.
    private func waitUntilGone(_ members: [Member]) async throws {
        let began = Date()
        while true {
            var left: [String] = []
            for member in members {
                let status = try await AdminClient.status(at: member.http, timeout: .seconds(10))
                guard let records = status.storage["keys"], records > 0 else { continue }
                left.append("\(member.name) \(records)" + (status.deletes?.hindrance.map { " (\($0))" } ?? ""))
            }
            if left.isEmpty { break }
            if Date().timeIntervalSince(began) > Double(patience) {
                throw CommandFailure(.failed, "records are left: \(left.joined(separator: ", "))")
            }
            try await Task.sleep(for: .seconds(1))
        }
        Output.standard.line("all markers reclaimed \(Int(Date().timeIntervalSince(began))) s later")
    }

    private func weigh(_ members: [Member], _ directory: LocalDirectory, _ before: [Int]) throws {
        var tooMuch: [String] = []
        for (member, empty) in zip(members, before) {
            let now = weight(of: directory.data(member.name))
            Output.standard.line("\(member.name): \(empty) bytes before, \(now) after")
            if now > empty + most { tooMuch.append("\(member.name) has grown by \(now - empty) bytes") }
        }
        if !tooMuch.isEmpty {
            throw CommandFailure(.failed, "\(tooMuch.joined(separator: ", ")); allowed are \(most)")
        }
    }

    private func weight(of path: String) -> Int {
        let files = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return files.reduce(0) { sum, file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(file)")
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }
}
