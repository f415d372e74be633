import CoterieMembership
import CoteriePrimitives
import Testing

@Suite struct ClaimTests {
    private static let member = MemberNumber(7)

    private static var all: [Claim] {
        (0 ... 2).flatMap { number -> [Claim] in
            [.alive(member, number), .suspect(member, number, by: MemberNumber(1)), .dead(member, number)]
        }
    }

    @Test func ofTwoDifferentClaimsExactlyOneIsTheNewer() {
        for a in Self.all {
            for b in Self.all {
                let one = a.supersedes(b.status, b.refutation)
                let other = b.supersedes(a.status, a.refutation)
                #expect(a == b ? !one && !other : one != other, "\(a), \(b)")
            }
        }
    }

    @Test func aGreaterNumberRefutesWhateverWasSaid() {
        #expect(Claim.alive(Self.member, 2).supersedes(.dead, 1))
        #expect(Claim.alive(Self.member, 2).supersedes(.suspect, 1))
        #expect(!Claim.alive(Self.member, 1).supersedes(.suspect, 1))
        #expect(!Claim.suspect(Self.member, 1, by: MemberNumber(1)).supersedes(.dead, 1))
    }

    @Test func whateverTheOrderOfClaimsTheSameOneRemains() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0 ..< 200 {
            var claims = (0 ..< 5).compactMap { _ in generator.pick(Self.all) }
            func last(_ claims: [Claim]) -> Claim {
                claims.dropFirst().reduce(claims[0]) { $1.supersedes($0.status, $0.refutation) ? $1 : $0 }
            }
            let expected = last(claims)
            generator.shuffle(&claims)
            #expect(last(claims) == expected)
        }
    }

    @Test func aNumberBeyondTheGreatestIsHeldDown() {
        #expect(Claim.dead(Self.member, .max).refutation == Claim.maxRefutation)
    }
}
