// Sloppy quorums: who may stand in for an owner, what counts, and what a receipt says of it (INV 16, 24).

import CoterieCausality
import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieWire
import NIOCore
import Testing

@Suite struct SloppyTests {
    /// Owners of "k", then the fallbacks in ring order.
    private func places(_ cluster: TestCluster) -> (owners: [Int], fallbacks: [Int]) {
        let list = cluster.layout.preferenceList(for: cluster.layout.group(for: key("k"), n: 3))
        return (list.primaries.map { Int($0.rawValue) }, list.fallbacks.map { Int($0.rawValue) })
    }

    @Test func withTwoOfThreeOwnersDeadAFallbackCompletesTheWriteAndTheReceiptNamesIt() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, fallbacks) = places(cluster)
        cluster.kill(owners[0])
        cluster.kill(owners[1])
        let write = cluster.call(owners[2], put("k", "v"))
        #expect(write.isStored)
        #expect(write.receipt.met == 2 && write.receipt.metPrimary == 1 && write.receipt.metDurable == 2)
        let responders = write.receipt.responders.filter { $0.answer == .durable }
        #expect(responders.contains { Int($0.member.rawValue) == owners[2] && $0.role == .primary })
        #expect(responders.contains { fallbacks.contains(Int($0.member.rawValue)) && $0.role == .fallback })
    }

    @Test(arguments: ["sloppy=false", "pw=2", "dw=2"])
    func aStrictWriteDoesNotCountFallbacks(strict: String) throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, _) = places(cluster)
        cluster.kill(owners[0])
        cluster.kill(owners[1])
        let write = cluster.call(
            owners[2],
            put("k", "v") {
                switch strict {
                case "sloppy=false": $0.sloppy = false
                case "pw=2": $0.pw = .count(2)
                default: $0.dw = .count(2)
                }
            })
        #expect(write.failure?.code == .insufficientReplicas)
        #expect(write.failure?.outcome == .notApplied, "\(strict): \(write)")
        cluster.settle()
        #expect(cluster.numbers.allSatisfy { cluster[Int($0.rawValue)].machine.hintsWaiting == 0 })
    }

    /// INV 16: who was reachable beforehand counts for nothing; the fallback's acknowledgement stands in for no owner.
    @Test func anOwnerThatDiesAfterTheSendIsNotMadeUpForUnderPW() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, _) = places(cluster)
        cluster.onSend = { message, from, _ in
            if case .storeReply = message { return !owners.dropFirst().contains(Int(from.rawValue)) }
            return true
        }
        let token = cluster.ask(owners[0], put("k", "v") { $0.pw = .count(2) })
        cluster.settle()
        cluster.kill(owners[1])
        cluster.kill(owners[2])
        cluster.settle()
        let reply = try #require(cluster.reply(token))
        #expect(reply.failure?.code == .insufficientReplicas && reply.failure?.outcome == .unknown)
        #expect(reply.receipt.metPrimary == 1)
    }

    @Test func anOwnerThatDiesAfterTheSendIsMadeUpForByAFallback() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, _) = places(cluster)
        cluster.onSend = { message, from, _ in
            if case .storeReply = message { return !owners.dropFirst().contains(Int(from.rawValue)) }
            return true
        }
        let token = cluster.ask(owners[0], put("k", "v"))
        cluster.settle()
        #expect(cluster.reply(token) == nil)
        cluster.kill(owners[1])
        cluster.settle()
        #expect(cluster.reply(token)?.isStored == true)
        #expect(cluster.reply(token)?.receipt.metPrimary == 1)
    }

    @Test func aFallbackThatCannotKeepItIsFollowedByTheNext() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, fallbacks) = places(cluster)
        cluster.kill(owners[0])
        cluster.kill(owners[1])
        cluster[fallbacks[0]].engine.refusal = .diskFull("no space")
        cluster[fallbacks[1]].engine.refusal = .diskFull("no space")
        #expect(cluster.call(owners[2], put("k", "v")).failure?.outcome == .unknown)
        cluster[fallbacks[1]].engine.refusal = nil
        cluster.kill(owners[0])
        let write = cluster.call(owners[2], put("k", "w") { $0.w = .count(2) })
        #expect(write.isStored, "\(write)")
    }

    @Test func aSilentOwnerIsStoodInForAfterAWhile() throws {
        var settings = ReplicationSettings()
        settings.hintAfter = .milliseconds(300)
        settings.membership.probeInterval = .seconds(60)
        let cluster = try TestCluster(nodes: 5, settings: settings)
        let (owners, fallbacks) = places(cluster)
        cluster.onSend = { _, _, to in !owners.dropFirst().contains(Int(to.rawValue)) }
        let token = cluster.ask(owners[0], put("k", "v") { $0.timeout = .seconds(5) })
        cluster.pass(.milliseconds(250))
        #expect(cluster.reply(token) == nil)
        cluster.pass(.milliseconds(100))
        let reply = try #require(cluster.reply(token))
        #expect(reply.isStored && reply.receipt.metPrimary == 1)
        #expect(fallbacks.contains { cluster[$0].machine.hintsWaiting > 0 })
    }

    @Test func whileAllOwnersAnswerNobodyKeepsAHint() throws {
        let cluster = try TestCluster(nodes: 5)
        for i in 0 ..< 50 { #expect(cluster.call(1 + i % 5, put("k\(i)", "v")).isStored) }
        cluster.pass(.seconds(5))
        for node in 1 ... 5 { #expect(cluster[node].machine.counters.hintsKept == 0) }
    }

    /// What a fallback keeps counts for a read; that it keeps nothing says nothing.
    @Test func aReadIsAnsweredByAnOwnerAndAFallbackThatHasTheKey() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, fallbacks) = places(cluster)
        #expect(cluster.call(owners[0], put("k", "old") { $0.w = .all }).isStored)
        cluster.kill(owners[0])
        cluster.kill(owners[1])
        cluster.pass(.seconds(11))
        for node in [owners[2]] + fallbacks {
            let read = cluster.call(node, get("k"))
            #expect(read.failure?.message.contains("R-value unsatisfied") == true, "no hint, no answer: \(read)")
        }
        let seen = cluster.call(owners[2], get("k") { $0.r = .one })
        #expect(cluster.call(owners[2], put("k", "new", context: seen.context)).isStored)
        for node in [owners[2]] + fallbacks {
            let read = cluster.call(node, get("k"))
            #expect(read.values == ["new"], "at \(node): \(read)")
            #expect(read.receipt.metPrimary <= 1)
            #expect(cluster.call(node, get("k") { $0.sloppy = false }).failure?.code == .insufficientReplicas)
            #expect(cluster.call(node, get("k") { $0.pr = .count(2) }).failure?.code == .insufficientReplicas)
        }
    }

    @Test func withNoOwnerReachableTheNodeThatWasAskedMintsAndAnotherFallbackConfirms() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, fallbacks) = places(cluster)
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        let write = cluster.call(fallbacks[1], put("k", "v"))
        #expect(write.isStored)
        #expect(write.receipt.metPrimary == 0)
        #expect(write.receipt.written.map { Int($0.replica.member.rawValue) } == fallbacks[1])
        #expect(write.receipt.responders.count { $0.role == .fallback && $0.answer == .durable } == 2)
        let identity = cluster[fallbacks[1]].machine.status(at: cluster.now.monotonic).identity
        #expect(write.receipt.written?.replica != identity, "its identity as an owner is another")
        #expect(cluster.call(fallbacks[0], get("k")).values == ["v"])
        #expect(cluster.call(fallbacks[0], put("k", "w") { $0.sloppy = false }).failure?.outcome == .notApplied)
        #expect(cluster.call(fallbacks[0], put("k", "w", condition: .present)).failure?.outcome == .notApplied)
    }

    /// INV 5: an owner may have received it; nobody else gives it a second dot.
    @Test func aWriteThatAnOwnerMayHaveReceivedIsNotMintedByAFallback() throws {
        let cluster = try TestCluster(nodes: 5)
        let (owners, fallbacks) = places(cluster)
        cluster.kill(owners[1])
        cluster.kill(owners[2])
        cluster.pass(.seconds(11))
        cluster.onSend = { message, _, _ in
            if case .response = message { return false }
            return true
        }
        let token = cluster.ask(fallbacks[0], put("k", "v"))
        cluster.settle()
        cluster.kill(owners[0])
        cluster.onSend = nil
        cluster.pass(.seconds(2))
        #expect(cluster.reply(token)?.failure?.outcome == .unknown)
        #expect(cluster[fallbacks[0]].machine.counters.fallbackWrites == 0)
    }
}

