// INV 31: whatever waits says why, and since when. Each thing that can wait is made to wait here, and its reason and its
// time are read from the status. (Events and questions for the budget: StatusTests, BackgroundWorkTests.)

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import Testing

@Suite struct WaitingTests {
    private func status(_ cluster: TestCluster, _ number: Int) -> MachineStatus {
        cluster[number].machine.status(at: cluster.now.monotonic)
    }

    private func waits(_ what: String, _ cluster: TestCluster, _ number: Int) throws -> Waiting {
        let waiting = status(cluster, number).waiting
        return try #require(waiting.first { $0.what.hasSuffix(what) }, "\(waiting)")
    }

    private func number(_ node: Int) -> MemberNumber { MemberNumber(UInt32(node)) }

    // MARK: Hints

    /// A node that keeps a hint for an owner that is away.
    private func hint(_ settings: ReplicationSettings = .init(), keys: Int = 1) throws -> (
        cluster: TestCluster, owner: Int, keeper: Int
    ) {
        var settings = settings
        settings.exchangeInterval = .seconds(1)
        let cluster = try TestCluster(nodes: 5, settings: settings)
        let owners = cluster.owners("k")
        cluster.kill(owners[1])
        #expect(cluster.call(owners[0], put("k", "v")).isStored)
        for i in 1 ..< max(2, keys) { _ = cluster.call(owners[0], put("k\(i)", "v")) }
        cluster.settle()
        let keeper = try #require((1 ... 5).first { !status(cluster, $0).hints.isEmpty })
        return (cluster, owners[1], keeper)
    }

    @Test func aHintForAnOwnerThatIsAway() throws {
        let (cluster, owner, keeper) = try hint()
        cluster.pass(.seconds(3))
        let kept = try #require(status(cluster, keeper).hints.first)
        #expect(kept.target == number(owner) && kept.waitsFor == "it is not connected")
        #expect(try #require(kept.since) >= .seconds(3))
    }

    @Test func aHintForAnOwnerWhoseDiskIsFull() throws {
        let (cluster, owner, keeper) = try hint()
        cluster.restart(owner)
        cluster.settle()
        cluster[owner].engine.refusal = .diskFull("told so")
        cluster.pass(.milliseconds(300))
        let kept = try #require(status(cluster, keeper).hints.first)
        #expect(kept.waitsFor.hasPrefix("it answered disk_full; tried again in"), "\(kept)")
        #expect(try #require(kept.since) >= .milliseconds(300))
    }

    @Test func aHintForWhichTheBudgetHasNoRoom() throws {
        var settings = ReplicationSettings()
        settings.background.operationsPerSecond = 10
        let (cluster, owner, _) = try hint(settings, keys: 300)
        cluster.restart(owner)
        cluster.pass(.seconds(2))
        let kept = (1 ... 5).flatMap { status(cluster, $0).hints }
        #expect(kept.contains { $0.waitsFor == "the budget for background work is used up" }, "\(kept)")
        #expect(kept.allSatisfy { $0.since.map { $0 >= .seconds(2) } ?? false })
    }

    // MARK: Coming to serve

    @Test func aStartWhoseNonceIsNotDurable() throws {
        let cluster = try TestCluster()
        cluster.restart(2)
        cluster[2].diskHangs = true
        cluster.pass(.seconds(2))
        let start = try waits("start", cluster, 2)
        #expect(start.why == "the nonce of this start is not durable yet" && start.span >= .seconds(2))
        cluster[2].diskHangs = false
        cluster.pass(.seconds(4))
        #expect(status(cluster, 2).waiting == [])
    }

    @Test func aStartThatTheDiskRefuses() throws {
        let cluster = try TestCluster()
        cluster.kill(2)
        cluster[2].engine.barrierFailure = .diskFull("told so")
        cluster.restart(2)
        cluster.pass(.milliseconds(1_200))
        let start = try waits("start", cluster, 2)
        #expect(start.why == "the disk has refused it: it is tried again" && start.span >= .seconds(1))
    }

    @Test func anIntroductionThatTooFewHaveAnswered() throws {
        let cluster = try TestCluster()
        cluster.swallow { message, _, _ in if case .introduceReply = message { true } else { false } }
        cluster.restart(2, wiped: true)
        cluster.pass(.seconds(3))
        let introduction = try waits("introduction", cluster, 2)
        #expect(introduction.why == "0 of the 2 other members needed have answered")
        #expect(introduction.span >= .milliseconds(2_900))
    }

