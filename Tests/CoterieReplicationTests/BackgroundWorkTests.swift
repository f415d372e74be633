// Background work of a node keeps to its budget, and what it has no room for waits, is named, and comes (INV 30, 31).

import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import Testing

@Suite struct BackgroundWorkTests {
    private func status(_ cluster: TestCluster, _ number: Int) -> MachineStatus {
        cluster[number].machine.status(at: cluster.now.monotonic)
    }

    private func kind(_ kind: BackgroundKind, _ cluster: TestCluster, _ number: Int) throws -> BackgroundStatus.Kind {
        try #require(status(cluster, number).background.kinds.first { $0.kind == kind })
    }

    /// A node that was away, with so many keys written meanwhile and so small a budget at the others.
    private func behind(
        keys: Int, operations: Int, _ change: (inout ReplicationSettings) -> Void = { _ in }
    ) throws -> TestCluster {
        var settings = ReplicationSettings()
        settings.background.operationsPerSecond = operations
        settings.scrubInterval = .zero
        change(&settings)
        let cluster = try TestCluster(settings: settings)
        cluster.kill(3)
        for i in 0 ..< keys { _ = cluster.call(1, put("k\(i)", "v")) }
        cluster.restart(3)
        return cluster
    }

    private func held(_ cluster: TestCluster, _ keys: Int) -> Int {
        (0 ..< keys).count { cluster.held(3, "k\($0)")?.values == ["v"] }
    }

    @Test func whatAnotherOwnerLacksWaitsForTheBudgetAndComes() throws {
        let cluster = try behind(keys: 200, operations: 20)
        cluster.pass(.seconds(4))
        let halfway = held(cluster, 200)
        // Two sources, twenty a second each, and what was saved up.
        #expect(halfway > 10 && halfway < 180)
        let waits = status(cluster, 1).waiting + status(cluster, 2).waiting
        #expect(waits.contains { $0.what.hasSuffix("questions of exchange") })
        #expect(waits.contains { $0.why == "the budget for background work is used up" })
        #expect(try kind(.exchange, cluster, 1).waits + kind(.exchange, cluster, 2).waits > 0)
        cluster.pass(.seconds(30))
        #expect(held(cluster, 200) == 200)
        #expect(try kind(.exchange, cluster, 1).waiting == 0)
        #expect(status(cluster, 1).waiting == [])
    }

    @Test func nobodyWaitsForWhatAMemberAskedThatIsGone() throws {
        let cluster = try behind(keys: 200, operations: 5)
        cluster.pass(.seconds(4))
        #expect(try kind(.exchange, cluster, 1).waiting + kind(.exchange, cluster, 2).waiting > 0)
        cluster.kill(3)
        #expect(try kind(.exchange, cluster, 1).waiting == 0)
        #expect(try kind(.exchange, cluster, 2).waiting == 0)
    }

