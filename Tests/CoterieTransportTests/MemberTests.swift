// Members on loopback: meeting, losing and finding each other, and two under one number.

import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieWire
import NIOCore
import Testing

struct MemberTests {
    private let m1 = MemberNumber(1)
    private let m2 = MemberNumber(2)
    private let m3 = MemberNumber(3)

    @Test func everyPairMeetsOnOneConnectionAndTalksBothWays() async throws {
        let nodes = try await testNodes(3)
        for node in nodes { try await node.start() }
        for node in nodes {
            try await node.wait("both peers") { $0.network.statistics.peers.allSatisfy(\.isConnected) }
        }
        for (from, node) in nodes.enumerated() {
            for (to, other) in nodes.enumerated() where from != to {
                let message = Message.heartbeat(UInt64(10 * (from + 1) + to + 1))
                let member = MemberNumber(UInt32(to + 1))
                #expect(try await node.run { $0.network.send(message, to: member) })
                try await other.waitFor(.received(message, .member(MemberNumber(UInt32(from + 1)))))
            }
        }
        for node in nodes {
            let statistics = try await node.statistics()
            #expect(statistics.peers.map(\.connections) == [1, 1])
            #expect(statistics.peers.allSatisfy { $0.traffic.framesIn > 0 && $0.traffic.bytesOut > 0 })
            try await node.stop()
        }
    }

    @Test func toAMemberThatIsNotConnectedNothingIsSent() async throws {
        let node = try await testNodes(2)[0]
        try await node.start()
        #expect(try await node.run { !$0.network.send(.heartbeat(1), to: MemberNumber(2)) })
        #expect(try await node.run { !$0.network.send(.heartbeat(1), to: MemberNumber(7)) })
        try await node.stop()
    }

    @Test(arguments: [0, 1]) func whoDiesIsFoundAgainUnderItsNewNonce(_ victim: Int) async throws {
        let nodes = try await testNodes(2)
        for node in nodes { try await node.start() }
        let survivor = nodes[1 - victim]
        let number = MemberNumber(UInt32(victim + 1))
        try await survivor.waitFor(.connected(number, nonce: UInt64(victim + 1)))
        try await nodes[victim].stop()
        try await survivor.waitFor(.disconnected(number))

        // Others may take the port in between; then listening is tried again.
        let layout = try await survivor.run { $0.network.layout }
        var settings = TransportSettings.testing
        settings.listen = nil
        let reborn = TestNode(number.rawValue, nonce: 77, layout: layout, settings: settings)
        try await reborn.start()
        try await survivor.waitFor(.connected(number, nonce: 77))
        let other = MemberNumber(UInt32(2 - victim))
        try await reborn.wait("the survivor") { $0.network.send(.heartbeat(5), to: other) }
        try await survivor.waitFor(.received(.heartbeat(5), .member(number)))
        #expect(try await survivor.statistics().peers[0].connections == 2)
        try await survivor.stop()
        try await reborn.stop()
    }

    @Test func aDroppedMemberIsDialledAgain() async throws {
        let nodes = try await testNodes(2)
        for node in nodes { try await node.start() }
        try await nodes[0].waitFor(.connected(m2, nonce: 2))
        try await nodes[0].run { $0.network.drop(MemberNumber(2)) }
        try await nodes[0].wait("a second connection") { node in
            node.events.filter { $0 == .connected(MemberNumber(2), nonce: 2) }.count == 2
        }
        try await nodes[1].waitFor(.disconnected(m1))
        for node in nodes { try await node.stop() }
    }

    @Test("INV 4: a second process under one number stays out while the first lives")
    func aDuplicateIsRefused() async throws {
        let nodes = try await testNodes(2)
        for node in nodes { try await node.start() }
        try await nodes[1].waitFor(.connected(m1, nonce: 1))
        let layout = try await nodes[1].run { $0.network.layout }
        let twin = TestNode(1, nonce: 666, layout: layout)
        try await twin.start()
        try await twin.waitFor(.refused(m2, .duplicateMember, byUs: false))
        try await nodes[1].waitFor(.refused(m1, .duplicateMember, byUs: true))
        #expect(try await nodes[1].run { !$0.events.contains(.disconnected(MemberNumber(1))) })
        #expect(try await nodes[0].run { $0.network.send(.heartbeat(9), to: MemberNumber(2)) })
        try await nodes[1].waitFor(.received(.heartbeat(9), .member(m1)))
        #expect(try await twin.run { !$0.events.contains(.connected(MemberNumber(2), nonce: 2)) })

        // When the first goes, the twin is let in.
        try await nodes[0].stop()
        try await nodes[1].waitFor(.connected(m1, nonce: 666))
        try await nodes[1].stop()
        try await twin.stop()
    }

