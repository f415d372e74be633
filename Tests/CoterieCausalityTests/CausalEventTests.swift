// Events by themselves: they do what the minter's object does where their base is, and nothing where it is not (INV 12).

import CoterieCausality
import CoteriePrimitives
import NIOCore
import Testing

@Suite struct CausalEventTests {
    @Test func anEventOfOneDotIsAWrite() {
        let before = object(vector(a(2), b(1)), live: [a(1), a(2), b(1)])
        var (written, applied) = (before, before)
        let seen = vector(a(1), c(4))
        written.write(dot: a(5), payload: payload(of: a(5)), observed: seen)
        let event = CausalEvent(
            run: DotRun(a(5)), base: before.context, dropped: [a(1)], payloads: [payload(of: a(5))], joined: seen)
        #expect(applied.apply(event) == .applied)
        #expect(applied == written)
        #expect(applied.apply(event) == .known)
    }

    @Test func aRunPutsEachPayloadUnderItsDot() {
        var state = object(vector(b(1)), live: [b(1)])
        let run = DotRun(a(3), count: 3)
        #expect(run.last == a(5) && run.dots == [a(3), a(4), a(5)] && run.description == "\(a(3))…5")
        state.apply(CausalEvent(run: run, base: vector(b(1)), dropped: [], payloads: run.dots.map(payload)))
        state.checkInvariants()
        #expect(state == object(vector(a(5), b(1)), live: [a(3), a(4), a(5), b(1)]))
    }

    @Test func anEventNeedsAllThatItsMinterHadSeen() {
        let event = CausalEvent(run: DotRun(a(5)), base: vector(a(2), b(1), c(7)), dropped: [b(1)], payloads: [])
        #expect(event.previous == 2)
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
        var events: [(event: CausalEvent, after: CausalObject)] = []
        var (applied, lacking) = (0, 0)
        for _ in 0 ..< 80 {
            let at = random.below(3)
            switch random.below(10) {
            case 0 ..< 4:
                let before = objects[at]
                let run = DotRun(Dot(replicas[at], counters[at] + 1), count: 1 + random.below(3))
                let event = CausalEvent(
                    run: run, base: before.context,
                    dropped: before.liveDots.filter { _ in random.chance(1, in: 3) }, payloads: run.dots.map(payload))
                #expect(objects[at].apply(event) == .applied)
                counters[at] = run.last.counter
                events.append((event, objects[at]))
            case 4 ..< 6: objects[at].merge(objects[random.below(3)])
            default:
                guard let (event, after) = random.pick(events) else { continue }
                let mine = objects[at]
                switch objects[at].apply(event) {
                case .lacksBase: lacking += 1
                case .known: break
                case .applied:
                    applied += 1
                    #expect(objects[at] == mine.merged(with: after), "seed \(seed)")
                }
                objects[at].checkInvariants()
            }
        }
        #expect(applied > 0 && lacking > 0, "seed \(seed)")
    }

    @Test func goldenVectors() throws {
        let event = CausalEvent(
            run: DotRun(a(300), count: 2), base: vector(a(298), b(2)), dropped: [b(2), a(4), b(2)],
            payloads: [ByteBuffer(string: "x"), ByteBuffer()], joined: vector(c(1)))
        let golden =
            "01 01000000000000000100ac02" + "02 01000000000000000100aa02 0200000000000000010002"
            + "02 0100000000000000010004 0200000000000000010002" + "01 0300000000000000010001" + "02 01 00 78"
        #expect(hex(event.encoded()) == hex(bytes(golden)))
        #expect(try CausalEvent(decoding: bytes(golden)) == event)
        let least = CausalEvent(run: DotRun(a(1)), base: vector(), dropped: [], payloads: [])
        #expect(hex(least.encoded()) == hex(bytes("01 0100000000000000010001 00 00 00 00")))
    }

    @Test(arguments: 0 ..< 20 as Range<UInt64>) func eventsComeBackAndOtherBytesAreRefused(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let replicas = (0 ..< 1 + random.below(4)).map { replica(UInt32($0), life: random.next()) }
        func some(_ random: inout SeededGenerator) -> [Dot] { random.vector(over: replicas, upTo: 200).lastDots }
        let count = random.below(4)
        let first = UInt64(1 + random.below(400))
        let event = CausalEvent(
            run: DotRun(replicas[0](first), count: max(1, count)),
            base: first > 200 ? random.vector(over: replicas, upTo: 200) : vector(), dropped: some(&random),
            payloads: (0 ..< count).map { ByteBuffer(repeating: 7, count: $0 * 3) },
            joined: random.vector(over: replicas, upTo: 9))
        let encoded = event.encoded()
        #expect(encoded.readableBytes == event.encodedSize)
        #expect(try CausalEvent(decoding: encoded) == event)
        for length in 0 ..< encoded.readableBytes {
            let cut = try #require(encoded.getSlice(at: 0, length: length))
            #expect(throws: EncodingFault.self) { try CausalEvent(decoding: cut) }
        }
        for bit in 0 ..< encoded.readableBytes * 8 {
            var turned = encoded
            let byte = try #require(turned.getInteger(at: bit / 8, as: UInt8.self))
            turned.setInteger(byte ^ 1 << UInt8(bit % 8), at: bit / 8)
            // What is read is what would be written.
            if let read = try? CausalEvent(decoding: turned) {
                #expect(read.encoded() == turned, "seed \(seed), bit \(bit)")
            }
        }
    }
}
