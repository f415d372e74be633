// Links that are cut and slowed on purpose, over real sockets of loopback.

import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieWire
import NIOCore
import Testing

extension TransportSettings {
    fileprivate static var faulty: TransportSettings {
        var settings = TransportSettings.testing
        settings.allowsFaults = true
        return settings
    }
}

extension TestNode {
    fileprivate func set(_ rules: FaultTable.Rule..., seed: UInt64 = 1) async throws {
        try await run { $0.network.setFaults(FaultTable(seed: seed, rules: rules)) }
    }

    /// Says heartbeats of these numbers to a member.
    fileprivate func say(_ numbers: ClosedRange<UInt64>, to member: MemberNumber) async throws {
        for number in numbers {
            #expect(try await run { $0.network.send(.heartbeat(number), to: member) })
        }
    }

    fileprivate func heard(from member: MemberNumber) -> [UInt64] {
        events.compactMap { event in
            if case .received(let message, .member(member)) = event { message.sequence } else { nil }
        }
    }
}

@Suite struct FaultTests {
    private static let one = MemberNumber(1)
    private static let two = MemberNumber(2)
    private static let toTwo = FaultyLinkName(.to, .member("n2"))
    private static let fromTwo = FaultyLinkName(.from, .member("n2"))

    private func pair() async throws -> [TestNode] {
        let nodes = try await testNodes(2, settings: .faulty)
        for node in nodes { try await node.start() }
        try await nodes[0].waitFor(.connected(Self.two, nonce: 2))
        try await nodes[1].waitFor(.connected(Self.one, nonce: 1))
        return nodes
    }

    /// Everything that was sent so far is on its way, or waits.
    private func settle(_ nodes: [TestNode]) async throws {
        for _ in 0 ..< 3 { for node in nodes { try await node.run { _ in } } }
    }

    @Test(arguments: [FaultyLinkName(.to, .member("n2")), FaultyLinkName(.from, .member("n2"))])
    func aCutStallsOneDirectionAndWhatWaitedArrivesInOrderOnceItIsHealed(_ link: FaultyLinkName) async throws {
        let nodes = try await pair()
        let isOut = link.direction == .to
        let (silent, deaf) = isOut ? (nodes[0], nodes[1]) : (nodes[1], nodes[0])
        let (fromSilent, fromDeaf) = isOut ? (Self.one, Self.two) : (Self.two, Self.one)
        try await nodes[0].set(FaultTable.Rule(link, LinkFault(cut: .stall)))
        try await silent.say(1 ... 20, to: fromDeaf)
        // The other way everything passes, and so would what is cut have.
        try await deaf.say(101 ... 120, to: fromSilent)
        try await silent.wait("the other direction") { $0.heard(from: fromDeaf) == Array(101 ... 120) }
        try await settle(nodes)
        #expect(try await deaf.run { $0.heard(from: fromSilent) } == [])
        if isOut {
            #expect(try await silent.statistics().peers[0].backlogBytes > 0, "what waits is counted")
        }
        try await nodes[0].set()
        try await silent.say(21 ... 40, to: fromDeaf)
        try await deaf.wait("all of it, in order") { $0.heard(from: fromSilent) == Array(1 ... 40) }
        #expect(try await deaf.statistics().peers[0].connections == 1, "the connection stood")
        for node in nodes { try await node.stop() }
    }

    @Test func aCutBothWaysStopsBoth() async throws {
        let nodes = try await pair()
        try await nodes[0].set(
            FaultTable.Rule(Self.toTwo, LinkFault(cut: .stall)), FaultTable.Rule(Self.fromTwo, LinkFault(cut: .stall)))
        try await nodes[0].say(1 ... 3, to: Self.two)
        try await nodes[1].say(4 ... 6, to: Self.one)
        try await Task.sleep(for: .milliseconds(100))
        #expect(try await nodes[1].run { $0.heard(from: Self.one) } == [])
        #expect(try await nodes[0].run { $0.heard(from: Self.two) } == [])
        try await nodes[0].set()
        try await nodes[1].wait("the one") { $0.heard(from: Self.one) == [1, 2, 3] }
        try await nodes[0].wait("the other") { $0.heard(from: Self.two) == [4, 5, 6] }
        for node in nodes { try await node.stop() }
    }

