// INV 5: one client write, one dot, whatever is forwarded or retried inside.

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

@Suite struct ForwardTests {
    @Test func aConnectionThatBreaksAndComesBackCostsNoSecondDot() throws {
        let cluster = try TestCluster(nodes: 5)
        let stranger = cluster.stranger(to: "k")
        let owner = cluster.owners("k")[0]
        var swallowed = 0
        cluster.onSend = { message, from, _ in
            if case .response = message, from == MemberNumber(UInt32(owner)), swallowed == 0 {
                swallowed += 1
                return false
            }
            return true
        }
        let token = cluster.ask(stranger, put("k", "v"))
        cluster.settle()
        #expect(swallowed == 1)
        #expect(cluster.reply(token) == nil)
        let (a, b) = (MemberNumber(UInt32(stranger)), MemberNumber(UInt32(owner)))
        cluster.disconnect(a, b)
        cluster.connect(a, b)
        cluster.settle()
        #expect(cluster.reply(token)?.isStored == true)
        #expect(cluster.call(1, get("k")).values == ["v"])
        #expect(cluster[owner].machine.counters.replayed == 1)
    }

    @Test func anOwnerThatComesBackInAnotherLifeLeavesTheOutcomeUnknown() throws {
        let cluster = try TestCluster(nodes: 5)
        let stranger = cluster.stranger(to: "k")
        let owner = cluster.owners("k")[0]
        cluster.onSend = { message, from, _ in
            if case .response = message, from == MemberNumber(UInt32(owner)) { return false }
            return true
        }
        let token = cluster.ask(stranger, put("k", "v"))
        cluster.settle()
        cluster.restart(owner)
        let reply = try #require(cluster.reply(token))
        #expect(reply.failure?.code == .ownerLost)
        #expect(reply.failure?.outcome == .unknown)
    }

    @Test func anOwnerThatStaysAwayLeavesTheOutcomeUnknownAfterTheGrace() throws {
        let cluster = try TestCluster(nodes: 5)
        let stranger = cluster.stranger(to: "k")
        let owner = cluster.owners("k")[0]
        cluster.onSend = { message, _, _ in
            if case .response = message { return false }
            return true
        }
        let token = cluster.ask(stranger, put("k", "v"))
        cluster.settle()
        cluster.kill(owner)
        #expect(cluster.reply(token) == nil)
        cluster.pass(.seconds(2))
        #expect(cluster.reply(token)?.failure?.outcome == .unknown)
    }

    @Test func aRequestThatDidNotLeaveGoesToTheNextOwner() throws {
        let cluster = try TestCluster(nodes: 5)
        let stranger = MemberNumber(UInt32(cluster.stranger(to: "k")))
        let owner = MemberNumber(UInt32(cluster.owners("k")[0]))
        var request: Message?
        cluster.onSend = { message, _, to in
            if case .request = message, to == owner {
                request = message
                return false
            }
            return true
        }
        let token = cluster.ask(Int(stranger.rawValue), put("k", "v"))
        cluster.settle()
        cluster.feed(.unsent(try #require(request), to: owner), to: stranger)
        cluster.settle()
        #expect(cluster.reply(token)?.isStored == true)
        #expect(cluster.call(1, get("k")).object?.siblings.count == 1)
    }

    @Test func aRepeatedRequestOfAConnectionCountsOnce() throws {
        let cluster = try TestCluster()
        let owner = MemberNumber(UInt32(cluster.owners("k")[0]))
        let id = RequestID(origin: 7, sequence: 1)
        let request = Request(id: id, epoch: Epoch(1), timeLeft: .seconds(5), request: put("k", "v"))
        cluster.feed(.connection(.request(request), from: ConnectionToken(rawValue: 1)), to: owner)
        cluster.feed(.connection(.request(request), from: ConnectionToken(rawValue: 2)), to: owner)
        cluster.settle()
        cluster.feed(.connection(.request(request), from: ConnectionToken(rawValue: 3)), to: owner)
        cluster.settle()
        #expect(cluster.connectionReplies[id]?.count == 2)
        #expect(cluster.connectionReplies[id]?.allSatisfy(\.isStored) == true)
        #expect(cluster.call(1, get("k")).object?.siblings.count == 1)
    }

    /// Whoever heard that nothing was applied believes it: a copy that comes later must not be carried.
    @Test func aRefusedRequestIsRefusedAgainUnderItsNumber() throws {
        let cluster = try TestCluster()
        let owner = cluster.owners("k")[0]
        let member = MemberNumber(UInt32(owner))
        cluster[owner].engine.refusal = .diskFull("no space")
        let id = RequestID(origin: 7, sequence: 1)
        let request = Request(id: id, epoch: Epoch(1), timeLeft: .seconds(5), request: put("k", "v"))
        cluster.feed(.connection(.request(request), from: ConnectionToken(rawValue: 1)), to: member)
        cluster.settle()
        cluster[owner].engine.refusal = nil
        cluster.feed(.connection(.request(request), from: ConnectionToken(rawValue: 1)), to: member)
        cluster.settle()
        #expect(cluster.connectionReplies[id]?.map(\.failure?.outcome) == [.notApplied, .notApplied])
        #expect(cluster.held(owner, "k") == nil)
        #expect(cluster.call(owner, put("k", "v")).isStored)
    }
}

@Suite struct RepeatedForwardTests {
    /// A repetition that does not leave says nothing about the first try, which may have arrived.
    @Test func aRepetitionThatDoesNotLeaveGoesToNoOtherOwner() throws {
        let cluster = try TestCluster(nodes: 5)
        let stranger = MemberNumber(UInt32(cluster.stranger(to: "k")))
        let owner = MemberNumber(UInt32(cluster.owners("k")[0]))
        var isFirst = true
        var repetition: Message?
        cluster.onSend = { message, from, to in
            if case .response = message, from == owner { return false }
            guard case .request = message, to == owner else { return true }
            if isFirst {
                isFirst = false
                return true
            }
            repetition = message
            return false
        }
        let token = cluster.ask(Int(stranger.rawValue), put("k", "v"))
        cluster.settle()
        cluster.disconnect(stranger, owner)
        cluster.connect(stranger, owner)
        cluster.feed(.unsent(try #require(repetition), to: owner), to: stranger)
        cluster.settle()
        cluster.onSend = nil
        cluster.disconnect(stranger, owner)
        cluster.connect(stranger, owner)
        cluster.settle()
        #expect(cluster.reply(token)?.isStored == true)
        #expect(cluster.call(1, get("k")).object?.siblings.count == 1)
    }

    @Test func aRequestThatFellOutOfMemoryIsNotCarriedAgain() throws {
        var settings = ReplicationSettings()
        settings.rememberedRequests = 2
        let cluster = try TestCluster(settings: settings)
        let owner = MemberNumber(UInt32(cluster.owners("k")[0]))
        func ask(_ sequence: UInt64) {
            let id = RequestID(origin: 7, sequence: sequence)
            let request = Request(id: id, epoch: Epoch(1), timeLeft: .seconds(5), request: put("k", "v\(sequence)"))
            cluster.feed(.connection(.request(request), from: ConnectionToken(rawValue: 1)), to: owner)
            cluster.settle()
        }
        for sequence in UInt64(1) ... 4 { ask(sequence) }
        ask(1)
        let replies = try #require(cluster.connectionReplies[RequestID(origin: 7, sequence: 1)])
        #expect(replies.count == 2)
        #expect(replies[1].failure?.outcome == .unknown)
        #expect(cluster.call(1, get("k")).object?.siblings.count == 4)
    }
}
