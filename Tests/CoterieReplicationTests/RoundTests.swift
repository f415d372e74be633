// Rounds: all members move together, durably, and only where somebody wants it (design, section 4, rule 8; INV 15).

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore
import Testing

@Suite struct RoundTests {
    private func rounds(_ cluster: TestCluster) -> [UInt64] {
        cluster.numbers.map { cluster.reclaim(Int($0.rawValue)).round }
    }

    private func deleteSomething(_ cluster: TestCluster, _ name: String = "k") {
        _ = cluster.call(1, put(name, "v") { $0.w = .all })
        _ = cluster.call(1, delete(name))
    }

    @Test func aNewClusterBeginsWithTheFirstRoundAndStaysThere() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v")) }
        cluster.pass(.seconds(60))
        #expect(rounds(cluster) == [1, 1, 1])
    }

    @Test func quietRoundsCostNothing() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        deleteSomething(cluster)
        cluster.pass(.seconds(30))
        #expect(cluster.copies("k") == 0)
        let before = rounds(cluster)
        var said = 0
        cluster.swallow { message, _, _ in
            if message.isRoundReport { said += 1 }
            return false
        }
        cluster.pass(.seconds(300))
        #expect(said == 0)
        #expect(rounds(cluster) == before)
    }

    @Test(arguments: 0 ..< 10) func noMemberIsEverMoreThanOneRoundFromAnother(seed: UInt64) throws {
        let cluster = try TestCluster(nodes: 5, seed: seed, settings: .fastRounds())
        var generator = SeededGenerator(seed: seed)
        for i in 0 ..< 60 {
            deleteSomething(cluster, "k\(i % 7)")
            for _ in 0 ..< 200 {
                cluster.step()
                let known = rounds(cluster).filter { $0 > 0 }
                if let least = known.min(), let most = known.max() { #expect(most - least <= 1, "\(known)") }
            }
            // It comes back with the round that it had told, whatever has become of what it had not.
            if generator.chance(1, in: 4) { cluster.restart(generator.below(5) + 1) }
        }
        cluster.pass(.seconds(60))
        #expect(rounds(cluster).min() ?? 0 > 5)
    }

    @Test func aRoundThatIsNotDurableIsNotTold() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        deleteSomething(cluster)
        cluster.settle()
        cluster[3].engine.barrierFailure = .io("told so")
        cluster.pass(.seconds(30))
        #expect(cluster.reclaim(3).round == 1)
        #expect(rounds(cluster).max() ?? 0 <= 2)
    }

    @Test func aRoundSurvivesARestart() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        deleteSomething(cluster)
        cluster.pass(.seconds(30))
        let before = rounds(cluster)
        #expect(before[0] >= 6)
        for node in 1 ... 3 { cluster.restart(node) }
        cluster.settle()
        #expect(rounds(cluster) == before)
    }

    @Test func aStoreThatWasLostTakesItsPeersRoundBeforeItTakesAnObject() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        _ = cluster.call(1, put("old", "v") { $0.w = .all })
        let old = try #require(cluster.held(1, "old"))
        deleteSomething(cluster)
        cluster.pass(.seconds(30))
        let before = rounds(cluster)
        cluster.swallow { message, _, _ in
            if case .introduceReply = message { return true }
            return message.isScanReply
        }
        cluster.restart(2, wiped: true)
        cluster.settle()
        #expect(cluster.reclaim(2).round == 0)
        cluster.deliver(cluster.repair("old", old, round: before[0]), from: 1, to: 2)
        #expect(cluster.held(2, "old") == nil)
        cluster.swallow { message, _, _ in message.isScanReply }
        cluster.pass(.seconds(5))
        #expect(cluster.reclaim(2).round == before[1])
        cluster.deliver(cluster.repair("old", old, round: 1), from: 1, to: 2)
        #expect(cluster.held(2, "old") == nil, "too old")
        cluster.onSend = nil
        cluster.pass(.seconds(5))
        #expect(cluster.held(2, "old")?.values == ["v"])
    }

    /// A relay is as old as the oldest that it carries.
    @Test func theRepairOfAReadCarriesTheOldestRoundOfItsAnswers() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        deleteSomething(cluster)
        cluster.pass(.seconds(30))
        cluster.swallow { message, _, to in message.isStore && to == 3 || message.isPull }
        _ = cluster.call(1, put("r", "v"))
        var answer: FetchReply?
        cluster.swallow { message, from, _ in
            if case .fetchReply(let reply) = message, from == 2 {
                answer = reply
                return true
            }
            return message.isPull
        }
        _ = cluster.call(1, get("r") { $0.r = .count(2) })
        cluster.settle()
        var late = try #require(answer)
        late.round = 2
        var carried: UInt64?
        cluster.swallow { message, _, to in
            if case .store(let store) = message, to == 3 { carried = store.round }
            return false
        }
        cluster.deliver(.fetchReply(late), from: 2, to: 1)
        #expect(carried == 2)
    }

    @Test func aSettingSpacesRounds() throws {
        var settings = ReplicationSettings()
        settings.roundInterval = .seconds(10)
        let cluster = try TestCluster(settings: settings)
        deleteSomething(cluster)
        cluster.pass(.seconds(35))
        #expect((3 ... 5).contains(cluster.reclaim(1).round))
        cluster.pass(.seconds(60))
        #expect(cluster.copies("k") == 0)
    }
}
