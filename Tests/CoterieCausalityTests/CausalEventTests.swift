// Events by themselves: they do what the minter's object does where their base is, and nothing where it is not (INV 12).

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct CausalEventTests {
    @Test func anEventOfOneDotIsAWrite() {
        var written = object(vector(a(2), b(1)), live: [a(1), a(2), b(1)])
        var applied = written
        let seen = vector(a(1), c(4))
        written.write(dot: a(5), payload: payload(of: a(5)), observed: seen)
        let event = CausalEvent(
            run: DotRun(a(5)), previous: 2, dropped: [a(1)], payloads: [payload(of: a(5))], joined: seen)
        #expect(applied.apply(event) == .applied)
        #expect(applied == written)
        #expect(applied.apply(event) == .known)
    }

    @Test func aRunPutsEachPayloadUnderItsDot() {
        var state = object(vector(b(1)), live: [b(1)])
        let run = DotRun(a(3), count: 3)
        #expect(run.last == a(5) && run.dots == [a(3), a(4), a(5)] && run.description == "\(a(3))…5")
        state.apply(CausalEvent(run: run, previous: 0, dropped: [], payloads: run.dots.map(payload)))
        state.checkInvariants()
        #expect(state == object(vector(a(5), b(1)), live: [a(3), a(4), a(5), b(1)]))
    }

    @Test func anEventNeedsItsMintersPreviousOneAndWhatItDrops() {
        let event = CausalEvent(run: DotRun(a(5)), previous: 2, dropped: [b(1)], payloads: [], requires: [c(7)])
        #expect(event.base == vector(a(2), b(1), c(7)))
        for lacking in [vector(b(1), c(7)), vector(a(1), b(1), c(7)), vector(a(4), c(7)), vector(a(2), b(1), c(6))] {
            let before = object(lacking, live: lacking.lastDots)
            var state = before
            #expect(state.apply(event) == .lacksBase)
            #expect(state == before)
        }
        var state = object(vector(a(2), b(2), c(7)), live: [a(2), b(1), b(2)])
        #expect(state.apply(event) == .applied)
        #expect(state.liveDots == [a(2), b(2)] && state.context == vector(a(5), b(2), c(7)))
    }

    /// Histories whose messages are lost, reordered, repeated: each event where it can be applied, whole objects in between.
    @Test(arguments: 0 ..< 40 as Range<UInt64>) func eventsAndObjectsLeadToTheSame(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let replicas = [a, b, c]
        var objects = [CausalObject](repeating: CausalObject(), count: 3)
        var counters = [UInt64](repeating: 0, count: 3)
        var events: [(event: CausalEvent, before: CausalObject, after: CausalObject)] = []
        var (applied, lacking) = (0, 0)
        for _ in 0 ..< 80 {
            let at = random.below(3)
            switch random.below(10) {
            case 0 ..< 4:
                let before = objects[at]
                let run = DotRun(Dot(replicas[at], counters[at] + 1), count: 1 + random.below(3))
                let event = CausalEvent(
                    run: run, previous: before.context[replicas[at]],
                    dropped: before.liveDots.filter { _ in random.chance(1, in: 3) }, payloads: run.dots.map(payload))
                #expect(objects[at].apply(event) == .applied)
                counters[at] = run.last.counter
                events.append((event, before, objects[at]))
            case 4 ..< 6: objects[at].merge(objects[random.below(3)])
            default:
                guard let (event, before, after) = random.pick(events) else { continue }
                let mine = objects[at]
                switch objects[at].apply(event) {
                case .lacksBase: lacking += 1
                case .known: break
                case .applied:
                    applied += 1
                    #expect(objects[at].merged(with: before) == mine.merged(with: after), "seed \(seed)")
                }
                objects[at].checkInvariants()
            }
        }
        #expect(applied > 0 && lacking > 0, "seed \(seed)")
    }
}
