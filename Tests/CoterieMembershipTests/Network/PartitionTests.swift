// Members that were away, alone or in company, come back; and whatever happened, in the end all agree.

import CoterieMembership
import CoteriePrimitives
import Testing

@Suite struct PartitionTests {
    @Test(arguments: [3, 10, 50]) func whoHungAndWasTakenForDeadRefutesWhenItComesBack(_ nodes: Int) throws {
        let network = SimulatedNetwork(.init(nodes: nodes))
        network.run(for: .seconds(3))
        network.pause(1, for: .seconds(60))
        network.run(for: .milliseconds(59_900))
        #expect(network.all(see: 1, as: .dead))
        network.run(for: .milliseconds(200))
        #expect(network.run(atMost: .seconds(3)) { $0.isSettled } != nil)
        #expect(network.machines[1].refutation >= 1)
        #expect(network.machines[1].counters.absences == 1)
        // It took nobody for dead meanwhile, nor did anybody take another one.
        #expect(network.sights.allSatisfy { $0.change.member == SimulatedNetwork.member(1) })
    }

    @Test(arguments: [(5, 1), (10, 5), (40, 20)], [true, false])
    func bothSidesOfASplitTakeTheOtherForDeadAndAllAreAliveSoonAfterIt(_ sides: (Int, Int), _ breaks: Bool) {
        let (nodes, first) = sides
        let network = SimulatedNetwork(.init(nodes: nodes))
        network.run(for: .seconds(3))
        network.split(first: first)
        if breaks { network.connections(between: first, areUp: false) }
        network.run(for: .seconds(150))
        for a in 0 ..< first {
            for b in first ..< nodes {
                #expect(network.status(of: a, seenBy: b) == .dead)
                #expect(network.status(of: b, seenBy: a) == .dead)
            }
        }
        network.heal()
        if breaks { network.connections(between: first, areUp: true) }
        // Connections tell at once; else it is found by a probe of the dead.
        let limit = breaks ? TimeSpan.seconds(3) : MembershipSettings().deadProbeInterval + .seconds(5)
        let before = network.sights.count
        #expect(network.run(atMost: limit) { $0.isSettled } != nil)
        network.run(for: .seconds(20))
        #expect(network.isSettled)
        #expect(network.agrees)
        // Nobody dies of what the other side held.
        #expect(!network.sights[before...].contains { $0.change.to == .dead })
        network.checkInvariants()
    }

    /// Losses, hangs, crashes, restarts and splits; then half a minute of peace and an exchange of tables.
    @Test(arguments: 1 ... 8 as ClosedRange<UInt64>) func whateverHappensInTheEndAllAgree(_ seed: UInt64) {
        let network = Self.chaos(seed)
        network.run(for: .seconds(90))
        #expect(network.isSettled, "seed \(seed)")
        #expect(network.agrees, "seed \(seed)")
        network.checkInvariants()
    }

    static func chaos(_ seed: UInt64) -> SimulatedNetwork {
        var generator = SeededGenerator(seed: seed)
        var plan = SimulatedNetwork.Plan(nodes: 3 + generator.below(10), seed: seed)
        plan.delay = .milliseconds(1) ... .milliseconds(Int64(2 + generator.below(300)))
        let network = SimulatedNetwork(plan)
        var crashed: [Int] = []
        for _ in 0 ..< 25 {
            let node = generator.below(plan.nodes)
            switch generator.below(5) {
            case 0: if !crashed.contains(node) { network.pause(node, for: .seconds(Int64(generator.below(20)))) }
            case 1:
                if !crashed.contains(node), crashed.count + 2 < plan.nodes {
                    network.crash(node, silently: generator.chance(1, in: 2))
                    crashed.append(node)
                }
            case 2: if !crashed.isEmpty { network.restart(crashed.removeFirst()) }
            case 3: network.split(first: generator.below(plan.nodes))
            default: network.heal()
            }
            network.run(for: .milliseconds(Int64(generator.below(6_000))))
        }
        network.heal()
        for node in crashed.dropFirst() { network.restart(node) }
        return network
    }

    @Test func theSameSeedGivesTheSameEffectsAndAnotherOneOthers() {
        let digests = [3, 3, 4].map { Self.chaos($0).digest }
        #expect(digests[0] == digests[1])
        #expect(digests[0] != digests[2])
    }
}
