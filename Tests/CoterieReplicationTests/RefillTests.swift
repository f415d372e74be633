// A store that is lost, or new: who can tell, and what it must get back before it serves.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore
import Testing

@Suite struct RefillTests {
    @Test func aNodeOnAnEmptiedStoreServesNothingUntilItIsRefilled() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 50 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.kill(2)
        cluster.onSend = { message, _, _ in
            if case .scanReply = message { return false }
            return true
        }
        cluster.restart(2, wiped: true)
        cluster.settle()
        #expect(!cluster[2].machine.isServing)
        #expect(cluster[2].notes.contains(.quarantined))
        let reply = cluster.call(1, put("k1", "w") { $0.w = .all })
        #expect(reply.failure?.code == .insufficientReplicas)
        #expect(cluster.call(2, get("k2")).values == ["v2"])
        cluster.onSend = nil
        cluster.disconnect(MemberNumber(1), MemberNumber(2))
        cluster.disconnect(MemberNumber(3), MemberNumber(2))
        cluster.connect(MemberNumber(1), MemberNumber(2))
        cluster.connect(MemberNumber(3), MemberNumber(2))
        cluster.settle()
        #expect(cluster[2].machine.isServing)
        for i in 0 ..< 50 { #expect(cluster.held(2, "k\(i)")?.values.contains("v\(i)") == true) }
    }

    @Test func aRefillThatIsCutByARestartGoesOnAndTheNodeDoesNotServeBefore() throws {
        var settings = ReplicationSettings()
        settings.scanBatchBytes = 1
        let cluster = try TestCluster(settings: settings)
        for i in 0 ..< 20 { _ = cluster.call(1, put("k\(i)", "v") { $0.w = .all }) }
        cluster.restart(2, wiped: true)
        for _ in 0 ..< 60 { cluster.step() }
        #expect(!cluster[2].machine.isServing)
        cluster.restart(2)
        #expect(!cluster[2].machine.isServing)
        cluster.settle()
        #expect(cluster[2].machine.isServing)
        for i in 0 ..< 20 { #expect(cluster.held(2, "k\(i)")?.values == ["v"]) }
    }

    @Test func aNewClusterNeedsAMajorityOfTheOthersToBegin() throws {
        let cluster = try TestCluster()
        for node in 1 ... 3 { #expect(cluster[node].machine.isServing) }
        cluster.kill(1)
        cluster.kill(3)
        cluster.restart(2, wiped: true)
        cluster.settle()
        #expect(!cluster[2].machine.isServing)
        cluster.restart(1)
        cluster.settle()
        #expect(!cluster[2].machine.isServing)
        cluster.restart(3)
        cluster.settle()
        #expect(cluster[2].machine.isServing)
    }

    /// INV 1: those who knew a member lose their stores too, one after the other; it is recognised all the same.
    @Test func aMemberIsRecognisedThoughAllWhoKnewItWereLostBefore() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 10 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        for node in [1, 3, 2, 3, 1] {
            cluster.restart(node, wiped: true)
            cluster.settle()
            #expect(cluster[node].notes.contains(.quarantined), "n\(node) is taken for new")
            #expect(cluster[node].machine.isServing)
            for i in 0 ..< 10 { #expect(cluster.held(node, "k\(i)")?.values == ["v\(i)"]) }
        }
    }

    /// Before it knows whom it knew, it tells nobody that it is new; after a restart neither.
    @Test func whoWasLostVouchesForNobodyBeforeAMajorityHasTold() throws {
        let cluster = try TestCluster(nodes: 5, replicas: 3)
        cluster.onSend = { message, from, _ in
            if case .introduceReply = message { return from == MemberNumber(2) }
            return true
        }
        cluster.restart(1, wiped: true)
        cluster.settle()
        cluster.restart(1)
        cluster.settle()
        cluster.pass(.seconds(30))
        #expect(!cluster[1].machine.isServing)
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        #expect(cluster[1].machine.isServing)
    }

    /// The same store asks again: it has not served, so it has lost nothing.
    @Test func aFirstStartThatIsCutBeginsAnew() throws {
        let cluster = try TestCluster(onSend: { message, _, _ in
            if case .introduceReply = message { return false }
            return true
        })
        for node in 1 ... 3 { #expect(!cluster[node].machine.isServing) }
        for node in 1 ... 3 { cluster.kill(node) }
        cluster.onSend = nil
        for node in 1 ... 3 { cluster.restart(node) }
        cluster.settle()
        for node in 1 ... 3 {
            #expect(cluster[node].machine.isServing)
            #expect(!cluster[node].notes.contains(.quarantined))
        }
    }

    /// What a full disk could not take is fetched again: a refill that lacks anything is not complete.
    @Test func aRefillOnAFullDiskIsNotComplete() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 30 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        cluster.kill(2)
        var scans = 0
        cluster.onSend = { message, _, to in
            if case .scan = message {
                scans += 1
                if scans == 5 { cluster[2].engine.refusal = .diskFull("told so") }
            }
            return true
        }
        cluster.restart(2, wiped: true)
        for _ in 0 ..< 3_000 { cluster.step() }
        #expect(!cluster[2].machine.isServing)
        cluster[2].engine.refusal = nil
        cluster.pass(.seconds(10))
        #expect(cluster[2].machine.isServing)
        for i in 0 ..< 30 { #expect(cluster.held(2, "k\(i)")?.values == ["v\(i)"]) }
    }

    /// An answer that did not leave, since the connection was full, is asked for again.
    @Test func aRefillWhoseAnswersGetLostGoesOn() throws {
        let cluster = try TestCluster()
        for i in 0 ..< 30 { _ = cluster.call(1, put("k\(i)", "v\(i)") { $0.w = .all }) }
        var lost = 0
        cluster.onSend = { message, _, _ in
            if case .scanReply = message, lost < 7 {
                lost += 1
                return false
            }
            return true
        }
        cluster.restart(2, wiped: true)
        cluster.settle()
        #expect(!cluster[2].machine.isServing)
        cluster.pass(.seconds(30))
        #expect(cluster[2].machine.isServing)
        for i in 0 ..< 30 { #expect(cluster.held(2, "k\(i)")?.values == ["v\(i)"]) }
    }

    /// A disk that is full at the start, and has room again later.
    @Test func aStartThatCouldNotBeRecordedIsTriedAgain() throws {
        let cluster = try TestCluster()
        cluster.kill(2)
        cluster[2].engine.barrierFailure = .diskFull("told so")
        cluster.restart(2)
        cluster.pass(.seconds(1))
        #expect(!cluster[2].machine.isServing)
        cluster[2].engine.barrierFailure = nil
        cluster.pass(.seconds(1))
        #expect(cluster[2].machine.isServing)
    }

    /// The answer to an introduction is lost; asked again, the answer is the same.
    @Test func anIntroductionThatIsRepeatedIsAnsweredTheSame() throws {
        let cluster = try TestCluster(onSend: { message, _, _ in
            if case .introduceReply = message { return false }
            return true
        })
        cluster.onSend = nil
        cluster.pass(.seconds(30))
        for node in 1 ... 3 {
            #expect(cluster[node].machine.isServing)
            #expect(!cluster[node].notes.contains(.quarantined))
        }
    }
}