    @Test(arguments: [0, 1]) func aBreakingCutEndsConnectionsAndLetsNoneBeMadeUntilItIsHealed(_ at: Int) async throws {
        let nodes = try await pair()
        let other = at == 0 ? "n2" : "n1"
        try await nodes[at].set(FaultTable.Rule(FaultyLinkName(.to, .member(other)), LinkFault(cut: .break)))
        try await nodes[0].waitFor(.disconnected(Self.two))
        try await nodes[1].waitFor(.disconnected(Self.one))
        // The dialling end tries every few milliseconds.
        try await Task.sleep(for: .milliseconds(150))
        #expect(try await nodes[0].statistics().peers[0].connections == 1)
        try await nodes[at].set()
        try await nodes[0].wait("a second connection") { $0.network.statistics.peers[0].connections == 2 }
        try await nodes[0].wait("to be heard") { $0.network.send(.heartbeat(9), to: Self.two) }
        try await nodes[1].waitFor(.received(.heartbeat(9), .member(Self.one)))
        for node in nodes { try await node.stop() }
    }

    @Test func delayedMessagesKeepTheirOrderAndTakeTheirTime() async throws {
        let nodes = try await pair()
        let clock = ContinuousClock()
        try await nodes[0].set(FaultTable.Rule(Self.toTwo, LinkFault(delay: .uniform(from: 5, to: 60))))
        let begin = clock.now
        for number in UInt64(1) ... 30 { try await nodes[0].say(number ... number, to: Self.two) }
        try await nodes[1].wait("all") { $0.heard(from: Self.one).count == 30 }
        #expect(try await nodes[1].run { $0.heard(from: Self.one) } == Array(1 ... 30))
        // The longest of thirty draws of 5 to 60 holds the others up.
        #expect(clock.now - begin > .milliseconds(30))
        for node in nodes { try await node.stop() }
    }

    @Test func narrowBandwidthSpreadsBytesOverTime() async throws {
        let nodes = try await pair()
        let clock = ContinuousClock()
        try await nodes[0].set(FaultTable.Rule(Self.toTwo, LinkFault(bytesPerSecond: 100_000)))
        let begin = clock.now
        for number in UInt64(1) ... 4 {
            #expect(try await nodes[0].run { $0.network.send(.answer(number, size: 5_000), to: Self.two) })
        }
        try await nodes[1].wait("all") { $0.messages.count == 4 }
        #expect(clock.now - begin > .milliseconds(190), "20 kB at 100 kB/s")
        for node in nodes { try await node.stop() }
    }

    @Test func aLostPieceIsSentAgainAndAllBehindItWaits() async throws {
        let nodes = try await pair()
        let clock = ContinuousClock()
        let loss = LinkLoss(perMillion: 500_000, retransmit: .milliseconds(5))
        try await nodes[0].set(FaultTable.Rule(Self.toTwo, LinkFault(loss: loss)))
        let begin = clock.now
        for number in UInt64(1) ... 40 { try await nodes[0].say(number ... number, to: Self.two) }
        try await nodes[1].wait("all") { $0.heard(from: Self.one).count == 40 }
        #expect(try await nodes[1].run { $0.heard(from: Self.one) } == Array(1 ... 40))
        #expect(clock.now - begin > .milliseconds(5))
        for node in nodes { try await node.stop() }
    }

    @Test func clientsAreCutOffAndComeBack() async throws {
        let node = try await testNodes(1, settings: .faulty)[0]
        try await node.start()
        node.respond = { node, message, origin in
            if case .client(let id) = origin { _ = node.network.send(.answer(message.sequence ?? 0), to: id) }
        }
        let client = try await RawConnection.connect(to: node.endpoint)
        try await client.say(.helloClient(), .get(1))
        try await client.wait("an answer") { $0.heard.last?.sequence == 1 }
        try await node.set(FaultTable.Rule(FaultyLinkName(.from, .clients), LinkFault(cut: .stall)))
        try await client.say(.get(2))
        try await Task.sleep(for: .milliseconds(50))
        #expect(try await node.run { $0.messages.count } == 1)
        // A new one is not let in.
        let late = try await RawConnection.connect(to: node.endpoint)
        try await late.say(.helloClient())
        #expect(try await late.waitForEnd() == [])
        try await node.set()
        try await client.wait("the answer that waited") { $0.heard.last?.sequence == 2 }
        try await node.set(FaultTable.Rule(FaultyLinkName(.to, .clients), LinkFault(cut: .break)))
        _ = try await client.waitForEnd()
        try await node.stop()
    }

