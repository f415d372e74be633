import CoterieCausality
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore
import Testing

@Suite struct FailureTests {
    @Test func withOneOfThreeOwnersDeadEveryRequestAtQuorumSucceeds() throws {
        let cluster = try TestCluster(nodes: 5)
        _ = cluster.call(1, put("k", "a"))
        let owners = cluster.owners("k")
        cluster.kill(owners[0])
        for node in 1 ... 5 where node != owners[0] {
            #expect(cluster.call(node, get("k")).values?.isEmpty == false)
            let read = cluster.call(node, get("k"))
            #expect(cluster.call(node, put("k", "by \(node)", context: read.context)).isStored)
        }
    }

    @Test func withTwoOfThreeOwnersDeadAStrictRequestDoesNothingAndSaysSo() throws {
        let cluster = try TestCluster(nodes: 5)
        _ = cluster.call(1, put("k", "a"))
        let owners = cluster.owners("k")
        cluster.kill(owners[0])
        cluster.kill(owners[1])
        for node in [owners[2], cluster.stranger(to: "k")] {
            let write = cluster.call(node, put("k", "b") { $0.sloppy = false })
            #expect(write.failure?.code == .insufficientReplicas)
            #expect(write.failure?.outcome == .notApplied)
            #expect(write.failure?.message.contains("W-value unsatisfied: 0/2") == true)
            let read = cluster.call(node, get("k") { $0.sloppy = false })
            #expect(read.failure?.message.contains("R-value unsatisfied:") == true)
        }
        #expect(cluster.held(owners[2], "k")?.values == ["a"])
        #expect(cluster.call(owners[2], get("k") { $0.r = .one }).values == ["a"])
    }

    /// INV 16: an owner that dies between the send and the acknowledgement does not count.
    @Test func anOwnerThatDiesBeforeItsAcknowledgementDoesNotCount() throws {
        let cluster = try TestCluster()
        let coordinator = cluster.owners("k")[0]
        let others = cluster.owners("k").dropFirst()
        cluster.onSend = { message, _, _ in
            if case .storeReply = message { return false }
            return true
        }
        let token = cluster.ask(coordinator, put("k", "v"))
        cluster.settle()
        #expect(cluster.reply(token) == nil)
        for other in others { cluster.kill(other) }
        let reply = try #require(cluster.reply(token))
        #expect(reply.failure?.code == .insufficientReplicas)
        #expect(reply.failure?.outcome == .unknown)
        #expect(reply.receipt.met == 1)
    }

    @Test func aWriteWhoseAcknowledgementsAreLostIsUnknownAtItsTimeout() throws {
        let cluster = try TestCluster()
        cluster.onSend = { message, _, _ in
            if case .storeReply = message { return false }
            return true
        }
        let token = cluster.ask(cluster.owners("k")[0], put("k", "v") { $0.timeout = .seconds(1) })
        cluster.pass(.seconds(2))
        let reply = try #require(cluster.reply(token))
        #expect(reply.failure?.code == .timeout)
        #expect(reply.failure?.outcome == .unknown)
    }

    /// INV 25: a failed own barrier is no acknowledgement.
    @Test func aFailedBarrierIsNoAcknowledgement() throws {
        let cluster = try TestCluster()
        let owner = cluster.owners("k")[0]
        cluster[owner].engine.barrierFailure = .io("told so")
        let reply = cluster.call(owner, put("k", "v") { $0.w = .all })
        #expect(reply.failure?.outcome == .unknown)
        #expect(reply.receipt.met < 3)
        let second = cluster.call(owner, put("k", "w"))
        #expect(second.isStored)
        #expect(second.receipt.met == 2)
    }

