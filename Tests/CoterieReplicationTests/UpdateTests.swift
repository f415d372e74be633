// Operations of replicated types, on nodes: what an owner mints, what is refused, what a repeat costs, and what happens
// where an owner has not seen what the client saw (INV 7, 8, 11).

import CoterieCausality
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTypes
import CoterieWire
import NIOCore
import Testing

func update<T: ReplicatedType>(
    _ name: String, _ type: T.Type, _ operation: T.Operation, context: VersionVector? = nil, id: OperationID? = nil,
    bucketType: String? = nil, _ change: (inout RequestOptions) -> Void = { _ in }
) -> ClientRequest {
    var options = RequestOptions()
    change(&options)
    return ClientRequest(
        key: key(name, type: bucketType ?? T.name + "s"),
        operation: .update(operation.canonicalBytes(), context: context, id: id), options: options)
}

func add(_ amount: Int64, id: UInt64? = nil) -> ClientRequest {
    update("k", ReplicatedCounter.self, .add(amount), id: id.map { OperationID(client: 1, number: $0) })
}

extension ClientReply {
    func value<T: ReplicatedType>(_ type: T.Type) -> T.Value? { object.flatMap { try? T.value(of: $0) } }
}

private func elements(_ names: String...) -> [ByteBuffer] { names.map { ByteBuffer(string: $0) } }

@Suite struct UpdateTests {
    @Test(arguments: 1 ... 5) func anUpdateThroughAnyNodeIsReadThroughEveryNode(coordinator: Int) throws {
        let cluster = try TestCluster(nodes: 5)
        #expect(cluster.call(coordinator, add(3)).isStored)
        #expect(cluster.call(coordinator, add(4)).isStored)
        for reader in 1 ... 5 {
            #expect(cluster.call(reader, get("k", type: "counters")).value(ReplicatedCounter.self) == 7)
        }
    }