    @Test func aFloodIntoACutIsReadOnOnceItIsHealed() async throws {
        let node = try await testNodes(1, settings: .faulty)[0]
        try await node.start()
        let client = try await RawConnection.connect(to: node.endpoint)
        try await client.say(.helloClient())
        try await client.wait("the hello") { !$0.heard.isEmpty }
        try await node.set(FaultTable.Rule(FaultyLinkName(.from, .clients), LinkFault(cut: .stall)))
        // More than waits at the node, so that it stops to read, and more than both systems' buffers take.
        var flood = ByteBuffer()
        let key = ObjectKey(type: "default", bucket: "b", key: String(repeating: "k", count: 4_000))
        for number in UInt64(1) ... 5_000 {
            let request = Request(
                id: RequestID(origin: 1, sequence: number), epoch: Epoch(0), timeLeft: .seconds(1),
                request: ClientRequest(key: key, operation: .get))
            Message.request(request).encode(into: &flood)
        }
        try await client.say(flood)
        try await Task.sleep(for: .milliseconds(100))
        #expect(try await node.run { $0.messages.count } == 0)
        try await node.set()
        try await node.wait("the last of the flood") { node in
            guard case .received(let message, _) = node.events.last(where: { $0 != .tickEnded }) else { return false }
            return message.sequence == 5_000
        }
        #expect(try await node.run { $0.messages.compactMap(\.sequence) } == Array(1 ... 5_000))
        try await node.stop()
    }

    @Test func nothingIsSetWhereFaultsAreNotAllowed() async throws {
        let node = try await testNodes(1)[0]
        #expect(try await node.run { $0.network.faultTable } == nil)
        try await node.stop()
    }
}

@Suite struct LinkDelayTests {
    /// The mean of many draws.
    private func mean(_ delay: LinkDelay, seed: UInt64 = 3, draws count: Int = 200_000) -> Double {
        var draws = SeededGenerator(seed: seed)
        var sum = 0.0
        for _ in 0 ..< count { sum += Double(delay.draw(&draws).nanoseconds) / 1e6 }
        return sum / Double(count)
    }

    @Test(arguments: [
        (LinkDelay.constant(7), 7.0), (.uniform(from: 2, to: 6), 4), (.exponential(mean: 3), 3),
        // scale · shape / (shape − 1)
        (.pareto(scale: 2, shape: 5), 2.5),
        (.mixture([.init(weight: 3, delay: .constant(1)), .init(weight: 1, delay: .constant(9))]), 3),
        (.sum(.constant(75), .exponential(mean: 5)), 80),
    ])
    func theMeanIsThatOfTheDistribution(_ delay: LinkDelay, _ expected: Double) {
        #expect(abs(mean(delay) - expected) < expected * 0.02)
    }

    @Test func equalSeedsDrawEqualLengthsAndOthersDoNot() {
        func draws(_ seed: UInt64) -> [TimeSpan] {
            var generator = SeededGenerator(seed: seed)
            return (0 ..< 50).map { _ in LinkDelay.pareto(scale: 1, shape: 1.51).draw(&generator) }
        }
        #expect(draws(1) == draws(1))
        #expect(draws(1) != draws(2))
    }

    @Test func noDrawIsLongerThanTheLongest() {
        var draws = SeededGenerator(seed: 1)
        for _ in 0 ..< 10_000 {
            let length = LinkDelay.pareto(scale: 100, shape: 0.1).draw(&draws)
            #expect(length >= .milliseconds(99) && length <= LinkDelay.longest)
        }
    }
}