    @Test func aWipedReplicaIsRefilledAtThePaceOfTheBudget() throws {
        var settings = ReplicationSettings()
        settings.background.operationsPerSecond = 20
        settings.scrubInterval = .zero
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 100 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(2))
        cluster.restart(3, wiped: true)
        cluster.pass(.seconds(3))
        #expect(status(cluster, 3).service == .refilling)
        #expect(held(cluster, 100) < 90)
        cluster.pass(.seconds(60))
        #expect(status(cluster, 3).service == .serving)
        #expect(held(cluster, 100) == 100)
    }

    /// Markers go at the pace of the budget, and what holds them up is named.
    @Test func reclaimingKeepsToTheBudget() throws {
        var settings = ReplicationSettings.fastRounds()
        settings.background.operationsPerSecond = 20
        settings.markersRemembered = 30
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 100 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.pass(.seconds(10))
        for i in 0 ..< 100 { _ = cluster.call(1, delete("k\(i)") { $0.w = .all }) }
        var most = 0
        var named = false
        var before = cluster[1].machine.counters.reclaimed
        for _ in 0 ..< 60 {
            cluster.pass(.seconds(1))
            let now = cluster[1].machine.counters.reclaimed
            most = max(most, now - before)
            before = now
            named =
                named
                || status(cluster, 1).waiting.contains {
                    $0.what.hasSuffix("resting deletes") && $0.why == "the budget for background work is used up"
                }
        }
        #expect(most > 0 && most <= 25, "in one second: \(most)")
        #expect(named)
        for i in 0 ..< 100 { #expect(cluster.copies("k\(i)") == 0) }
        #expect(try kind(.reclaim, cluster, 1).operations >= 100)
        #expect(status(cluster, 1).waiting == [])
    }

    @Test func theScrubKeepsToItsShare() throws {
        var settings = ReplicationSettings()
        settings.background.operationsPerSecond = 40
        settings.scrubInterval = .milliseconds(10)
        settings.scrubKeys = 1
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        let before = cluster[1].machine.counters.scrubbedKeys
        cluster.pass(.seconds(20))
        let read = cluster[1].machine.counters.scrubbedKeys - before
        #expect(read > 200 && read <= 40 * 21)
        #expect(try kind(.scrub, cluster, 1).waits > 0)
    }

    // MARK: What nobody waits for any more

    private func request(_ sequence: UInt64, _ request: ClientRequest, timeLeft: TimeSpan) -> Input {
        .connection(
            .request(
                Request(
                    id: RequestID(origin: 9, sequence: sequence), epoch: Epoch(0), timeLeft: timeLeft,
                    request: request)), from: ConnectionToken(rawValue: 1))
    }

    private func failure(_ cluster: TestCluster, _ sequence: UInt64) -> Failure? {
        cluster.connectionReplies[RequestID(origin: 9, sequence: sequence)]?.first?.failure
    }

    @Test func aRequestWhoseTimeIsUpIsAnsweredBeforeAnythingIsDone() throws {
        let cluster = try TestCluster()
        var sent = 0
        cluster.onSend = { message, _, _ in
            switch message {
            case .store, .fetch, .request: sent += 1
            default: break
            }
            return true
        }
        cluster.feed(request(1, put("k", "v"), timeLeft: .zero), to: MemberNumber(1))
        cluster.feed(request(2, get("k"), timeLeft: .zero), to: MemberNumber(1))
        cluster.settle()
        for sequence in [UInt64(1), 2] {
            #expect(failure(cluster, sequence)?.code == .timeout)
            #expect(failure(cluster, sequence)?.outcome == .notApplied)
        }
        #expect(sent == 0)
        #expect(cluster[1].machine.counters.expired == 2)
        #expect(cluster.held(1, "k") == nil)
    }

    /// A node whose timers are late has kept requests waiting about as long.
    @Test func aNodeThatIsBehindRefusesWhatHasWaitedTooLong() throws {
        let cluster = try TestCluster()
        let one = MemberNumber(1)
        // A request whose answer does not come sets the timer of deadlines.
        cluster.onSend = { message, _, _ in
            if case .fetch = message { return false }
            return true
        }
        _ = cluster.ask(1, get("k") { $0.timeout = .milliseconds(300) })
        cluster.onSend = nil
        cluster.late(.deadlines, by: .seconds(2), at: 1)
        cluster.feed(request(1, put("k", "v"), timeLeft: .milliseconds(1_500)), to: one)
        cluster.feed(request(2, put("k", "v"), timeLeft: .seconds(10)), to: one)
        cluster.settle()
        #expect(failure(cluster, 1)?.code == .overloaded)
        #expect(failure(cluster, 1)?.outcome == .notApplied)
        #expect(failure(cluster, 1)?.message == "this node is 2000ms behind, and the request had 1500ms left")
        #expect(cluster.connectionReplies[RequestID(origin: 9, sequence: 2)]?.first?.isStored == true)
        #expect(cluster[1].machine.counters.expired == 1)
        // What was measured so long ago says nothing of now.
        cluster.pass(.seconds(5))
        cluster.feed(request(3, put("k", "w"), timeLeft: .milliseconds(1_500)), to: one)
        cluster.settle()
        #expect(cluster.connectionReplies[RequestID(origin: 9, sequence: 3)]?.first?.isStored == true)
    }

    /// A replica's part of a read is dropped likewise: nothing is read for it, and its asker is told.
    @Test(arguments: [OmittedRules(), .shedding]) func aReadOfAReplicaIsDroppedWhenItsRequestIsOver(
        without omitted: OmittedRules
    ) throws {
        var settings = ReplicationSettings()
        settings.omitted = omitted
        let cluster = try TestCluster(settings: settings)
        _ = cluster.call(1, put("k", "v") { $0.w = .all })
        var said: [TimeSpan?] = []
        cluster.onSend = { message, _, _ in
            guard case .fetch(let fetch) = message else { return true }
            said.append(fetch.timeLeft)
            return false
        }
        _ = cluster.ask(2, get("k") { $0.timeout = .milliseconds(300) })
        #expect(said == [.milliseconds(300), .milliseconds(300)], "each is told how long its request has")
        cluster.late(.deadlines, by: .seconds(2), at: 2)
        var statuses: [UInt64: FetchReply.Status] = [:]
        cluster.onSend = { message, _, _ in
            if case .fetchReply(let reply) = message { statuses[reply.exchange] = reply.status }
            return true
        }
        let group = cluster.layout.group(for: key("k"), n: 3)
        for (exchange, timeLeft) in [(UInt64(1), TimeSpan.milliseconds(1_500)), (2, .seconds(10)), (3, nil)] {
            let fetch = Fetch(
                exchange: exchange, epoch: cluster.layout.epoch, group: group, key: key("k"), digest: nil,
                timeLeft: timeLeft)
            cluster.feed(.peer(.fetch(fetch), from: MemberNumber(1)), to: MemberNumber(2))
        }
        cluster.settle()
        #expect((statuses[1] == .refused(.overloaded)) == omitted.isEmpty)
        for exchange in [UInt64(2), 3] {
            guard case .object = statuses[exchange] else {
                Issue.record("\(exchange): \(String(describing: statuses[exchange]))")
                continue
            }
        }
        #expect(cluster[2].machine.counters.expired == (omitted.isEmpty ? 1 : 0))
    }

    /// A request that waits for owners to be connected is not begun when its time is up.
    @Test func aParkedRequestWhoseTimeIsUpIsNotBegun() throws {
        let cluster = try TestCluster()
        for other in [2, 3] { cluster.disconnect(MemberNumber(1), MemberNumber(UInt32(other))) }
        let owned = cluster.owners("k").contains(1)
        let token = cluster.ask(1, put("k", "v") { $0.timeout = .milliseconds(100) })
        cluster.settle()
        #expect(owned && cluster.reply(token) == nil)
        cluster.pass(.milliseconds(200))
        #expect(cluster.reply(token)?.failure?.code == .insufficientReplicas)
        #expect(cluster.reply(token)?.failure?.outcome == .notApplied)
        #expect(cluster.held(1, "k") == nil)
        #expect(cluster[1].machine.counters.expired == 1)
    }
}
