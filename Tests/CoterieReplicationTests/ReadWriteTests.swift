import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieWire
import NIOCore
import Testing

@Suite struct ReadWriteTests {
    @Test(arguments: 1 ... 5) func aWriteThroughAnyNodeIsReadThroughEveryNode(coordinator: Int) throws {
        let cluster = try TestCluster(nodes: 5)
        #expect(cluster.call(coordinator, put("k", "v")).isStored)
        for reader in 1 ... 5 { #expect(cluster.call(reader, get("k")).values == ["v"]) }
    }

    @Test func aKeyThatWasNeverWrittenIsNotFound() throws {
        let cluster = try TestCluster()
        #expect(cluster.call(1, get("k")).object?.isEmpty == true)
    }

    @Test func concurrentWritesBecomeSiblingsAndAContextResolvesThem() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        _ = cluster.call(2, put("k", "b"))
        let read = cluster.call(3, get("k"))
        #expect(read.values == ["a", "b"])
        #expect(cluster.call(1, put("k", "c", context: read.context)).isStored)
        #expect(cluster.call(2, get("k")).values == ["c"])
    }

    @Test func aWriteOnAnOldContextStandsBesideWhatItHasNotSeen() throws {
        let cluster = try TestCluster()
        let first = cluster.call(1, put("k", "a")).context
        _ = cluster.call(1, put("k", "b", context: first))
        _ = cluster.call(2, put("k", "c", context: first))
        #expect(cluster.call(3, get("k")).values == ["b", "c"])
    }

    @Test func aDeleteWithAContextLeavesWhatItHasNotSeen() throws {
        let cluster = try TestCluster()
        let first = cluster.call(1, put("k", "a")).context
        _ = cluster.call(2, put("k", "b"))
        #expect(cluster.call(3, delete("k", context: first)).isStored)
        #expect(cluster.call(1, get("k")).values == ["b"])
    }

    @Test func aDeleteWithoutAContextDeletesWhatAQuorumHolds() throws {
        let cluster = try TestCluster(nodes: 5)
        _ = cluster.call(1, put("k", "a"))
        #expect(cluster.call(cluster.stranger(to: "k"), delete("k")).isStored)
        let read = cluster.call(2, get("k"))
        #expect(read.object?.isMarker == true)
    }

    @Test func aDeleteOfNothingSaysSo() throws {
        let cluster = try TestCluster()
        let reply = cluster.call(1, delete("k"))
        #expect(reply.object?.isEmpty == true)
    }

    @Test func aRecreatedKeyIsNotCoveredByTheOldDelete() throws {
        let cluster = try TestCluster()
        let first = cluster.call(1, put("k", "a")).context
        _ = cluster.call(2, delete("k", context: first))
        _ = cluster.call(3, put("k", "b"))
        #expect(cluster.call(1, get("k")).values == ["b"])
    }

