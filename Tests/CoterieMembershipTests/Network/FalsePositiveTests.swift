// Healthy members that are taken for dead, where messages get lost and where some members hang or are slow; and that it
// is Lifeguard which prevents it: the same runs without it are the tests' proof.

import CoterieMembership
import CoteriePrimitives
import Testing

@Suite struct FalsePositiveTests {
    private func network(nodes: Int, seed: UInt64, lifeguard: Bool, loss: Int = 0) -> SimulatedNetwork {
        var plan = SimulatedNetwork.Plan(nodes: nodes)
        plan.seed = seed
        plan.loss = loss
        plan.settings = lifeguard ? MembershipSettings() : .withoutLifeguard
        return SimulatedNetwork(plan)
    }

    /// How often one of the nodes from `first` on was taken for dead, and how often by one of these themselves.
    private func deaths(_ network: SimulatedNetwork, from first: Int = 0) -> (all: Int, byHealthy: Int) {
        let wrong = network.sights.filter {
            $0.change.to == .dead && SimulatedNetwork.node($0.change.member) >= first
        }
        return (wrong.count, wrong.count { $0.observer >= first })
    }

    private func lose(_ thousandths: Int, lifeguard: Bool) -> SimulatedNetwork {
        let network = network(nodes: 50, seed: 1, lifeguard: lifeguard, loss: thousandths)
        network.run(for: .seconds(30))
        return network
    }

    @Test(arguments: [50, 200]) func whereMessagesGetLostNobodyIsTakenForDead(_ thousandths: Int) {
        let network = lose(thousandths, lifeguard: true)
        #expect(deaths(network).all == 0)
        #expect(network.sights.contains { $0.change.to == .suspect })
        network.checkInvariants()
    }

    @Test func withoutLifeguardALossOfAFifthKills() { #expect(deaths(lose(200, lifeguard: false)).all > 0) }

    /// Four of thirty nodes hang for seconds, run for milliseconds, hang again: each time in the midst of a probe.
    private func hang(seed: UInt64, lifeguard: Bool) -> SimulatedNetwork {
        let network = network(nodes: 30, seed: seed, lifeguard: lifeguard)
        var generator = SeededGenerator(seed: seed)
        network.run(for: .seconds(5))
        for _ in 0 ..< 10 {
            let span = TimeSpan.milliseconds(Int64(3_000 + generator.below(6_000)))
            for node in 0 ..< 4 { network.pause(node, for: span) }
            network.run(for: span)
            network.run(for: .milliseconds(Int64(2 + generator.below(5))))
        }
        network.run(for: .seconds(20))
        return network
    }

    @Test(arguments: [1, 2] as [UInt64]) func whoHangsAgainAndAgainTakesNobodyForDead(_ seed: UInt64) {
        let network = hang(seed: seed, lifeguard: true)
        #expect(deaths(network, from: 4).all == 0)
        // They themselves were rightly missed, and are back.
        #expect(network.sights.contains { $0.change.to == .dead })
        #expect(network.isSettled)
        #expect(network.agrees)
    }

    @Test(arguments: [1, 2] as [UInt64]) func withoutLifeguardWhoHangsTakesOthersForDead(_ seed: UInt64) {
        #expect(deaths(hang(seed: seed, lifeguard: false), from: 4).all > 0)
    }

    /// Four of thirty nodes need 300 ms for each message.
    private func slow(lifeguard: Bool, seed: UInt64 = 1) -> SimulatedNetwork {
        let network = network(nodes: 30, seed: seed, lifeguard: lifeguard)
        network.run(for: .seconds(5))
        for node in 0 ..< 4 { network.slow(node, effort: .milliseconds(300)) }
        network.run(for: .seconds(60))
        for node in 0 ..< 4 { network.slow(node, effort: nil) }
        network.run(for: .seconds(15))
        return network
    }

    @Test func theSlowDoNotMakeTheOthersTakeAHealthyOneForDead() {
        let (with, without) = (slow(lifeguard: true), slow(lifeguard: false))
        #expect(deaths(with, from: 4).byHealthy == 0)
        #expect(with.isSettled)
        // In their own eyes the slow are alone; with Lifeguard far less so.
        #expect(deaths(with, from: 4).all * 5 < deaths(without, from: 4).all)
        // Without it some of the others believe them, in one run or another.
        let seeds = (1 ... 12 as ClosedRange<UInt64>).lazy
        #expect(seeds.contains { deaths(slow(lifeguard: false, seed: $0), from: 4).byHealthy > 0 })
    }
}
