// Events come in the order of time, and in the order of insertion where times are equal.

import CoteriePrimitives
import Testing

@testable import CoterieSimulation

@Suite struct EventQueueTests {
    @Test(arguments: 0 ..< 20)
    func eventsComeInOrderOfTimeAndThenOfInsertion(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = EventQueue()
        var expected: [(time: Int64, number: Int)] = []
        var last = (time: Int64.min, sequence: UInt64(0))
        for number in 0 ..< 500 {
            let time = Int64(generator.below(50))
            queue.push(.tick, number, at: time)
            expected.append((time, number))
        }
        expected.sort { $0.time != $1.time ? $0.time < $1.time : $0.number < $1.number }
        for (time, number) in expected {
            guard let event = queue.pop() else {
                Issue.record("seed \(seed): the queue is empty too early")
                return
            }
            #expect(event.time == time && event.subject == UInt32(number), "seed \(seed)")
            #expect((event.time, event.sequence) > last)
            last = (event.time, event.sequence)
        }
        #expect(queue.pop() == nil)
    }

    @Test func whatIsPushedWhileOthersAreTakenFindsItsPlace() {
        var generator = SeededGenerator(seed: 7)
        var queue = EventQueue()
        var now: Int64 = 0
        for number in 0 ..< 100 { queue.push(.tick, number, at: Int64(generator.below(100))) }
        for number in 0 ..< 5_000 {
            guard let event = queue.pop() else { break }
            #expect(event.time >= now)
            now = event.time
            queue.push(.tick, number, at: now + Int64(generator.below(100)))
        }
        #expect(queue.count == 100)
    }
}
