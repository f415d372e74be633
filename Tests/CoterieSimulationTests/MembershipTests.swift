// Who is alive, as whole nodes see it: the production machines over simulated connections, with nobody asking anything.
// (How the membership alone behaves with up to 1,000 members is tested in CoterieMembershipTests.)

import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import Testing

@testable import CoterieSimulation

@Suite struct MembershipTests {
    /// So many nodes that serve, and a world that goes on for `span` after that.
    private func world(_ nodes: Int, for span: TimeSpan, seed: UInt64 = 1) throws -> World {
        var plan = RunPlan.small(seed: seed, operations: 0)
        plan.nodes = nodes
        plan.partitions = 4
        plan.bounds.safety = span * 2
        plan.checkEvery = 16
        plan.timeline = [Step(.heal(.all), at: Place(line: 1, column: 1), time: .at(span))]
        let world = try World(plan)
        world.begin()
        return world
    }

    private func seconds(_ world: World, since start: Int64) -> Double { Double(world.now - start) / 1e9 }

    private func claims(of world: World, at viewer: UInt32) -> [MemberStatus] {
        world.node(m(viewer))?.machine?.standings.map(\.status) ?? []
    }

    private func finish(_ world: World) {
        while world.step() {}
        expectOK(world.report())
    }

    @Test(arguments: [3, 5, 9])
    func aKilledNodeIsKnownDeadByAllWithinSevenRounds(_ nodes: Int) throws {
        for seed in 1 ... 5 as ClosedRange<UInt64> {
            let world = try world(nodes, for: .seconds(60), seed: seed)
            world.run(for: .seconds(5))
            #expect(world.allMembersAreAlive)
            let began = world.now
            world.perform(.kill(m(2), downFor: .seconds(45)))
            #expect(world.run { world.isSeen(m(2), .suspect) })
            // Everybody's own connection broke: nobody waits for a probe.
            #expect(seconds(world, since: began) < 1.5, "suspect after \(seconds(world, since: began)) s")
            #expect(world.run { world.isSeen(m(2), .dead) })
            #expect(seconds(world, since: began) < 7, "dead after \(seconds(world, since: began)) s")
            // Of all others nothing is held against anybody.
            #expect(claims(of: world, at: 1).count { $0 != .alive } == 1)
            finish(world)
        }
    }

    @Test func aNodeThatHangsIsFoundByProbesAlone() throws {
        for seed in 1 ... 5 as ClosedRange<UInt64> {
            let world = try world(5, for: .seconds(120), seed: seed)
            world.run(for: .seconds(5))
            let began = world.now
            world.perform(.pause(m(4), during: .seconds(90)))
            #expect(world.run { world.isSeen(m(4), .dead) })
            #expect(world.statistics.breaks == 0)
            #expect(seconds(world, since: began) < 12, "dead after \(seconds(world, since: began)) s")
            finish(world)
        }
    }

    @Test func aPausedNodeIsSuspectedAndRefutesWhenItGoesOn() throws {
        let world = try world(5, for: .seconds(60))
        world.run(for: .seconds(5))
        world.perform(.pause(m(3), during: .milliseconds(4_000)))
        world.run(for: .milliseconds(3_900))
        #expect(world.isSeen(m(3), .suspect))
        world.run(for: .milliseconds(1_100))
        #expect(world.isSeen(m(3), .alive))
        #expect(world.probes[.peerDead] == 0)
        #expect(world.probes[.peerRefuted] >= 4)
        // Its own absence is not held against the others.
        #expect(claims(of: world, at: 3).allSatisfy { $0 == .alive })
        finish(world)
    }