    @Test func lastWriterWinsKeepsOneValueUnderAnyClock() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a", type: "lww"))
        let read = cluster.call(2, get("k", type: "lww"))
        _ = cluster.call(3, put("k", "b", context: read.context, type: "lww"))
        _ = cluster.call(2, put("k", "c", type: "lww"))
        #expect(cluster.call(1, get("k", type: "lww")).values == ["c"])
    }

    /// What a blind write gets back may go with its next write, and must not replace what its client has never seen.
    @Test func theContextOfAWriteCoversNoSiblingThatItsClientHasNotSeen() throws {
        let cluster = try TestCluster()
        for first in [1, 2] {
            let name = "k\(first)"
            _ = cluster.call(first, put(name, "theirs"))
            let mine = cluster.call(2, put(name, "mine"))
            #expect(mine.receipt.written != nil)
            #expect(cluster.call(2, put(name, "mine again", context: mine.context)).isStored)
            let values = try #require(cluster.call(3, get(name)).values)
            #expect(values.contains("theirs") && values.contains("mine again"), "\(values)")
        }
        let alone = cluster.call(1, put("k", "a"))
        _ = cluster.call(1, put("k", "b", context: alone.context))
        #expect(cluster.call(1, get("k")).values == ["b"])
    }

    @Test func returnBodyBringsTheObjectAfterTheWrite() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        let reply = cluster.call(1, put("k", "b") { $0.returnBody = true })
        #expect(reply.object?.values == ["a", "b"])
    }

    @Test func theReceiptNamesWhoAnswered() throws {
        let cluster = try TestCluster()
        let write = cluster.call(1, put("k", "a") { $0.w = .all })
        #expect(write.receipt.met == 3)
        #expect(write.receipt.metDurable == 3)
        #expect(write.receipt.metPrimary == 3)
        #expect(write.receipt.asked == AskedQuorum(n: 3, quorum: 3, durable: 3))
        #expect(Set(write.receipt.responders.map(\.member)) == Set(cluster.numbers))
        #expect(write.receipt.responders.allSatisfy { $0.answer == .durable && $0.role == .primary })
        let read = cluster.call(1, get("k") { $0.r = .all })
        #expect(read.receipt.responders.map(\.answer) == [.value, .value, .value])
        #expect(read.receipt.epoch == Epoch(1))
    }

    @Test func readsOfEqualReplicasTravelAsDigests() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a") { $0.w = .all })
        _ = cluster.call(1, get("k") { $0.r = .all })
        let hits = [1, 2, 3].map { cluster[$0].machine.counters.digestHits }.reduce(0, +)
        #expect(hits == 2)
    }

    @Test func readsThatGoThroughTheDiskAnswerTheSame() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        for node in 1 ... 3 { cluster[node].engine.readsAreSlow = true }
        #expect(cluster.call(2, get("k")).values == ["a"])
        #expect(cluster.call(3, put("k", "b")).isStored)
        #expect(cluster.call(1, get("k")).values == ["a", "b"])
        #expect(cluster.call(1, delete("k")).isStored)
        #expect(cluster.call(1, get("k")).object?.isMarker == true)
    }

    @Test func twoWritesThatWaitForTheSameRecordBothCount() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, put("k", "a"))
        for node in 1 ... 3 { cluster[node].engine.readsAreSlow = true }
        let owner = cluster.owners("k")[0]
        let tokens = [cluster.ask(owner, put("k", "b")), cluster.ask(owner, put("k", "c"))]
        cluster.settle()
        for token in tokens { #expect(cluster.reply(token)?.isStored == true) }
        #expect(cluster.call(1, get("k")).values == ["a", "b", "c"])
    }
}

@Suite struct ConditionTests {
    @Test func ifAbsentRefusesWhereThereIsAValue() throws {
        let cluster = try TestCluster()
        #expect(cluster.call(1, put("k", "a", condition: .absent)).isStored)
        let second = cluster.call(2, put("k", "b", condition: .absent))
        #expect(second.failure?.code == .preconditionFailed)
        #expect(second.failure?.outcome == .notApplied)
        #expect(second.failure?.message.contains("match_found") == true)
        #expect(cluster.call(3, get("k")).values == ["a"])
    }

    @Test func ifUnmodifiedHoldsForTheVeryContext() throws {
        let cluster = try TestCluster()
        let context = try #require(cluster.call(1, put("k", "a")).context)
        let good = cluster.call(2, put("k", "b", context: context, condition: .unmodified(context)))
        #expect(good.isStored)
        let bad = cluster.call(2, put("k", "c", context: context, condition: .unmodified(context)))
        #expect(bad.failure?.message.contains("modified") == true)
        let none = cluster.call(2, put("x", "c", context: context, condition: .unmodified(context)))
        #expect(none.failure?.message.contains("notfound") == true)
    }

    @Test func ifMatchReplacesTheSiblingItNames() throws {
        let cluster = try TestCluster()
        let object = try #require(cluster.call(1, put("k", "a") { $0.returnBody = true }).object)
        let tag = vtag(of: object.siblings[0].dot)
        #expect(cluster.call(2, put("k", "b", condition: .anyVtag([tag]))).isStored)
        #expect(cluster.call(1, get("k")).values == ["b"])
        #expect(cluster.call(2, put("k", "c", condition: .anyVtag([tag]))).failure?.code == .preconditionFailed)
        #expect(cluster.call(2, put("k", "c", condition: .noVtag([tag]))).isStored)
    }
}

