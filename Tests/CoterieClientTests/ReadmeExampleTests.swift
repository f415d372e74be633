// The README's lines of client code: compiled and run here, and compared with what stands there.

import CoterieClient
import Foundation
import Testing

@Suite struct ReadmeExampleTests {
    /// The README's block, with the lines that print replaced by what is expected of them.
    private func example(_ seeds: [String]) async throws -> [String] {
        var printed: [String] = []
        func print(_ line: String) { printed.append(line) }

        let client = try CoterieClient(configuration: .init(seeds: seeds))
        let carts = client.bucket("carts")

        try await carts.put("carol", "milk")
        let cart = try await carts.get("carol")
        for value in cart.values { print(String(buffer: value.value)) }

        // A write with the context of a read replaces what was read, and nothing else.
        try await carts.put("carol", "milk and bread", context: cart.context)

        // Or in one step: read, bring siblings together, change, write back.
        let updated = try await carts.update("carol", resolving: .latest) { cart in
            (cart.map { String(buffer: $0.value) } ?? "") + " and eggs"
        }
        print("written in \(updated.attempts) attempt, by \(updated.receipt.met) owners")
        await client.close()
        return printed
    }

    @Test func itsClientCodeRuns() async throws {
        try await withToys { client, _ in
            _ = try await client.bucket("carts").get("carol")
            let seeds = client.layout?.members.map { "\($0.peer)" } ?? []
            let printed = try await example(seeds)
            #expect(printed == ["milk", "written in 1 attempt, by 2 owners"])
            let final = try await client.bucket("carts").get("carol")
            #expect(final.values.map { String(buffer: $0.value) } == ["milk and bread and eggs"])
        }
    }

    @Test func itsClientCodeIsWhatRunsHere() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(
            contentsOf: tests.deletingLastPathComponent().appending(path: "README.md"), encoding: .utf8)
        let source = try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8)
        let start = try #require(readme.range(of: "```swift\n"))
        let end = try #require(readme.range(of: "```", range: start.upperBound ..< readme.endIndex))
        let lines = readme[start.upperBound ..< end.lowerBound].split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.count >= 10)
        for line in lines where line != "let seeds = [\"127.0.0.1:7101\"]" {
            #expect(source.contains(line), "the README says: \(line)")
        }
    }
}