    /// Two owners have lost their stores at once: each waits for the other one.
    @Test func aRefillWhoseSourceDoesNotServe() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.pass(.seconds(2))
        for node in [2, 3] { cluster.restart(node, wiped: true) }
        cluster.pass(.seconds(5))
        let refill = status(cluster, 3).waiting.first { $0.member == number(2) }
        #expect(refill?.what.hasSuffix("parts of a refill") == true)
        #expect(refill?.why == "it answered not_in_sync", "\(status(cluster, 3).waiting)")
        #expect(try #require(refill).span >= .seconds(4))
    }

    // MARK: The disk

    @Test func whatADiskThatHangsHasNotMadeDurable() throws {
        let cluster = try TestCluster()
        cluster[1].diskHangs = true
        _ = cluster.ask(1, put("k", "v") { $0.w = .all })
        cluster.pass(.seconds(3))
        let fsync = try waits("acknowledgements", cluster, 1)
        #expect(fsync.why == "the disk has not answered" && fsync.span >= .seconds(2))
        cluster[1].diskHangs = false
        cluster.pass(.seconds(3))
        #expect(status(cluster, 1).waiting == [])
    }

    @Test func writesThatAFullDiskRefuses() throws {
        let cluster = try TestCluster()
        cluster[1].engine.announcements = [.writableChanged(.readOnly(.diskFull("told so")))]
        _ = cluster.call(1, put("k", "v"))
        cluster.settle()
        cluster.pass(.seconds(2))
        let writes = try waits("writes", cluster, 1)
        #expect(writes.why == "the store refuses them: its disk is full or failing" && writes.span >= .seconds(2))
    }

    @Test func aLostRecordThatNotAllOthersCanGiveBack() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.kill(3)
        cluster[1].engine.corrupt.insert(key("k").bytes)
        _ = cluster.call(1, get("k"))
        cluster.pass(.seconds(4))
        let lost = try waits("lost records", cluster, 1)
        #expect(lost.why == "they come back when all other owners are read" && lost.span >= .seconds(2))
    }

    // MARK: Requests

    @Test func aRequestWhoseOwnersAreNotConnected() throws {
        let cluster = try TestCluster()
        for other in [2, 3] { cluster.disconnect(number(1), number(other)) }
        _ = cluster.ask(1, put("k", "v"))
        cluster.pass(.milliseconds(400))
        let waiting = status(cluster, 1).waiting.filter { $0.what == "1 requests" }
        #expect(waiting.map(\.member) == [number(2), number(3)])
        #expect(waiting.allSatisfy { $0.why == "it is alive, not connected" && $0.span >= .milliseconds(400) })
    }

    // MARK: Deletes

    @Test func aDeleteThatAnOwnerMayLack() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        cluster.kill(3)
        _ = cluster.call(1, delete("k"))
        cluster.pass(.seconds(20))
        let deletes = try waits("deletes", cluster, 1)
        #expect(deletes.member == number(3))
        #expect(deletes.why == "it is dead, not connected" && deletes.span >= .seconds(18))
        cluster.restart(3)
        cluster.pass(.seconds(30))
        #expect(status(cluster, 1).waiting == [])
    }

    @Test func aRoundThatAMemberHoldsUp() throws {
        let cluster = try TestCluster(nodes: 5, settings: .fastRounds())
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        let (owner, stranger) = (cluster.owners("k")[0], cluster.stranger(to: "k"))
        cluster.kill(stranger)
        _ = cluster.call(owner, delete("k"))
        cluster.pass(.seconds(20))
        let round = try #require(status(cluster, owner).waiting.first { $0.what.hasPrefix("round ") })
        #expect(round.member == number(stranger) && round.why == "it is dead, not connected")
        #expect(round.span >= .seconds(10) && round.span <= .seconds(20))
    }

    /// Rule 8: what a hint holds is as old as the hint.
    @Test func aRoundThatHintsHoldUp() throws {
        let (cluster, owner, keeper) = try hint(.fastRounds())
        cluster.swallow { message, from, to in message.isStore && from == keeper && to == owner }
        cluster.restart(owner)
        cluster.settle()
        let other = (1 ..< 200).map { "d\($0)" }.first { cluster.owners($0).contains(keeper) } ?? ""
        _ = cluster.call(keeper, put(other, "v") { $0.w = .all })
        _ = cluster.call(keeper, delete(other) { $0.w = .all })
        cluster.pass(.seconds(20))
        let round = try #require(
            status(cluster, keeper).waiting.first { $0.what.hasPrefix("round ") && $0.member == nil },
            "\(status(cluster, keeper).waiting)")
        #expect(round.why.hasPrefix("hints are kept here from before round"))
        #expect(round.span >= .seconds(10))
        #expect(try #require(status(cluster, keeper).hints.first).target == number(owner))
    }

    // MARK: The scrub

    @Test func aScrubForWhichTheBudgetHasNoRoom() throws {
        var settings = ReplicationSettings()
        settings.background.operationsPerSecond = 10
        settings.scrubInterval = .milliseconds(10)
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 100 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        var scrub: Waiting?
        for _ in 0 ..< 2_000 where (scrub?.span ?? .zero) < .milliseconds(100) {
            cluster.pass(.milliseconds(10))
            scrub = status(cluster, 1).waiting.first { $0.what == "scrub" && $0.member == nil }
        }
        #expect(scrub?.why == "the budget for background work is used up")
        #expect(try #require(scrub).span >= .milliseconds(100))
    }

    @Test func aScrubWhosePartnerDoesNotAnswer() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.swallow { message, _, _ in if case .comparison = message { true } else { false } }
        var scrub: Waiting?
        for _ in 0 ..< 1_000 where scrub == nil {
            cluster.pass(.milliseconds(100))
            scrub = status(cluster, 1).waiting.first { $0.what == "scrub" }
        }
        #expect(scrub?.why == "it compares a range" && scrub?.member != nil)
        #expect(try #require(scrub).span >= .seconds(1))
    }
}