    @Test func additionsAtDifferentOwnersAllCount() throws {
        let cluster = try TestCluster()
        let tokens = (1 ... 3).map { cluster.ask($0, add(Int64($0))) }
        cluster.settle()
        for token in tokens { #expect(cluster.reply(token)?.isStored == true) }
        #expect(cluster.call(1, get("k", type: "counters")).value(ReplicatedCounter.self) == 6)
    }

    @Test func aBatchIsOneEventWhoseDotsAreAllKnownEverywhere() throws {
        let cluster = try TestCluster()
        let reply = cluster.call(
            1, update("k", ReplicatedSet.self, SetOperation(adds: elements("a", "b", "c"))) { $0.w = .all })
        let last = try #require(reply.receipt.written)
        #expect(last.counter == 3)
        for node in 1 ... 3 {
            #expect(cluster.held(node, "k", type: "sets")?.liveDots.map(\.counter) == [1, 2, 3])
            let exchange = cluster[node].machine.status(at: cluster.now.monotonic).exchange
            #expect(exchange.indexedEvents == 3, "node \(node) indexes \(exchange.indexedEvents)")
        }
        // All owners have told of all of them: nobody lacks any, and the indexes forget them.
        cluster.pass(.seconds(3))
        for node in 1 ... 3 {
            let exchange = cluster[node].machine.status(at: cluster.now.monotonic).exchange
            #expect(exchange.indexedEvents == 0 && exchange.lackedEvents == 0, "node \(node): \(exchange)")
        }
    }

    @Test func aRemoveWithAContextLeavesWhatItHasNotSeen() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, update("k", ReplicatedSet.self, .add(ByteBuffer(string: "milk"))))
        let seen = cluster.call(1, get("k", type: "sets")).context
        _ = cluster.call(2, update("k", ReplicatedSet.self, .add(ByteBuffer(string: "milk"))))
        _ = cluster.call(3, update("k", ReplicatedSet.self, .remove(ByteBuffer(string: "milk")), context: seen))
        #expect(cluster.call(1, get("k", type: "sets")).value(ReplicatedSet.self) == elements("milk"))
        _ = cluster.call(3, update("k", ReplicatedSet.self, .remove(ByteBuffer(string: "milk"))))
        #expect(cluster.call(1, get("k", type: "sets")).value(ReplicatedSet.self) == [])
    }

    /// INV 8: it cannot remove what it does not have, and must not claim to have.
    @Test func anOwnerThatLacksWhatTheClientSawTakesItInFirst() throws {
        let cluster = try TestCluster()
        // Node 3 hears nothing of the addition.
        cluster.onSend = { message, _, to in
            if case .store = message, to == MemberNumber(3) { return false }
            return true
        }
        _ = cluster.call(1, update("k", ReplicatedSet.self, .add(ByteBuffer(string: "milk"))))
        let seen = cluster.call(1, get("k", type: "sets") { $0.r = .one }).context
        #expect(cluster.held(3, "k", type: "sets") == nil)
        cluster.onSend = nil
        let reply = cluster.call(
            3, update("k", ReplicatedSet.self, .remove(ByteBuffer(string: "milk")), context: seen))
        #expect(reply.isStored, "\(reply)")
        for node in 1 ... 3 {
            let found = cluster.call(node, get("k", type: "sets") { $0.r = .all })
            #expect(found.value(ReplicatedSet.self) == [], "node \(node): \(found)")
        }
    }

    @Test func withoutTakingInARemoveThatWasAcknowledgedLeavesWhatItsClientSaw() throws {
        var settings = ReplicationSettings()
        settings.omitted = .takingIn
        let cluster = try TestCluster(settings: settings)
        cluster.onSend = { message, _, to in
            if case .store = message, to == MemberNumber(3) { return false }
            return true
        }
        let milk = ByteBuffer(string: "milk")
        _ = cluster.call(1, update("k", ReplicatedSet.self, .add(milk)))
        let seen = cluster.call(1, get("k", type: "sets") { $0.r = .one }).context
        cluster.onSend = nil
        #expect(cluster.call(3, update("k", ReplicatedSet.self, .remove(milk), context: seen)).isStored)
        #expect(cluster.call(1, get("k", type: "sets") { $0.r = .all }).value(ReplicatedSet.self) == [milk])
    }

    @Test func withoutWholeRunsItsMinterDoesNotKnowAllOfItsOwnEvent() throws {
        var settings = ReplicationSettings()
        settings.omitted = .wholeRuns
        let cluster = try TestCluster(settings: settings)
        _ = cluster.call(
            1, update("k", ReplicatedSet.self, SetOperation(adds: elements("a", "b", "c"))) { $0.w = .all })
        #expect(cluster[1].machine.status(at: cluster.now.monotonic).exchange.indexedEvents == 1)
        #expect(cluster[2].machine.status(at: cluster.now.monotonic).exchange.indexedEvents == 3)
    }

    @Test func anUpdateOnWhatNobodyInReachHasSeenIsNotApplied() throws {
        let cluster = try TestCluster()
        let unknown = VersionVector([Dot(ReplicaID(member: MemberNumber(2), incarnation: Incarnation(nonce: 9)), 4)])
        let reply = cluster.call(
            1, update("k", ReplicatedSet.self, .remove(ByteBuffer(string: "milk")), context: unknown))
        #expect(reply.failure?.code == .insufficientReplicas && reply.failure?.outcome == .notApplied, "\(reply)")
        #expect(cluster.held(1, "k", type: "sets") == nil)
    }

    @Test func aContextOfWhatWasDeletedAndReclaimedIsNoObstacle() throws {
        let cluster = try TestCluster(settings: .fastRounds())
        _ = cluster.call(1, update("k", ReplicatedSet.self, .add(ByteBuffer(string: "milk"))))
        let seen = cluster.call(1, get("k", type: "sets")).context
        #expect(cluster.call(1, delete("k", context: seen, type: "sets")).isStored)
        for _ in 0 ..< 400 where (1 ... 3).contains(where: { cluster.held($0, "k", type: "sets") != nil }) {
            cluster.pass(.milliseconds(200))
        }
        #expect((1 ... 3).allSatisfy { cluster.held($0, "k", type: "sets") == nil }, "the marker is not reclaimed")
        let reply = cluster.call(
            2, update("k", ReplicatedSet.self, .remove(ByteBuffer(string: "milk")), context: seen))
        #expect(reply.isStored, "\(reply)")
    }

    @Test func theContextOfAnAnswerCoversWhatTheClientSentAndNothingThatItHasNotSeen() throws {
        let cluster = try TestCluster()
        let (a, b, c) = (ByteBuffer(string: "a"), ByteBuffer(string: "b"), ByteBuffer(string: "c"))
        _ = cluster.call(1, update("k", ReplicatedSet.self, .add(a)))
        let seen = try #require(cluster.call(1, get("k", type: "sets")).context)
        _ = cluster.call(2, update("k", ReplicatedSet.self, .add(b)))
        let told = try #require(
            cluster.call(1, update("k", ReplicatedSet.self, .add(c), context: seen)).context)
        #expect(told.descends(seen) && told != seen, "\(told), \(seen)")
        _ = cluster.call(1, update("k", ReplicatedSet.self, SetOperation(removes: [a, b, c]), context: told))
        #expect(cluster.call(3, get("k", type: "sets") { $0.r = .all }).value(ReplicatedSet.self) == [b])
    }

    // MARK: Repeats

    @Test func anOperationThatComesAgainThroughAnotherOwnerCountsOnceAndMintsNothing() throws {
        let cluster = try TestCluster()
        _ = cluster.call(1, add(5, id: 1))
        let again = cluster.call(2, add(5, id: 1))
        #expect(again.isStored && again.receipt.written == nil)
        #expect(cluster[2].machine.counters.repeatedUpdates == 1)
        #expect(cluster.held(2, "k", type: "counters")?.siblings.count == 1)
        #expect(cluster.call(3, get("k", type: "counters")).value(ReplicatedCounter.self) == 5)
    }

    @Test func withoutRecognisingARepeatCountsTwice() throws {
        var settings = ReplicationSettings()
        settings.omitted = .recognising
        let cluster = try TestCluster(settings: settings)
        _ = cluster.call(1, add(5, id: 1))
        _ = cluster.call(2, add(5, id: 1))
        #expect(cluster.call(3, get("k", type: "counters")).value(ReplicatedCounter.self) == 10)
    }

    /// The first try reached one owner only: its repeat there is acknowledged when others have it, and not before.
    @Test func aRepeatIsMadeAsSafeAsAWriteBeforeItIsAcknowledged() throws {
        let cluster = try TestCluster()
        cluster.onSend = { message, _, _ in
            if case .store = message { return false }
            return true
        }
        let lost = cluster.ask(1, add(5, id: 1))
        cluster.settle()
        #expect(cluster.reply(lost) == nil)
        let blocked = cluster.ask(1, add(5, id: 1))
        cluster.settle()
        #expect(cluster.reply(blocked) == nil)
        cluster.onSend = nil
        #expect(cluster.call(1, add(5, id: 1)).isStored)
        #expect((1 ... 3).count { cluster.held($0, "k", type: "counters") != nil } >= 2)
        #expect(cluster.call(2, get("k", type: "counters")).value(ReplicatedCounter.self) == 5)
    }

    @Test func anOperationThatTwoOwnersAppliedCountsOnce() throws {
        let cluster = try TestCluster()
        let tokens = [cluster.ask(1, add(5, id: 1)), cluster.ask(2, add(5, id: 1))]
        cluster.settle()
        #expect(tokens.allSatisfy { cluster.reply($0)?.isStored == true })
        let read = cluster.call(3, get("k", type: "counters") { $0.r = .all })
        #expect(read.object?.siblings.count == 2 && read.value(ReplicatedCounter.self) == 5, "\(read)")
    }

    /// INV 11: the owner that had it dies before it answers; nobody asks the client.
    @Test func anAdditionWhoseOwnerIsLostIsMadeAgainThroughAnotherAndCountsOnce() throws {
        let cluster = try TestCluster(nodes: 5)
        let owner = cluster.owners("k", type: "counters")[0]
        let stranger = try #require((1 ... 5).first { !cluster.owners("k", type: "counters").contains($0) })
        cluster.onSend = { message, from, _ in
            if case .response = message, from == MemberNumber(UInt32(owner)) { return false }
            return true
        }
        let token = cluster.ask(stranger, add(5, id: 1))
        cluster.settle()
        #expect(cluster.reply(token) == nil)
        cluster.restart(owner)
        cluster.settle()
        #expect(cluster.reply(token)?.isStored == true, "\(String(describing: cluster.reply(token)))")
        #expect(cluster.call(stranger, get("k", type: "counters")).value(ReplicatedCounter.self) == 5)
    }

    /// Found by the simulator: the refusals of those that were asked next said that nothing was applied.
    @Test func anAdditionWhoseOwnerIsLostAndThatNobodyElseTakesIsUnknown() throws {
        let cluster = try TestCluster(types: [BucketType(name: "counters", n: 1, kind: .counter)])
        let owner = cluster.owners("k", type: "counters")[0]
        let stranger = try #require((1 ... 3).first { $0 != owner })
        cluster.onSend = { message, from, _ in
            if case .response = message, from == MemberNumber(UInt32(owner)) { return false }
            return true
        }
        var request = add(5, id: 1)
        request.options.sloppy = false
        let token = cluster.ask(stranger, request)
        cluster.settle()
        cluster.kill(owner)
        cluster.pass(.seconds(2))
        let failure = try #require(cluster.reply(token)?.failure)
        #expect(failure.outcome == .unknown, "\(failure)")
    }

    @Test func anAssignmentWhoseOwnerIsLostIsNotMadeAgain() throws {
        let cluster = try TestCluster(nodes: 5)
        let owner = cluster.owners("k", type: "registers")[0]
        let stranger = try #require((1 ... 5).first { !cluster.owners("k", type: "registers").contains($0) })
        cluster.onSend = { message, from, _ in
            if case .response = message, from == MemberNumber(UInt32(owner)) { return false }
            return true
        }
        let id = OperationID(client: 1, number: 1)
        let token = cluster.ask(
            stranger, update("k", ReplicatedRegister.self, ByteBuffer(string: "v"), id: id))
        cluster.settle()
        cluster.restart(owner)
        cluster.settle()
        #expect(cluster.reply(token)?.failure?.outcome == .unknown)
    }

    // MARK: Refusals

    @Test func whatATypeDoesNotTakeIsRefusedAndNamesTheType() throws {
        let cluster = try TestCluster()
        let put = cluster.call(1, put("k", "v", type: "counters")).failure
        #expect(put?.code == .wrongType && put?.outcome == .notApplied && put?.message.contains("counter") == true)
        let update = cluster.call(1, update("k", ReplicatedCounter.self, .add(1), bucketType: "default")).failure
        #expect(update?.code == .wrongType && update?.message.contains("siblings") == true)
        let garbage = ClientRequest(
            key: key("k", type: "counters"), operation: .update(ByteBuffer(bytes: [9]), context: nil, id: nil))
        let bad = cluster.call(1, garbage).failure
        #expect(bad?.code == .badOperation && bad?.outcome == .notApplied)
        #expect(bad?.message.contains("an operation of the type counter: there is no operation 9") == true)
    }

    @Test func aBoundedCounterTakesNoMoreThanItHasAndIsNotDeleted() throws {
        let cluster = try TestCluster(types: [BucketType(name: "stock", n: 3, kind: .bcounter)])
        #expect(cluster.call(1, update("k", BoundedCounter.self, .add(2), bucketType: "stock")).isStored)
        let taken = cluster.call(1, update("k", BoundedCounter.self, .take(3), bucketType: "stock")).failure
        #expect(taken?.code == .operationRefused && taken?.message.contains("rights to 2") == true)
        #expect(cluster.call(1, delete("k", type: "stock")).failure?.code == .operationRefused)
    }

    @Test func aBatchBeyondTheLimitIsRefusedWhole() throws {
        var limits = Limits()
        limits.maxUpdateEntries = 2
        let cluster = try TestCluster(limits: limits)
        let batch = SetOperation(adds: elements("a", "b", "c"))
        let failure = cluster.call(1, update("k", ReplicatedSet.self, batch)).failure
        #expect(failure?.code == .operationRefused && failure?.message.contains("at most 2") == true)
        #expect(cluster.held(1, "k", type: "sets") == nil)
    }

    @Test func aSetMayHaveMoreElementsThanAKeyMayHaveSiblings() throws {
        var limits = Limits()
        limits.maxSiblings = 2
        limits.warnSiblings = 2
        let cluster = try TestCluster(limits: limits)
        let batch = SetOperation(adds: elements("a", "b", "c"))
        #expect(cluster.call(1, update("k", ReplicatedSet.self, batch)).isStored)
        #expect(cluster[1].machine.counters.siblingWarnings == 0)
    }

    // MARK: Fallbacks

    @Test func aFallbackTakesAnAdditionAndLeavesARemovalToOwners() throws {
        let cluster = try TestCluster(nodes: 6)
        let owners = cluster.owners("k", type: "sets")
        let fallback = try #require((1 ... 6).first { !owners.contains($0) })
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(3))
        let milk = ByteBuffer(string: "milk")
        let added = cluster.call(fallback, update("k", ReplicatedSet.self, .add(milk)) { $0.w = .one })
        #expect(added.isStored, "\(added)")
        #expect(cluster[fallback].machine.counters.fallbackWrites == 1)
        let removed = cluster.call(fallback, update("k", ReplicatedSet.self, .remove(milk)) { $0.w = .one })
        #expect(removed.failure?.outcome == .notApplied, "\(removed)")
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(3))
        #expect(cluster.call(owners[0], get("k", type: "sets")).value(ReplicatedSet.self) == [milk])
    }

    @Test func whatOnlyAFallbackKeepsIsTakenInToo() throws {
        let cluster = try TestCluster(nodes: 6)
        let owners = cluster.owners("k", type: "sets")
        let fallback = try #require((1 ... 6).first { !owners.contains($0) })
        for owner in owners { cluster.kill(owner) }
        cluster.pass(.seconds(3))
        let milk = ByteBuffer(string: "milk")
        let added = cluster.call(
            fallback,
            update("k", ReplicatedSet.self, .add(milk)) {
                $0.w = .one
                $0.returnBody = true
            })
        let seen = try #require(added.context)
        // No hint arrives.
        cluster.onSend = { message, from, _ in
            if case .store = message { return owners.contains(Int(from.rawValue)) }
            return true
        }
        for owner in owners { cluster.restart(owner) }
        cluster.pass(.seconds(3))
        #expect(owners.allSatisfy { cluster.held($0, "k", type: "sets") == nil })
        let removed = cluster.call(owners[0], update("k", ReplicatedSet.self, .remove(milk), context: seen))
        #expect(removed.isStored, "\(removed)")
        cluster.onSend = nil
        cluster.pass(.seconds(5))
        let read = cluster.call(owners[1], get("k", type: "sets") { $0.r = .all })
        #expect(read.value(ReplicatedSet.self) == [], "\(read)")
    }

    // MARK: Last writer wins

    /// A put at an owner observes all that the owner holds, so that it hides nothing and is hidden by nothing of it.
    @Test func concurrentPutsOfLastWriterWinsStayUntilTheNextPutAndReadersSeeTheLatest() throws {
        let cluster = try TestCluster()
        let tokens = [cluster.ask(1, put("k", "a", type: "lww")), cluster.ask(2, put("k", "b", type: "lww"))]
        cluster.settle()
        #expect(tokens.allSatisfy { cluster.reply($0)?.isStored == true })
        let read = cluster.call(3, get("k", type: "lww") { $0.r = .all })
        #expect(read.values?.count == 1)
        #expect(cluster.held(3, "k", type: "lww")?.siblings.count == 2)
        #expect(cluster.numbers.reduce(0) { $0 + cluster[Int($1.rawValue)].machine.counters.discardedSiblings } > 0)
        #expect(cluster.call(3, put("k", "c", type: "lww")).isStored)
        #expect(cluster.held(3, "k", type: "lww")?.values == ["c"])
        #expect(cluster.call(1, get("k", type: "lww") { $0.r = .all }).values == ["c"])
    }

    // MARK: Types of one's own

    private enum Longest: ReplicatedType {
        static let name = "longest"
        static func apply(_ text: ByteBuffer, to object: CausalObject, _ occasion: Occasion) -> TypeChange {
            TypeChange(payloads: [text])
        }
        static func value(of object: CausalObject) -> ByteBuffer {
            object.siblings.map(\.payload).max { $0.readableBytes < $1.readableBytes } ?? ByteBuffer()
        }
    }

    @Test func aTypeOfOnesOwnWorksOnEveryNodeThatKnowsIt() throws {
        var types = TypeRegistry.builtIn
        try types.register(Longest.self)
        let cluster = try TestCluster(
            types: [BucketType(name: "texts", n: 3, kind: TypeKind(rawValue: "longest"))], registry: types)
        _ = cluster.call(1, update("k", Longest.self, ByteBuffer(string: "ab"), bucketType: "texts"))
        _ = cluster.call(2, update("k", Longest.self, ByteBuffer(string: "abc"), bucketType: "texts"))
        #expect(cluster.call(3, get("k", type: "texts")).value(Longest.self) == ByteBuffer(string: "abc"))
    }

    @Test func aLayoutWithATypeThatIsNotKnownIsRefusedAndNamesIt() throws {
        let cluster = try TestCluster()
        let layout = cluster.layout
        let strange = try Layout(
            clusterName: layout.clusterName, hashKey: layout.hashKey, epoch: Epoch(2),
            partitionCount: layout.partitionCount, replicas: layout.replicas, members: layout.members,
            bucketTypes: layout.bucketTypes + [BucketType(name: "x", n: 1, kind: TypeKind(rawValue: "longest"))],
            owners: layout.owners)
        let objection = try #require(TypeRegistry.builtIn.objection(to: strange))
        #expect(objection.contains("'x'") && objection.contains("'longest'") && objection.contains("counter"))
        cluster.feed(
            .peer(.layoutReply(LayoutReply(layout: strange.encoded())), from: MemberNumber(2)), to: MemberNumber(1))
        cluster.settle()
        #expect(cluster[1].machine.layout.epoch == Epoch(1))
        #expect(cluster[1].notes.contains(.layoutRefused(Epoch(2), reason: objection)))
    }
}