    @Test(arguments: [false, true])
    func aLinkThatIsCutOneWayMakesNobodyDead(_ breaks: Bool) throws {
        let world = try world(5, for: .seconds(120))
        world.run(for: .seconds(5))
        world.perform(.cut(from: [.member(m(1))], to: [.member(m(2))], breaks: breaks, during: .seconds(100)))
        world.run(for: .seconds(95))
        for member in 1 ... 5 as ClosedRange<UInt32> { #expect(world.isSeen(m(member), .alive), "\(member)") }
        #expect(world.probes[.peerDead] == 0)
        #expect(world.probes[.peerSuspected] == 0, "probes through others came back")
        finish(world)
    }

    /// A fifth of all messages between ten nodes is lost for five minutes.
    @Test func lossMakesNobodyDead() throws {
        var (probes, failed) = (UInt64(0), UInt64(0))
        for seed in 1 ... 3 as ClosedRange<UInt64> {
            let world = try world(10, for: .seconds(330), seed: seed)
            world.run(for: .seconds(5))
            let lossy = DatagramPlan(lost: 200, repeated: 0, overtaken: 0)
            for one in 1 ... 10 as ClosedRange<UInt32> {
                for other in 1 ... 10 as ClosedRange<UInt32> where one != other {
                    world.perform(.datagrams(.member(m(one)), .member(m(other)), lossy, during: .seconds(300)))
                }
            }
            world.run(for: .seconds(299))
            #expect(world.probes[.datagramLost] > 500)
            #expect(world.probes[.peerDead] == 0)
            for counters in world.nodes.compactMap({
                $0.machine?.status(at: Instant(nanoseconds: 0)).membership.counters
            }) {
                probes += counters.probes
                failed += counters.failedProbes
            }
            finish(world)
        }
        // Of probes 36 % want relays, of those a fifth finds none that gets through; each is refuted.
        #expect(failed * 100 < probes * 9, "\(failed) of \(probes) probes failed")
    }

    @Test func whoWasAwayForAnHourIsTakenBack() throws {
        let world = try world(5, for: .seconds(3_700))
        world.run(for: .seconds(5))
        world.perform(.kill(m(5), downFor: .seconds(3_600)))
        world.run(for: .seconds(3_590))
        #expect(world.isSeen(m(5), .dead))
        let due = world.now + 10_000_000_000
        #expect(world.run { world.now >= due - 1_000_000_000 && world.isSeen(m(5), .alive) })
        #expect(seconds(world, since: due) < 3, "\(seconds(world, since: due)) s after its start")
        #expect(claims(of: world, at: 5).allSatisfy { $0 == .alive })
        finish(world)
    }

    /// Connections stand all the time: old messages that waited in them, and probes of the dead, tell that the network is
    /// whole again.
    @Test func twoSidesOfAHealedSplitTakeEachOtherBack() throws {
        let world = try world(5, for: .seconds(3_800))
        world.run(for: .seconds(5))
        let (one, other): ([ProcessName], [ProcessName]) = (
            [.member(m(1)), .member(m(2))], [.member(m(3)), .member(m(4)), .member(m(5))]
        )
        world.perform(.partition(one, other, breaks: false, during: .seconds(3_600)))
        world.run(for: .seconds(3_599))
        #expect(claims(of: world, at: 1).count { $0 == .dead } == 3)
        #expect(claims(of: world, at: 4).count { $0 == .dead } == 2)
        let healed = world.now
        #expect(world.run { world.allMembersAreAlive })
        #expect(seconds(world, since: healed) < 40, "\(seconds(world, since: healed)) s")
        finish(world)
    }

    @Test func aNodeThatStopsSaysGoodbye() throws {
        let world = try world(4, for: .seconds(60))
        world.run(for: .seconds(5))
        let began = world.now
        world.perform(.stop(m(2), downFor: .seconds(30)))
        #expect(world.run { world.isSeen(m(2), .dead) })
        #expect(seconds(world, since: began) < 0.1)
        finish(world)
    }

    @Test func inQuietStretchesANodeHasFewTimersAndMessages() throws {
        let world = try world(5, for: .seconds(120))
        world.run(for: .seconds(20))
        let (messages, ticks) = (world.statistics.messages, world.statistics.ticks)
        world.run(for: .seconds(60))
        let perNode = Double(world.statistics.messages - messages) / 300
        #expect(perNode < 2.6, "\(perNode) messages per node and second")
        #expect(Double(world.statistics.ticks - ticks) / 300 < 8)
        finish(world)
    }
}
