// Virtual clocks: a timer fires when its process's own clock says so, however wrong that runs.

import CoteriePrimitives
import Testing

@testable import CoterieSimulation

@Suite struct ProcessClockTests {
    @Test(arguments: [-100_000, -50, 0, 3, 50_000, 100_000] as [Int64])
    func theTimeOfAnInstantIsTheFirstAtWhichTheClockHasReachedIt(_ drift: Int64) {
        var generator = SeededGenerator(seed: 1)
        let clock = ProcessClock(at: 1_000, monotonic: 5_000_000_000, skew: .zero, drift: drift)
        for _ in 0 ..< 500 {
            let now = 1_000 + Int64(generator.below(100_000_000_000))
            let wanted = Instant(nanoseconds: 5_000_000_000 + Int64(generator.below(200_000_000_000)))
            let time = clock.time(of: wanted, notBefore: now)
            #expect(time >= now)
            #expect(clock.now(at: time).monotonic >= wanted)
            if time > now { #expect(clock.now(at: time - 1).monotonic < wanted, "drift \(drift)") }
        }
    }

    @Test func aClockThatIsSlowedDownNeverRunsBackwards() {
        var clock = ProcessClock(at: 0, monotonic: 0, skew: .milliseconds(100), drift: 90_000)
        let before = clock.now(at: 10_000_000_000)
        clock.setDrift(-90_000, at: 10_000_000_000)
        #expect(clock.now(at: 10_000_000_000) == before)
        #expect(clock.now(at: 11_000_000_000).monotonic - before.monotonic == .milliseconds(910))
    }

    @Test func onlyTheWallClockJumps() {
        var clock = ProcessClock(at: 0, monotonic: 7, skew: .zero, drift: 0)
        clock.jump(by: .seconds(-3600))
        #expect(clock.now(at: 0).monotonic == Instant(nanoseconds: 7))
        #expect(clock.now(at: 0).wall.milliseconds == ProcessClock.epoch - 3_600_000)
    }
}