    @Test func aRestartedMemberGetsInThoughItsOldConnectionHangs() async throws {
        var settings = TransportSettings.testing
        settings.probeTimeout = .milliseconds(30)
        let node = try await testNodes(2, settings: settings)[1]
        try await node.start()
        let layout = try await node.run { $0.network.layout }
        let hung = try await RawConnection.connect(to: node.endpoint)
        try await hung.say(.helloMember(1, nonce: 5, layout))
        try await node.waitFor(.connected(m1, nonce: 5))

        let reborn = TestNode(1, nonce: 6, layout: layout)
        try await reborn.start()
        try await node.waitFor(.connected(m1, nonce: 6))
        let heard = try await hung.waitForEnd()
        #expect(heard.contains(.heartbeat(0)), "the bearer was asked")
        let events = try await node.run { $0.events.filter { $0 != .tickEnded } }
        #expect(events == [.connected(m1, nonce: 5), .disconnected(m1), .connected(m1, nonce: 6)])
        try await reborn.stop()
        try await node.stop()
    }

    @Test func theSameProcessReplacesItsOwnConnectionAtOnce() async throws {
        let node = try await testNodes(2)[1]
        try await node.start()
        let layout = try await node.run { $0.network.layout }
        let first = try await RawConnection.connect(to: node.endpoint)
        try await first.say(.helloMember(1, nonce: 5, layout))
        try await first.wait("its hello") { $0.heard.count == 1 }
        let second = try await RawConnection.connect(to: node.endpoint)
        try await second.say(.helloMember(1, nonce: 5, layout))
        try await second.wait("its hello") { $0.heard.count == 1 }
        let heard = try await first.waitForEnd()
        #expect(heard.count == 1, "no probe is needed")
        #expect(try await node.run { $0.network.send(.heartbeat(3), to: MemberNumber(1)) })
        try await second.wait("the heartbeat") { $0.heard.last == .heartbeat(3) }
        try await node.stop()
    }

    @Test func aMemberThatShouldHaveBeenDialledIsRefused() async throws {
        let node = try await testNodes(2)[0]
        try await node.start()
        let layout = try await node.run { $0.network.layout }
        let raw = try await RawConnection.connect(to: node.endpoint)
        try await raw.say(.helloMember(2, nonce: 5, layout))
        #expect(try await raw.waitForEnd().refusal?.reason == .malformed)
        try await node.stop()
    }

    @Test func nodesOfDifferentLayoutsRefuseEachOtherAndSayWhy() async throws {
        let nodes = try await testNodes(2)
        let endpoints = try await nodes[0].run { $0.network.layout.members.map(\.peer) }
        let other = try testLayout(endpoints, key: 2)
        try await nodes[1].run { $0.network.updateLayout(other) }
        for node in nodes { try await node.start() }
        try await nodes[0].waitFor(.refused(m2, .differentLayout, byUs: false))
        try await nodes[1].waitFor(.refused(m1, .differentLayout, byUs: true))
        // Told once, though it goes on trying.
        try await nodes[1].wait("further attempts") { $0.network.statistics.refused > 3 }
        let told = try await nodes[1].run { $0.events.filter { $0 != .tickEnded } }
        #expect(told == [.refused(m1, .differentLayout, byUs: true)])
        // When the layouts agree, they meet.
        let layout = try await nodes[0].run { $0.network.layout }
        try await nodes[1].run { $0.network.updateLayout(layout) }
        try await nodes[1].waitFor(.connected(m1, nonce: 1))
        for node in nodes { try await node.stop() }
    }

    @Test func anotherNodeAtTheMembersAddressIsRefused() async throws {
        let nodes = try await testNodes(3)
        let endpoints = try await nodes[0].run { $0.network.layout.members.map(\.peer) }
        // Node 1 believes that m2 is where m3 is.
        let confused = try testLayout([endpoints[0], endpoints[2], endpoints[1]], epoch: 2)
        try await nodes[0].run { $0.network.updateLayout(confused) }
        for node in nodes { try await node.start() }
        try await nodes[0].waitFor(.refused(m2, .unknownMember, byUs: true))
        for node in nodes { try await node.stop() }
    }

