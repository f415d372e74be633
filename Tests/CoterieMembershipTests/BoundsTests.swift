import CoteriePrimitives
import Testing

@testable import CoterieMembership

/// Logarithms, and the bounds that rest on them.
@Suite struct BoundsTests {
    @Test func logarithmsOfPowersAreExactAndOthersLieBetween() {
        for power in 0 ..< 64 { #expect(log2Scaled(1 << UInt64(power)) == Int64(power) << 16) }
        #expect(log2Scaled(3) == 103_872)
        #expect(log2Scaled(10) == 217_705)
        #expect(log2Scaled(.max) == 64 << 16 - 1 || log2Scaled(.max) < 64 << 16)
        for x in UInt64(1) ..< 5_000 { #expect(log2Scaled(x) <= log2Scaled(x + 1)) }
    }

    @Test(arguments: [(1, 0), (10, 65_536), (100, 131_072), (1_000, 196_608)] as [(UInt64, Int64)])
    func decimalLogarithms(_ x: UInt64, _ expected: Int64) {
        #expect(abs(log10Scaled(x) - expected) <= 2)
    }

    @Test(arguments: [(1, 0), (2, 1), (10, 1), (11, 2), (100, 2), (101, 3), (1_001, 4), (.max, 20)] as [(UInt64, Int)])
    func decimalLogarithmsRoundedUp(_ x: UInt64, _ expected: Int) { #expect(log10Ceiling(x) == expected) }

    @Test(arguments: [(0, 4), (3, 4), (9, 4), (10, 8), (100, 12), (1_000, 16)])
    func newsIsSentSoManyTimes(_ members: Int, _ times: Int) {
        #expect(MembershipSettings().retransmits(members: members) == times)
    }

    @Test(arguments: [(1, 4_000), (3, 4_000), (10, 4_000), (100, 8_000), (1_000, 12_000)])
    func aConfirmedSuspicionLastsSoLong(_ members: Int, _ milliseconds: Int64) {
        let span = MembershipSettings().confirmedSuspicion(members: members)
        #expect(abs(span.milliseconds - milliseconds) <= 1)
    }

    @Test(arguments: [(2, 30), (32, 30), (33, 60), (64, 60), (65, 90), (1_000, 180)])
    func moreMembersExchangeTablesLessOften(_ members: Int, _ seconds: Int64) {
        #expect(MembershipSettings().exchangeInterval(members: members) == .seconds(seconds))
    }

    @Test func tooFewMembersNeedNoConfirmations() {
        #expect(MembershipSettings().neededConfirmations(members: 3) == 0)
        #expect(MembershipSettings().neededConfirmations(members: 4) == 2)
    }
}

@Suite struct MembershipSettingsTests {
    @Test func theDefaultsHaveNoProblem() {
        #expect(MembershipSettings().problem == nil)
        #expect(MembershipSettings.withoutLifeguard.problem == nil)
    }

    @Test func whatIsWrongIsNamedWithWhatIsAllowed() {
        var settings = MembershipSettings()
        settings.probeTimeout = .seconds(1)
        #expect(settings.problem?.contains("probeTimeout (1000ms) must be less than probeInterval (1000ms)") == true)
        settings = MembershipSettings()
        settings.gossipFanout = 0
        #expect(settings.problem == "gossipFanout must be within 1 and 32, not 0")
        settings = MembershipSettings()
        settings.exchangeInterval = .zero
        #expect(settings.problem == "exchangeInterval must be within 10ms and 86400000ms, not 0ms")
    }

    @Test func theGreatestSettingsOverflowNothing() {
        var settings = MembershipSettings()
        settings.probeInterval = .seconds(60)
        settings.suspicionMultiplier = 32
        settings.unconfirmedMultiplier = 60
        settings.maxHealthMultiplier = 64
        #expect(settings.problem == nil)
        let members = Int(UInt32.max)
        #expect(settings.confirmedSuspicion(members: members) > .seconds(60 * 32 * 9))
        var suspicion = Suspicion(
            MemberNumber(1), 0, by: MemberNumber(2), at: Instant(nanoseconds: 0), members: members, settings: settings)
        let isNew = suspicion.confirm(by: MemberNumber(3))
        #expect(isNew)
    }
}
