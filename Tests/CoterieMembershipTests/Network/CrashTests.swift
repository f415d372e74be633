// How fast, and at what cost, all learn of a crash, held against SWIM's analysis (Das et al. 2002, sections 3 and 4).

import CoterieMembership
import CoteriePrimitives
import Testing

@Suite struct CrashTests {
    /// What one crash of node 1 did.
    private struct Outcome {
        let network: SimulatedNetwork
        /// Times since the crash.
        let firstSuspicion: TimeSpan
        let lastSuspicion: TimeSpan
        let firstDeath: TimeSpan
        let allDead: TimeSpan
        /// Per node, since the crash.
        let messages: Double
    }

    private func crash(_ network: SimulatedNetwork, silently: Bool) throws -> Outcome {
        let (start, sent) = (network.now, network.messagesSent.reduce(0, +))
        network.crash(1, silently: silently)
        let allDead = try #require(network.run(atMost: .seconds(60)) { $0.all(see: 1, as: .dead) })
        let suspicions = network.sights.filter { $0.change.to == .suspect }.map { $0.at - start }
        let deaths = network.sights.filter { $0.change.to == .dead }.map { $0.at - start }
        return Outcome(
            network: network, firstSuspicion: try #require(suspicions.min()),
            lastSuspicion: try #require(suspicions.max()), firstDeath: try #require(deaths.min()), allDead: allDead,
            messages: Double(network.messagesSent.reduce(0, +) - sent) / Double(network.plan.nodes))
    }

    /// A bound on the spread of news: each tick at least doubles those who know it, and the last few take a few more.
    private func spread(_ nodes: Int) -> TimeSpan {
        let doublings = Int64(64 - (UInt64(nodes) - 1).leadingZeroBitCount)
        return MembershipSettings().gossipInterval * (doublings + 3)
    }

    @Test(arguments: [3, 10, 100, 1_000])
    func aSilentCrashIsKnownToAllSoonAndCheaply(_ nodes: Int) throws {
        let settings = MembershipSettings()
        let network = SimulatedNetwork(.init(nodes: nodes))
        let quiet = TimeSpan.seconds(nodes > 100 ? 3 : 10)
        network.run(for: quiet)
        // A probe and an answer a second, and one exchange of tables: whatever the number of nodes.
        let rate = Double(network.messagesSent.reduce(0, +)) / Double(nodes) / Double(quiet.milliseconds) * 1_000
        #expect((1.9 ... (nodes > 100 ? 2.8 : 2.4)).contains(rate), "\(rate) messages a second")

        let outcome = try crash(network, silently: true)
        // Nobody probes it for r periods with probability e⁻ʳ: ten, and one for the probe itself to fail.
        #expect(outcome.firstSuspicion <= settings.probeInterval * 11)
        #expect(outcome.lastSuspicion - outcome.firstSuspicion <= spread(nodes))
        let confirmed = settings.confirmedSuspicion(members: nodes)
        #expect(outcome.firstDeath - outcome.firstSuspicion >= confirmed)
        // Members that probe it confirm: with ten and more, within three periods.
        #expect(outcome.allDead - outcome.firstSuspicion <= max(confirmed, settings.probeInterval * 3) + spread(nodes))
        // The suspicion, two confirmations and the death, each sent λ · log n times, besides what is always sent.
        let seconds = Double(outcome.allDead.milliseconds) / 1_000
        let news = Double(4 * settings.retransmits(members: nodes))
        #expect(outcome.messages <= 2.5 * seconds + news + 8, "\(outcome.messages) messages in \(seconds) s")
        #expect(network.sights.allSatisfy { $0.change.member == SimulatedNetwork.member(1) })
        #expect(network.longestGossip <= settings.maxGossipBytes)
        network.checkInvariants()
    }

    /// Its connections break, all probe it through others at once, and these say that they cannot.
    @Test(arguments: [3, 10, 100])
    func aCrashThatBreaksConnectionsIsSuspectedWithinMilliseconds(_ nodes: Int) throws {
        let network = SimulatedNetwork(.init(nodes: nodes))
        network.run(for: .seconds(3))
        let outcome = try crash(network, silently: false)
        #expect(outcome.lastSuspicion <= .milliseconds(50))
        let confirmed = MembershipSettings().confirmedSuspicion(members: nodes)
        #expect(outcome.firstDeath - outcome.firstSuspicion >= confirmed)
        #expect(outcome.allDead <= confirmed + .milliseconds(500))
        #expect(network.sights.allSatisfy { $0.change.member == SimulatedNetwork.member(1) })
    }

    @Test func whoRestartsIsAliveAgainForAllThoughItForgotItsNumber() throws {
        let network = SimulatedNetwork(.init(nodes: 10))
        network.run(for: .seconds(3))
        for life in 1 ... 3 {
            _ = try crash(network, silently: false)
            network.restart(1)
            #expect(network.run(atMost: .seconds(5)) { $0.isSettled } != nil, "life \(life)")
            network.run(for: .seconds(5))
            #expect(network.machines[1].refutation == UInt64(life))
        }
        network.checkInvariants()
    }

    @Test func whoSaysGoodbyeIsDeadForAllAtOnce() {
        let network = SimulatedNetwork(.init(nodes: 20))
        network.run(for: .seconds(3))
        network.feed(.stop, to: 1)
        network.crash(1)
        network.run(for: .milliseconds(10))
        #expect(network.all(see: 1, as: .dead))
    }

    /// Every claim is taken off probes, answers and gossip: tables alone make all agree.
    @Test func whereAllGossipIsLostTheExchangeOfTablesStillTellsEverybody() {
        var plan = SimulatedNetwork.Plan(nodes: 10)
        plan.settings.exchangeInterval = .seconds(5)
        let network = SimulatedNetwork(plan)
        network.alter = { message, _, _ in
            switch message {
            case .probe(let sequence, _): .probe(sequence: sequence, news: [])
            case .answer(let sequence, _): .answer(sequence: sequence, news: [])
            case .probeFor(let target, let sequence, let patience, _):
                .probeFor(target: target, sequence: sequence, patience: patience, news: [])
            case .gossip: nil
            case .noAnswer, .exchange: message
            }
        }
        network.run(for: .seconds(3))
        network.feed(.message(.gossip(news: [.alive(SimulatedNetwork.member(4), 9)]), from: MemberNumber(2)), to: 0)
        network.crash(1)
        network.run(for: .seconds(90))
        #expect(network.isSettled)
        #expect(network.agrees)
    }
}
