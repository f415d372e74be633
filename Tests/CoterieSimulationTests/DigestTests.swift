// Digests of the first seeds, kept beside the tests: this build, whatever its optimisation, runs as the one did that
// wrote them. `make sim` compares the optimised binary with the same file.

import Foundation
import Testing

@testable import CoterieSimulation

@Suite struct DigestTests {
    @Test func theFirstSeedsHaveTheDigestsThatAreKept() throws {
        let file = try #require(Bundle.module.url(forResource: "digests", withExtension: "txt"))
        let wanted = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        try #require(wanted.count >= 20)
        let found = try SeedDigests.lines(UInt64(wanted.count))
        let hint: Comment = "where a run was changed on purpose, `make digests` notes the new ones"
        for (wanted, found) in zip(wanted, found) { #expect(wanted == found, hint) }
    }
}
