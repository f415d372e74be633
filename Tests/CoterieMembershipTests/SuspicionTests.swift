import CoteriePrimitives
import Testing

@testable import CoterieMembership

@Suite struct SuspicionTests {
    private let start = Instant(nanoseconds: 5_000_000_000)

    private func suspicion(members: Int = 10, _ settings: MembershipSettings = MembershipSettings()) -> Suspicion {
        Suspicion(MemberNumber(9), 3, by: MemberNumber(1), at: start, members: members, settings: settings)
    }

    private func milliseconds(_ suspicion: Suspicion) -> Int64 { (suspicion.deadline - start).milliseconds }

    /// 24 s − 20 s · log(c + 1) / log 3.
    @Test func itShrinksWithTheLogarithmOfItsConfirmations() {
        var suspicion = suspicion()
        #expect(milliseconds(suspicion) == 24_000)
        let isFirst = suspicion.confirm(by: MemberNumber(2))
        #expect(isFirst)
        #expect((11_380 ... 11_383).contains(milliseconds(suspicion)))
        let isSecond = suspicion.confirm(by: MemberNumber(3))
        #expect(isSecond)
        #expect(milliseconds(suspicion) == 4_000)
    }

    @Test func anAccuserCountsOnceAndMoreThanNeededDoNotCount() {
        var suspicion = suspicion()
        let countsTwice = suspicion.confirm(by: MemberNumber(1))
        #expect(!countsTwice)
        #expect(milliseconds(suspicion) == 24_000)
        for accuser in 2 ... 3 { _ = suspicion.confirm(by: MemberNumber(UInt32(accuser))) }
        let isNeeded = suspicion.confirm(by: MemberNumber(4))
        #expect(!isNeeded)
        #expect(suspicion.accusers == [1, 2, 3].map { MemberNumber($0) })
    }

    @Test func whereNobodyCouldConfirmItLastsTheLeast() {
        #expect(milliseconds(suspicion(members: 3)) == 4_000)
        #expect(milliseconds(suspicion(members: 10, .withoutLifeguard)) == 4_000)
    }

    @Test func anAbsenceExtendsIt() {
        var suspicion = suspicion()
        suspicion.extend(by: .seconds(10))
        #expect(milliseconds(suspicion) == 34_000)
        _ = suspicion.confirm(by: MemberNumber(2))
        _ = suspicion.confirm(by: MemberNumber(3))
        #expect(milliseconds(suspicion) == 14_000)
    }

    @Test func ownHealthIsBoundedOnBothSides() {
        var health = LocalHealth(most: 8)
        health.improve()
        #expect(health.multiplier == 1)
        health.worsen(by: 3)
        #expect(health.multiplier == 4)
        for _ in 0 ..< 20 { health.worsen() }
        #expect(health.multiplier == 8)
        health.improve()
        #expect(health.multiplier == 7)
        var unaware = LocalHealth(most: 1)
        unaware.worsen(by: 5)
        #expect(unaware.multiplier == 1)
    }
}