    @Test func aFullDiskRefusesTheWriteAndReadsGoOn() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        let owner = cluster.owners("k")[0]
        cluster[owner].engine.refusal = .diskFull("no space")
        let write = cluster.call(owner, put("k", "b"))
        #expect(write.failure?.code == .diskFull)
        #expect(write.failure?.outcome == .notApplied)
        #expect(cluster.call(owner, get("k")).values == ["a"])
    }

    @Test func aForwardedWriteGoesToAnotherOwnerWhereTheFirstHasNoSpace() throws {
        let cluster = try TestCluster(nodes: 5)
        let owners = cluster.owners("k")
        cluster[owners[0]].engine.refusal = .diskFull("no space")
        #expect(cluster.call(cluster.stranger(to: "k"), put("k", "v")).isStored)
        #expect(cluster.call(owners[0], get("k")).values == ["v"])
    }

    /// INV 27: the first answers are not-found; the late one repairs.
    @Test func lateAnswersFeedTheRepair() throws {
        var settings = ReplicationSettings()
        settings.exchangeInterval = .seconds(3_600)
        let cluster = try TestCluster(settings: settings)
        let owners = cluster.owners("k")
        cluster.onSend = { message, _, to in
            if case .store = message { return to == MemberNumber(0) }
            return true
        }
        let token = cluster.ask(owners[0], put("k", "v") { $0.timeout = .seconds(1) })
        cluster.pass(.seconds(2))
        #expect(cluster.reply(token)?.failure?.outcome == .unknown)
        cluster.onSend = nil
        #expect(cluster.held(owners[1], "k") == nil)
        _ = cluster.call(owners[1], get("k") { $0.r = .one })
        cluster.settle()
        for owner in owners { #expect(cluster.held(owner, "k")?.values == ["v"]) }
    }

    /// A peer that was halted answers, on the connection of the next life, what the life before had asked about another key.
    @Test func anAnswerToAnEarlierLifeIsNoAnswer() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("a", "of a") { $0.w = .all })
        var asked: [(FetchReply, MemberNumber)] = []
        cluster.onSend = { message, from, to in
            guard case .fetchReply(let reply) = message, to == MemberNumber(1) else { return true }
            asked.append((reply, from))
            return false
        }
        _ = cluster.ask(1, get("a") { $0.r = .all })
        cluster.settle()
        let late = asked
        #expect(late.count == 2)
        cluster.restart(1)
        cluster.settle()
        let token = cluster.ask(1, get("b") { $0.r = .all })
        cluster.settle()
        for (reply, member) in late { cluster.feed(.peer(.fetchReply(reply), from: member), to: MemberNumber(1)) }
        cluster.onSend = nil
        for (reply, member) in asked { cluster.feed(.peer(.fetchReply(reply), from: member), to: MemberNumber(1)) }
        #expect(cluster.reply(token)?.values == [])
    }

    @Test func readRepairBringsMarkersToo() throws {
        let cluster = try TestCluster()
        let owners = cluster.owners("k")
        _ = cluster.call(owners[0], put("k", "v") { $0.w = .all })
        cluster.kill(owners[2])
        #expect(cluster.call(owners[0], delete("k")).isStored)
        cluster.restart(owners[2])
        cluster.settle()
        #expect(cluster.held(owners[2], "k")?.values == ["v"])
        #expect(cluster.call(owners[2], get("k")).object?.isMarker == true)
        cluster.settle()
        #expect(cluster.held(owners[2], "k")?.isMarker == true)
    }

    @Test func repairsBeyondTheBudgetAreLeftAndCounted() throws {
        var settings = ReplicationSettings()
        settings.background.operationsPerSecond = 1
        let cluster = try TestCluster(settings: settings)
        cluster.kill(3)
        for i in 0 ..< 5 { _ = cluster.call(1, put("k\(i)", "v")) }
        cluster.restart(3)
        cluster.settle()
        for i in 0 ..< 5 { _ = cluster.call(1, get("k\(i)") { $0.r = .all }) }
        cluster.settle()
        let counters = cluster[1].machine.counters
        #expect(counters.readRepairs == 1)
        #expect(counters.readRepairsSkipped == 4)
    }

    /// INV 1: a failed read is never treated as absent.
    @Test func aCorruptRecordIsNeitherAbsentNorAnAnswerAndComesBack() throws {
        let cluster = try TestCluster()
        let owners = cluster.owners("k")
        _ = cluster.call(owners[0], put("k", "a") { $0.w = .all })
        let identity = cluster[owners[0]].machine.status(at: cluster.now.monotonic).identity
        cluster[owners[0]].engine.corrupt = [key("k").bytes]
        let read = cluster.call(owners[0], get("k") { $0.r = .count(3) })
        #expect(read.failure != nil)
        cluster.settle()
        #expect(cluster.held(owners[0], "k")?.values == ["a"])
        #expect(cluster[owners[0]].machine.status(at: cluster.now.monotonic).identity != identity)
        #expect(cluster.call(owners[0], get("k") { $0.r = .count(3) }).values == ["a"])
    }

    @Test func aWriteOverACorruptRecordGoesThroughAnotherOwner() throws {
        let cluster = try TestCluster()
        let owners = cluster.owners("k")
        _ = cluster.call(owners[0], put("k", "a") { $0.w = .all })
        cluster[owners[0]].engine.corrupt = [key("k").bytes]
        #expect(cluster.call(owners[0], put("k", "b")).isStored)
        cluster.settle()
        #expect(cluster.call(owners[1], get("k")).values == ["a", "b"])
        #expect(cluster.held(owners[0], "k")?.values == ["a", "b"])
    }

    /// INV 2, as far as one node can see it: an event of its own that it never minted.
    @Test func anEventOfItsOwnThatItDoesNotKnowMakesANewIdentity() throws {
        let cluster = try TestCluster()
        let owner = cluster.owners("k")[0]
        let identity = cluster[owner].machine.status(at: cluster.now.monotonic).identity
        var object = CausalObject()
        object.write(dot: Dot(identity, 1_000), payload: ByteBuffer(string: "x"), observed: VersionVector())
        let group = cluster.layout.group(for: key("k"), n: 3)
        let store = Store(
            exchange: 7, epoch: Epoch(1), group: group, key: key("k"), object: object.encoded(), event: nil,
            durable: true)
        cluster.feed(
            .peer(.store(store), from: MemberNumber(UInt32(cluster.owners("k")[1]))), to: MemberNumber(UInt32(owner)))
        cluster.settle()
        let after = cluster[owner].machine.status(at: cluster.now.monotonic).identity
        #expect(after.incarnation.sub == identity.incarnation.sub + 1)
        #expect(cluster.call(owner, put("k", "new", context: object.context)).isStored)
        #expect(cluster.call(owner, get("k")).object?.siblings.map(\.dot.replica) == [after])
    }

    /// Rule 3: a live dot of the minter that it forgot.
    @Test func aReceiverRefusesAWriteWhoseMinterForgotAnEvent() throws {
        let cluster = try TestCluster()
        let owners = cluster.owners("k").map { MemberNumber(UInt32($0)) }
        let minter = ReplicaID(member: owners[0], incarnation: Incarnation(nonce: 99))
        let group = cluster.layout.group(for: key("k"), n: 3)
        var first = CausalObject()
        first.write(dot: Dot(minter, 5), payload: ByteBuffer(string: "x"), observed: VersionVector())
        var forgetful = CausalObject()
        forgetful.write(dot: Dot(minter, 9), payload: ByteBuffer(string: "y"), observed: VersionVector())
        for (object, dot) in [(first, Dot(minter, 5)), (forgetful, Dot(minter, 9))] {
            let store = Store(
                exchange: 7, epoch: Epoch(1), group: group, key: key("k"), object: object.encoded(),
                event: .init(dot: dot, previous: 0), durable: true)
            cluster.feed(.peer(.store(store), from: owners[0]), to: owners[1])
            cluster.settle()
        }
        #expect(cluster.held(Int(owners[1].rawValue), "k")?.liveDots == [Dot(minter, 5)])
        #expect(cluster[Int(owners[1].rawValue)].machine.counters.causalityFaults == 1)
    }

    @Test func messagesOfAnOlderEpochAreRefusedWithTheLayout() throws {
        let cluster = try TestCluster()
        var sent: [Message] = []
        cluster.onSend = { message, from, _ in
            if from == MemberNumber(1) { sent.append(message) }
            return true
        }
        let group = cluster.layout.group(for: key("k"), n: 3)
        let fetch = Fetch(exchange: 9, epoch: Epoch(0), group: group, key: key("k"), digest: nil)
        cluster.feed(.peer(.fetch(fetch), from: MemberNumber(2)), to: MemberNumber(1))
        #expect(sent.contains { if case .layoutReply = $0 { true } else { false } })
        let isRefused = sent.contains { message in
            if case .fetchReply(let reply) = message, reply.exchange == 9 {
                reply.status == .refused(.wrongEpoch)
            } else {
                false
            }
        }
        #expect(isRefused)
    }

    @Test func aHungPeerIsSuspectedAndThenDeadAndAliveAgainWhenItSpeaks() throws {
        let cluster = try TestCluster()
        let two = MemberNumber(2)
        func state() -> MemberStatus? {
            cluster[1].machine.status(at: cluster.now.monotonic).peers.first { $0.member == two }?.state
        }
        #expect(state() == .alive)
        cluster.onSend = { _, from, _ in from != two }
        cluster.pass(.milliseconds(3_100))
        #expect(state() == .suspect)
        cluster.pass(.milliseconds(4_500))
        #expect(state() == .dead)
        cluster.onSend = nil
        cluster.pass(.seconds(2))
        #expect(state() == .alive)
    }
}