    @Test func aNewLayoutBringsMembersInAndOut() async throws {
        let nodes = try await testNodes(3)
        let full = try await nodes[0].run { $0.network.layout.members.map(\.peer) }
        let two = try testLayout(Array(full.prefix(2)), epoch: 2)
        for node in nodes[..<2] {
            try await node.run { $0.network.updateLayout(two) }
            try await node.start()
        }
        try await nodes[0].waitFor(.connected(m2, nonce: 2))
        let three = try testLayout(full, epoch: 3)
        for node in nodes { try await node.run { $0.network.updateLayout(three) } }
        try await nodes[2].start()
        try await nodes[0].waitFor(.connected(m3, nonce: 3))
        try await nodes[1].waitFor(.connected(m3, nonce: 3))
        let again = try testLayout(Array(full.prefix(2)), epoch: 4)
        for node in nodes[..<2] {
            try await node.run { $0.network.updateLayout(again) }
            try await node.waitFor(.disconnected(m3))
            #expect(try await node.run { $0.network.statistics.peers.count == 1 })
        }
        for node in nodes { try await node.stop() }
    }

    @Test func messagesBeyondTheBacklogAreDroppedAndTheMemberStays() async throws {
        var limits = Limits()
        limits.maxPeerBacklogBytes = 4 << 20
        let node = try await testNodes(2, limits: limits)[1]
        try await node.start()
        let layout = try await node.run { $0.network.layout }
        let mute = try await RawConnection.connect(to: node.endpoint, reading: false)
        try await mute.say(.helloMember(1, nonce: 5, layout))
        try await node.waitFor(.connected(m1, nonce: 5))

        // The kernel takes some megabytes; each tick is ended so that it can.
        var sent: UInt64 = 0
        while try await node.run({ [sent] in $0.network.send(.answer(sent, size: 100_000), to: MemberNumber(1)) }) {
            sent += 1
            try #require(sent < 2_000, "the backlog is not bounded")
        }
        let peer = try await node.statistics().peers[0]
        #expect(peer.backlogBytes <= 4 << 20 && peer.backlogBytes > 3 << 20)
        #expect(peer.isConnected && peer.traffic.dropped == 1)

        try await mute.read()
        let all = sent
        try await mute.wait("all that was accepted") { $0.heard.count == all + 1 }
        let heard = try await mute.conditions.eventLoop.submit { mute.heard.compactMap(\.sequence) }.get()
        #expect(heard == Array(0 ..< all))
        #expect(try await node.run { $0.network.send(.heartbeat(1), to: MemberNumber(1)) })
        try await node.stop()
    }

    @Test func framesOfManyMegabytesGoThrough() async throws {
        let nodes = try await testNodes(2)
        for node in nodes { try await node.start() }
        try await nodes[0].waitFor(.connected(m2, nonce: 2))
        let object = ByteBuffer(repeating: 7, count: 20 << 20)
        let message = Message.fetchReply(FetchReply(exchange: 1, epoch: Epoch(1), status: .object(object)))
        #expect(try await nodes[0].run { $0.network.send(message, to: MemberNumber(2)) })
        try await nodes[1].waitFor(.received(message, .member(m1)))
        let tooLong = Message.fetchReply(
            FetchReply(exchange: 1, epoch: Epoch(1), status: .object(ByteBuffer(repeating: 7, count: 64 << 20))))
        #expect(try await nodes[0].run { !$0.network.send(tooLong, to: MemberNumber(2)) })
        #expect(try await nodes[0].statistics().peers[0].isConnected)
        for node in nodes { try await node.stop() }
    }

    @Test func aBusyPortIsNamed() async throws {
        let first = TestNode(1, layout: try nowhere(2))
        let endpoint = try await first.listen()
        var settings = TransportSettings.testing
        settings.listen = endpoint
        let second = TestNode(1, layout: try nowhere(2), settings: settings)
        let error = await #expect(throws: ListenError.self) { try await second.start() }
        #expect(error?.reason == .portBusy)
        #expect(error?.description == "port \(endpoint.port) of 127.0.0.1 is busy: another process listens there")
        try await first.stop()
    }
}