@Suite struct SloppySessionTests {
    /// Rule 14: what the session has written is a hint still when its owners are back.
    @Test func aReadWithAFloorWidensToFallbacksThatStillKeepIt() throws {
        var settings = ReplicationSettings()
        settings.hintInterval = .seconds(60)
        settings.exchangeInterval = .seconds(3_600)
        let cluster = try TestCluster(nodes: 5, settings: settings)
        let list = cluster.layout.preferenceList(for: cluster.layout.group(for: key("k"), n: 3))
        let (owners, fallbacks) = (
            list.primaries.map { Int($0.rawValue) }, list.fallbacks.map { Int($0.rawValue) }
        )
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(11))
        let write = cluster.call(fallbacks[0], put("k", "mine"))
        let floor = try #require(write.context.map { write.receipt.floor($0) })
        for owner in owners { cluster.restart(owner) }
        cluster.settle()
        #expect(cluster.call(owners[0], get("k")).values == [], "without a floor the owners' answer is one")
        for node in owners + fallbacks {
            #expect(cluster.call(node, get("k") { $0.floor = floor }).values == ["mine"], "at \(node)")
        }
        let strict = cluster.call(
            owners[1],
            get("k") {
                $0.floor = floor.merged(
                    with: VersionVector([Dot(ReplicaID(member: MemberNumber(9), incarnation: Incarnation(nonce: 1)), 1)]
                    ))
            })
        #expect(strict.failure?.code == .insufficientReplicas)
    }
}
