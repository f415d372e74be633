// Every kind of fault does to the cluster what its name says.

import CoterieClientMachine
import CoterieHistory
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import Testing

@testable import CoterieSimulation

@Suite struct FaultTests {
    /// A cluster at work.
    private func world(operations: Int = 400, _ change: (inout RunPlan) -> Void = { _ in }) throws -> World {
        var plan = RunPlan.small(operations: operations)
        change(&plan)
        let world = try World(plan, trace: .everything)
        world.begin()
        world.run(for: .milliseconds(20))
        return world
    }

    private func finish(_ world: World) {
        while world.step() {}
        expectOK(world.report())
    }

    @Test func aKilledNodeIsGoneAndComesBackWithWhatItHad() throws {
        let world = try world()
        world.perform(.kill(m(2), downFor: .milliseconds(30)))
        #expect(world.node(m(2))?.machine == nil)
        #expect(world.run { world.node(m(2))?.isServing == true })
        #expect(try #require(world.node(m(2))?.engine?.statistics.keys) > 0)
        #expect(world.node(m(2))?.life == 2)
        finish(world)
    }

    @Test func aPowerLossTakesTheUnsyncedTailAway() throws {
        let world = try world {
            $0.replication.durability = .os
            $0.faults.kinds = [.powerLoss]
        }
        let disk = try #require(world.node(m(1))?.disk)
        let files = try disk.list()
        let unsynced = try files.contains { try disk.size(of: $0) > UInt64(disk.fsyncedLength(of: $0)) }
        #expect(unsynced)
        world.perform(.powerLoss(m(1), downFor: .milliseconds(10)))
        #expect(disk.operations.crashes == 1)
        finish(world)
    }

    @Test func aBlackoutTakesAllNodesAndNothingAcknowledged() throws {
        let world = try world { $0.faults.kinds = [.blackout] }
        world.perform(.blackout(downFor: .milliseconds(50)))
        #expect(world.nodes.allSatisfy { $0.state == .down })
        finish(world)
    }

    @Test func aNodeThatIsToldToStopFinishesWhatItHas() throws {
        let world = try world()
        world.perform(.stop(m(3), downFor: .milliseconds(20)))
        #expect(world.run { world.node(m(3))?.state == .down })
        #expect(world.probes[.gracefulStop] == 1)
        finish(world)
    }

    @Test func aPausedNodeHandlesNothingAndKeepsItsConnections() throws {
        let world = try world()
        world.perform(.pause(m(2), during: .milliseconds(40)))
        let ticks = world.node(m(2))?.ticks
        world.run(for: .milliseconds(35))
        #expect(world.node(m(2))?.ticks == ticks)
        #expect(world.statistics.breaks == 0)
        world.run(for: .milliseconds(20))
        #expect(try #require(world.node(m(2))?.ticks) > ticks ?? 0)
        finish(world)
    }

    @Test func aWipedNodeServesAgainOnlyWhenItIsRefilled() throws {
        let world = try world { $0.faults.losses = .inTurn }
        world.perform(.wipe(m(1), downFor: .milliseconds(5)))
        #expect(world.node(m(1))?.isIncomplete == true)
        #expect(world.run { world.node(m(1))?.isServing == true })
        #expect(world.probes[.quarantined] >= 1)
        #expect(world.probes[.refilled] == 1)
        #expect(try #require(world.node(m(1))?.engine?.statistics.keys) > 0)
        finish(world)
    }

    @Test func aPartitionStopsMessagesAndLetsThemThroughWhenItEnds() throws {
        let world = try world { $0.replication.membership.probeInterval = .milliseconds(600) }
        let (one, others): ([ProcessName], [ProcessName]) = (
            [.member(m(1))], [.member(m(2)), .member(m(3)), .client(0), .client(1)]
        )
        world.perform(.partition(one, others, breaks: false, during: .milliseconds(3_000)))
        world.run(for: .milliseconds(2_500))
        #expect(world.probes[.peerSuspected] > 0)
        #expect(world.links.isCut(0, 1) && world.links.isCut(1, 0))
        world.run(for: .milliseconds(1_000))
        #expect(!world.links.isCut(0, 1))
        finish(world)
    }

    @Test func anAsymmetricCutStopsOneDirectionOnly() throws {
        let world = try world()
        world.perform(.cut(from: [.member(m(1))], to: [.member(m(2))], breaks: false, during: .milliseconds(500)))
        #expect(world.links.isCut(0, 1))
        #expect(!world.links.isCut(1, 0))
        finish(world)
        #expect(!world.links.isCut(0, 1))
    }

