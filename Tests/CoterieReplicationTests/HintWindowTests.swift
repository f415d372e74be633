// How many hints are on their way to one target follows how fast it answers (INV 30).

import CoteriePrimitives
import Testing

@testable import CoterieReplication

@Suite struct HintWindowTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    /// A whole window is sent each fifty milliseconds, and answered after so long.
    private func deliver(_ window: inout HintWindow, rounds: Int, took: Int64, from start: Int64) {
        for round in 0 ..< Int64(rounds) {
            let sent = start + round * 50
            for _ in 0 ..< window.size { window.answered(sentAt: at(sent), at: at(sent + took), atMost: 500) }
        }
    }

    @Test func itDoublesWhileTheTargetIsAsFastAsEver() {
        var window = HintWindow()
        #expect(window.size == 16)
        deliver(&window, rounds: 3, took: 2, from: 0)
        #expect(window.size == 128)
        deliver(&window, rounds: 3, took: 2, from: 200)
        #expect(window.size == 500)
    }

    @Test func itIsHalvedOnceForAllThatWereOnTheirWayTogether() {
        var window = HintWindow()
        deliver(&window, rounds: 6, took: 2, from: 0)
        deliver(&window, rounds: 1, took: 40, from: 400)
        #expect(window.size == 250)
        deliver(&window, rounds: 10, took: 40, from: 500)
        #expect(window.size == 4)
        deliver(&window, rounds: 1, took: 2, from: 1_100)
        #expect(window.size == 8)
    }

    @Test func aLittleLongerIsNoReason() {
        var window = HintWindow()
        deliver(&window, rounds: 1, took: 2, from: 0)
        deliver(&window, rounds: 1, took: 8, from: 100)
        #expect(window.size == 64)
    }

    @Test func itNeverExceedsWhatIsSet() {
        var window = HintWindow()
        window.answered(sentAt: at(0), at: at(1), atMost: 3)
        #expect(window.size == 3)
    }
}
