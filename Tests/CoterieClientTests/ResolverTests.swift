import CoterieTypes
import NIOCore
import Testing

@Suite struct ResolverTests {
    private func content(_ text: String, at milliseconds: Int64?) -> Content {
        Content(ByteBuffer(string: text), written: milliseconds.map { HybridTime(milliseconds: $0) })
    }

    @Test func theLatestIsTheSameInEveryOrder() throws {
        let siblings = [content("a", at: 3), content("b", at: 9), content("c", at: nil), content("d", at: 9)]
        for shift in siblings.indices {
            let turned = Array(siblings[shift...] + siblings[..<shift])
            #expect(try LatestResolver().resolve(turned) == siblings[3], "a tie goes to the greater bytes")
            #expect(try LatestResolver().resolve(turned.reversed()) == siblings[3])
        }
    }

    @Test func aSiblingWithoutATimeIsTheOldest() throws {
        #expect(
            try LatestResolver().resolve([content("z", at: nil), content("a", at: 0)]).value == ByteBuffer(string: "a"))
    }

    @Test func nothingCannotBeResolved() {
        #expect(throws: ResolverError.noSiblings) { try LatestResolver().resolve([]) }
    }

    @Test func aFunctionIsAResolver() throws {
        let longest: some Resolver = .closure { siblings in
            siblings.max { $0.value.readableBytes < $1.value.readableBytes } ?? siblings[0]
        }
        #expect(try longest.resolve([content("aa", at: 1), content("b", at: 2)]) == content("aa", at: 1))
    }
}