@Suite struct ParkingTests {
    @Test func aRequestWaitsAMomentForOwnersThatComeBack() throws {
        let cluster = try TestCluster()
        let (a, b, c) = (MemberNumber(1), MemberNumber(2), MemberNumber(3))
        cluster.disconnect(a, b)
        cluster.disconnect(a, c)
        let tokens = [cluster.ask(1, put("k", "v")), cluster.ask(1, get("k"))]
        cluster.settle()
        for token in tokens { #expect(cluster.reply(token) == nil) }
        cluster.connect(a, c)
        cluster.settle()
        #expect(cluster.reply(tokens[0])?.isStored == true)
        #expect(cluster.reply(tokens[1])?.failure == nil)
    }

    @Test func aRequestIsRefusedWhenTheMomentIsOver() throws {
        let cluster = try TestCluster()
        cluster.disconnect(MemberNumber(1), MemberNumber(2))
        cluster.disconnect(MemberNumber(1), MemberNumber(3))
        let token = cluster.ask(1, put("k", "v"))
        cluster.pass(.milliseconds(900))
        #expect(cluster.reply(token) == nil)
        cluster.pass(.milliseconds(200))
        #expect(cluster.reply(token)?.failure?.code == .insufficientReplicas)
        #expect(cluster.reply(token)?.failure?.outcome == .notApplied)
    }

    @Test func whoeverIsGivenUpIsNotWaitedFor() throws {
        let cluster = try TestCluster()
        cluster.kill(2)
        cluster.kill(3)
        cluster.pass(.seconds(11))
        let token = cluster.ask(1, get("k"))
        #expect(cluster.reply(token)?.failure?.code == .insufficientReplicas)
    }
}

@Suite struct StartTests {
    /// The network listens before the store is looked at: peers may be there before the machine has started.
    @Test func aPeerThatIsConnectedBeforeTheStartStaysConnected() throws {
        let cluster = try TestCluster()
        cluster.restart(2)
        let connected = MemberNumber(1)
        var machine = NodeMachine(
            .init(member: MemberNumber(2), nonce: 99, layout: cluster.layout), engine: ToyEngine())
        var effects = Effects()
        machine.handle(.memberConnected(connected, nonce: 1), at: cluster.now, into: &effects)
        machine.handle(.start, at: cluster.now, into: &effects)
        let peers = machine.status(at: cluster.now.monotonic).peers
        #expect(peers.first { $0.member == connected }?.isConnected == true)
        #expect(peers.first { $0.member == MemberNumber(3) }?.isConnected == false)
        #expect(peers.allSatisfy { $0.state == .alive })
    }
}

@Suite struct LostRecordTests {
    /// A write that is laid over a lost record must not make it a whole replica again: it would answer for what it lost.
    @Test func aLostRecordCountsInNothingUntilAllOtherOwnersWereAsked() throws {
        let cluster = try TestCluster()
        let (a, b, c) = (1, 2, 3)
        cluster.kill(c)
        #expect(cluster.call(a, put("k", "acknowledged")).isStored)
        cluster.kill(b)
        cluster.restart(c)
        cluster.settle()
        cluster[a].engine.corrupt = [key("k").bytes]
        let second = cluster.call(c, put("k", "second"))
        #expect(second.failure != nil, "only one whole replica takes it")
        let read = cluster.call(c, get("k"))
        #expect(read.failure != nil, "two replicas, one of them lost, are no quorum: \(read)")
        cluster.restart(b)
        cluster.settle()
        #expect(cluster.call(c, get("k")).values?.contains("acknowledged") == true)
        cluster.settle()
        #expect(cluster.held(a, "k")?.values.contains("acknowledged") == true)
    }
}
