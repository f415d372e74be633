// Random worlds against the machine's promises. A failing seed is printed. COTERIE_SEEDS=n runs n seeds for each of the
// eight shares instead of a few.

import CoteriePrimitives
import CoterieWire
import Foundation
import Testing

@testable import CoterieClientMachine

@Suite struct RandomTests {
    @Test("INV 5, INV 25: in any world each call has one outcome, and the outcome is true", arguments: 0 ..< 8)
    func anyWorld(share: Int) {
        var succeeded = 0
        for seed in UInt64(share * seedsEach) ..< UInt64((share + 1) * seedsEach) {
            let world = run(seed)
            succeeded += check(world, seed)
        }
        #expect(succeeded > 100, "hardly a write succeeded, which proves little")
    }

    @Test func theSameSeedIsTheSameRun() {
        for seed: UInt64 in [3, 17, 101] {
            let (a, b) = (run(seed), run(seed))
            #expect(a.outcomes == b.outcomes && a.time == b.time && a.order == b.order, "seed \(seed)")
        }
    }

    private var seedsEach: Int { ProcessInfo.processInfo.environment["COTERIE_SEEDS"].flatMap(Int.init) ?? 8 }

    private func run(_ seed: UInt64) -> ToyNetwork {
        var world = ToyNetwork(seed: seed)
        var calls: UInt64 = 0
        for _ in 0 ..< 1_500 {
            if world.random.chance(1, in: 5) {
                calls += 1
                world.call(CallID(calls), write: world.random.chance(1, in: 2))
            }
            if world.random.chance(1, in: 150) { world.disturb() }
            if world.random.chance(1, in: 60), calls > 0 {
                let sequence = UInt64(world.random.below(Int(calls))) + 1
                world.feed(.cancel(RequestID(origin: 77, sequence: sequence << 3)))
            }
            if !world.step() { world.time += 10_000 }
        }
        world.heal()
        world.feed(.close)
        while world.machine.stage != .closed, world.step() {}
        return world
    }

    /// How many writes succeeded.
    private func check(_ world: ToyNetwork, _ seed: UInt64) -> Int {
        #expect(world.machine.stage == .closed, "seed \(seed): \(world.machine.pending) calls were never answered")
        #expect(world.timers.isEmpty, "seed \(seed): timers are left: \(world.timers)")
        var ok = 0
        for (id, completions) in world.outcomes {
            guard completions.count == 1, let completion = completions.first else {
                Issue.record("seed \(seed): \(id) has \(completions.count) outcomes")
                continue
            }
            guard world.isWrite[id] == true else { continue }
            let wasRefused =
                switch completion {
                case .unanswered(let why): why.reason == .overloaded || why.reason == .closing
                case .answered: false
                }
            let times = wasRefused ? 0 : world.sequenceOfCall[id].map { world.applied[$0, default: 0] } ?? 0
            switch completion.failure?.outcome {
            case nil:
                ok += 1
                let isFine = world.isRepeatable.contains(id) ? times >= 1 : times == 1
                #expect(isFine, "seed \(seed): \(id) is ok and was applied \(times) times")
            case .notApplied:
                #expect(times == 0, "seed \(seed): \(id) is told as not applied, \(completion)")
            case .unknown:
                #expect(
                    times <= 1 || world.isRepeatable.contains(id),
                    "seed \(seed): \(id) is unknown and was applied \(times) times")
            }
        }
        #expect(world.machine.calls.capacity <= 4 * world.machine.settings.maxPending + 64)
        return ok
    }
}