    @Test func aBrokenConnectionIsSeenByBothEndsAndMadeAnew() throws {
        let world = try world()
        let before = world.statistics.connections
        world.perform(.breakConnection(.member(m(1)), .member(m(2))))
        #expect(world.statistics.breaks == 1)
        #expect(world.run { world.statistics.connections >= before + 2 })
        #expect(world.allMembersAreConnected)
        finish(world)
    }

    @Test func aSlowLinkDelaysWhatPasses() throws {
        let world = try world()
        let usual = world.delay(from: 0, to: 1)
        world.perform(
            .slowLink(
                from: .member(m(1)), to: .member(m(2)), factor: 1_000, bytesPerSecond: 0, during: .milliseconds(100)))
        #expect(world.delay(from: 0, to: 1) > usual * 10)
        finish(world)
        #expect(world.delay(from: 0, to: 1) < 50_000_000)
    }

    @Test func datagramsAreLostRepeatedAndOvertaken() throws {
        let world = try world()
        let plan = DatagramPlan(lost: 200, repeated: 200, overtaken: 200)
        for (one, other) in [(1, 2), (2, 1), (2, 3), (3, 2), (1, 3), (3, 1)] as [(UInt32, UInt32)] {
            world.perform(.datagrams(.member(m(one)), .member(m(other)), plan, during: .milliseconds(200)))
        }
        finish(world)
        for probe in [Probe.datagramLost, .datagramRepeated, .datagramOvertaken] { #expect(world.probes[probe] > 0) }
    }

    @Test func aClockJumpsAndAnotherRunsAway() throws {
        let world = try world()
        let before = world.nodes[0].clock.now(at: world.now)
        world.perform(.clockJump(.member(m(1)), .seconds(3_600)))
        let after = world.nodes[0].clock.now(at: world.now)
        #expect(after.wall.milliseconds - before.wall.milliseconds == 3_600_000)
        #expect(after.monotonic == before.monotonic)
        world.perform(.clockDrift(.client(0), 100_000))
        #expect(world.clients[0].clock.drift == 100_000)
        finish(world)
    }

    @Test func aSlowDiskHoldsAcknowledgementsBack() throws {
        let world = try world()
        for member in 1 ... 3 as ClosedRange<UInt32> {
            world.perform(.slowDisk(m(member), factor: 1_000, during: .milliseconds(300)))
        }
        let work = world.statistics.diskWork
        world.run(for: .milliseconds(50))
        #expect(world.statistics.diskWork - work < 20)
        finish(world)
    }

    @Test func aFullDiskRefusesWritesUntilThereIsRoom() throws {
        let world = try world()
        world.perform(.fullDisk(m(1), room: 100, during: .milliseconds(200)))
        finish(world)
        #expect(world.probes[.diskFull] > 0)
        #expect(world.probes[.writableAgain] > 0)
    }

    @Test(arguments: [FaultKind.failingFsyncs, .failingAppends])
    func aDiskThatFailsIsOpenedAnewByItsOperator(_ kind: FaultKind) throws {
        let world = try world { $0.faults.kinds = [kind] }
        world.perform(
            kind == .failingFsyncs
                ? .failingFsyncs(m(1), permille: 1_000, during: .milliseconds(10))
                : .failingAppends(m(1), permille: 1_000, during: .milliseconds(10)))
        #expect(world.run { world.probes[.operatorRestart] > 0 || world.stage == .over })
        #expect(world.probes[.ioError] > 0)
        finish(world)
    }

    @Test func aRecordThatCannotBeReadIsRepairedFromPeers() throws {
        let world = try world {
            $0.disk.blockingReads = 1_000
            $0.faults.losses = .only(MemberNumber(1))
        }
        world.perform(.failingReads(m(1), permille: 1_000, during: .milliseconds(20)))
        finish(world)
        #expect(world.probes[.corruptRecord] > 0)
        #expect(world.probes[.identityRenewed] > 0)
    }

    @Test func rotIsFoundAndHealed() throws {
        let world = try world {
            $0.faults.losses = .only(MemberNumber(1))
            $0.faults.kinds = [.rot, .kill]
        }
        for file in 0 ..< 40 { world.perform(.rot(m(1), file: file)) }
        world.perform(.kill(m(1), downFor: .milliseconds(5)))
        finish(world)
        let reached = [Probe.corruptRecord, .doubtfulStore, .rottenMetadata, .tornTailCut].map { world.probes[$0] }
        #expect(reached.contains { $0 > 0 })
    }

    @Test func aClientThatDiesLeavesItsRequestsOpen() throws {
        let world = try world()
        _ = world.run { world.sessions.contains { $0.client == 0 && $0.call != nil } }
        world.perform(.clientRestart(0))
        #expect(world.clients[0].life == 2)
        finish(world)
        #expect(world.history.records.contains { $0.outcome == .open })
    }
}