@Suite struct RefusalTests {
    @Test func quorumsBeyondNAreRefused() throws {
        let cluster = try TestCluster()
        let reply = cluster.call(1, get("k") { $0.r = .count(4) })
        #expect(reply.failure?.code == .badQuorum)
        #expect(reply.failure?.message.contains("r=4") == true)
        #expect(reply.failure?.message.contains("1 to 3") == true)
        #expect(cluster.call(1, put("k", "v") { $0.w = .count(0) }).failure?.code == .badQuorum)
        #expect(cluster.call(1, put("k", "v") { $0.nodeConfirms = 4 }).failure?.code == .badQuorum)
    }

    @Test func anUnknownTypeNamesThoseThatThereAre() throws {
        let cluster = try TestCluster()
        let failure = try #require(cluster.call(1, get("k", type: "nope")).failure)
        #expect(failure.code == .unknownBucketType)
        #expect(failure.message.contains("siblings"))
    }

    @Test func anotherNIsRefused() throws {
        let cluster = try TestCluster()
        #expect(cluster.call(1, get("k") { $0.n = 2 }).failure?.code == .nMismatch)
        #expect(cluster.call(1, get("k") { $0.n = 3 }).failure == nil)
    }

    @Test func valuesAndKeysBeyondTheLimitsAreRefused() throws {
        var limits = Limits()
        limits.maxValueBytes = 10
        limits.maxKeyBytes = 5
        let cluster = try TestCluster(limits: limits)
        #expect(cluster.call(1, put("k", String(repeating: "v", count: 100))).failure?.code == .valueTooLarge)
        #expect(cluster.call(1, put("123456", "v")).failure?.code == .keyTooLarge)
    }

    @Test func siblingsBeyondTheLimitAreRefusedAndResolvingStillWorks() throws {
        var limits = Limits()
        limits.warnSiblings = 2
        limits.maxSiblings = 3
        let cluster = try TestCluster(limits: limits)
        for value in ["a", "b", "c"] { #expect(cluster.call(1, put("k", value)).isStored) }
        let refused = cluster.call(1, put("k", "d"))
        #expect(refused.failure?.code == .tooManySiblings)
        #expect(refused.failure?.outcome == .notApplied)
        let read = cluster.call(1, get("k"))
        #expect(read.values == ["a", "b", "c"])
        #expect(cluster.call(1, put("k", "d", context: read.context)).isStored)
    }

    @Test func aTimeoutMustBePositiveAndWithinTheLimit() throws {
        let cluster = try TestCluster()
        #expect(cluster.call(1, get("k") { $0.timeout = .zero }).failure?.code == .badRequest)
        #expect(cluster.call(1, get("k") { $0.timeout = .seconds(99_999) }).failure?.code == .badRequest)
    }

    @Test func moreRequestsThanTheLimitAreOverload() throws {
        var limits = Limits()
        limits.maxRequestsInFlight = 2
        let cluster = try TestCluster(limits: limits)
        let tokens = (0 ..< 3).map { cluster.ask(1, put("k\($0)", "v")) }
        #expect(cluster.reply(tokens[2])?.failure?.code == .overloaded)
        cluster.settle()
        #expect(cluster.reply(tokens[0])?.isStored == true)
    }

    @Test func aStoppingNodeFinishesWhatIsUnderWayAndRefusesTheRest() throws {
        let cluster = try TestCluster()
        let before = cluster.ask(1, put("k", "v"))
        cluster.feed(.stop, to: MemberNumber(1))
        let after = cluster.ask(1, put("k", "w"))
        #expect(cluster.reply(after)?.failure?.code == .shuttingDown)
        #expect(!cluster[1].hasStopped)
        cluster.settle()
        #expect(cluster.reply(before)?.isStored == true)
        #expect(cluster[1].hasStopped, "it does not wait longer than for what is under way")
    }
}
