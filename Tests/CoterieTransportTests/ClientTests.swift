// Clients on loopback, mannered and otherwise.

import CoterieCausality
import CoteriePrimitives
import CoterieRing
import CoterieTransport
import CoterieWire
import NIOCore
import NIOPosix
import Testing

struct ClientTests {
    private let first = ConnectionID(rawValue: 1)

    private func node(
        limits: Limits = Limits(), _ change: (inout TransportSettings) -> Void = { _ in }
    ) async throws -> TestNode {
        var settings = TransportSettings.testing
        change(&settings)
        let node = TestNode(1, layout: try nowhere(1), limits: limits, settings: settings)
        try await node.start()
        return node
    }

    @Test func aPipelinedBurstIsAnsweredInOrderWithFewFlushes() async throws {
        let node = try await node()
        try await node.run {
            $0.respond = { node, message, origin in
                guard case .client(let id) = origin else { return }
                #expect(node.network.send(.answer(message.sequence ?? 0), to: id))
            }
        }
        let raw = try await RawConnection.connect(to: node.endpoint)
        var bytes = ByteBuffer()
        Message.helloClient().encode(into: &bytes)
        for sequence in 0 ..< UInt64(5_000) { Message.get(sequence).encode(into: &bytes) }
        try await raw.say(bytes)
        try await raw.wait("all answers") { $0.heard.count == 5_001 }
        let heard = try await raw.conditions.eventLoop.submit { raw.heard }.get()
        guard case .hello(let hello) = heard[0] else {
            Issue.record("no hello: \(heard[0])")
            return
        }
        #expect(hello.speaker == .member(number: MemberNumber(1), name: "n1", nonce: 1))
        #expect(hello.epoch == Epoch(1))
        #expect(heard.dropFirst().compactMap(\.sequence) == Array(0 ..< 5_000))
        let traffic = try await node.statistics().clientTraffic
        #expect(traffic.framesIn == 5_001 && traffic.framesOut == 5_001)
        #expect(traffic.flushes < 500)
        let ticks = try await node.run { $0.events.filter { $0 == .tickEnded }.count }
        #expect(ticks < 500)
        try await raw.close()
        try await node.waitFor(.clientGone(first))
        try await node.stop()
    }

    @Test func helloAndRequestArriveByteByByte() async throws {
        let node = try await node()
        let raw = try await RawConnection.connect(to: node.endpoint)
        var bytes = ByteBuffer()
        Message.helloClient().encode(into: &bytes)
        Message.get(7).encode(into: &bytes)
        for byte in bytes.readableBytesView { try await raw.say(ByteBuffer(bytes: [byte])) }
        try await node.waitFor(.received(.get(7), .client(first)))
        try await node.stop()
    }

    @Test func garbageEndsThatOneConnection() async throws {
        let node = try await node()
        let good = try await RawConnection.connect(to: node.endpoint)
        try await good.say(.helloClient(), .get(1))
        try await node.waitFor(.received(.get(1), .client(first)))
        for garbage in ["GET / HTTP/1.1\r\n\r\n", "*1\r\n$4\r\nPING\r\n", String(repeating: "\u{0}", count: 64)] {
            let bad = try await RawConnection.connect(to: node.endpoint)
            try await bad.say(ByteBuffer(string: garbage))
            #expect(try await bad.waitForEnd().refusal?.reason == .malformed)
        }
        let late = try await RawConnection.connect(to: node.endpoint)
        try await late.say(.helloClient())
        try await late.say(ByteBuffer(string: "and now for something completely different"))
        #expect(try await late.waitForEnd().refusal?.reason == .malformed)
        try await good.say(.get(2))
        try await node.waitFor(.received(.get(2), .client(first)))
        try await node.wait("four counted") { $0.network.statistics.malformed == 4 }
        try await node.stop()
    }

    @Test func seededNoiseCrashesNothing() async throws {
        let node = try await node()
        for seed in 0 ..< UInt64(40) {
            var generator = SeededGenerator(seed: seed)
            var bytes = ByteBuffer()
            if generator.chance(1, in: 2) { Message.helloClient().encode(into: &bytes) }
            for sequence in 0 ..< UInt64(generator.below(4)) { Message.get(sequence).encode(into: &bytes) }
            for _ in 0 ..< 1 + generator.below(30) where bytes.readableBytes > 0 {
                bytes.setInteger(UInt8(truncatingIfNeeded: generator.next()), at: generator.below(bytes.readableBytes))
            }
            bytes.writeRepeatingByte(UInt8(truncatingIfNeeded: generator.next()), count: 40)
            let raw = try await RawConnection.connect(to: node.endpoint)
            try await raw.say(bytes)
            try await raw.close()
        }
        let raw = try await RawConnection.connect(to: node.endpoint)
        try await raw.say(.helloClient(), .get(99))
        try await node.wait("a good request") { $0.messages.contains(.get(99)) }
        try await node.stop()
    }

    @Test func aLongFrameIsRefusedBeforeItIsThereAndALongHelloSooner() async throws {
        let node = try await node()
        func header(_ length: UInt32, _ kind: MessageKind) -> ByteBuffer {
            var bytes = ByteBuffer()
            bytes.writeInteger(length)
            bytes.writeInteger(UInt32(0))
            bytes.writeBytes([1, kind.rawValue, 0, 0])
            return bytes
        }
        let early = try await RawConnection.connect(to: node.endpoint)
        try await early.say(header(70_000, .hello))
        #expect(
            try await early.waitForEnd().refusal
                == Refusal(.malformed, "a frame of 70012 bytes; maxFrameBytes is 65536"))
        let late = try await RawConnection.connect(to: node.endpoint)
        try await late.say(.helloClient())
        try await late.say(header(64 << 20, .request))
        #expect(
            try await late.waitForEnd().refusal
                == Refusal(.malformed, "a frame of 67108876 bytes; maxFrameBytes is 67108864"))
        try await node.stop()
    }

    @Test func whoSaysNothingIsSentAway() async throws {
        let node = try await node {
            $0.probeTimeout = .milliseconds(10)
            $0.helloTimeout = .milliseconds(30)
        }
        let raw = try await RawConnection.connect(to: node.endpoint)
        #expect(try await raw.waitForEnd().refusal == Refusal(.malformed, "no hello within 30ms"))
        try await node.stop()
    }

    @Test func aClientMaySpeakOnlyAsAClient() async throws {
        let node = try await node()
        for message in [
            Message.heartbeat(4), .introduce(Introduce(epoch: Epoch(1), store: 1)), .helloClient(), .answer(1),
        ] {
            let raw = try await RawConnection.connect(to: node.endpoint)
            try await raw.say(.helloClient(), message)
            if case .heartbeat = message {
                // A client may ask whether the node lives; the transport answers.
                try await raw.wait("an answer") { $0.heard.last == .heartbeat(4, isReply: true) }
                try await raw.close()
            } else {
                #expect(try await raw.waitForEnd().refusal?.reason == .malformed, "\(message.kind)")
            }
        }
        let wrong = try await RawConnection.connect(to: node.endpoint)
        try await wrong.say(.helloClient(cluster: "another"))
        #expect(try await wrong.waitForEnd().refusal?.reason == .wrongCluster)
        let mute = try await RawConnection.connect(to: node.endpoint)
        try await mute.say(.get(1))
        #expect(try await mute.waitForEnd().refusal == Refusal(.malformed, "request before the hellos"))
        #expect(try await node.run { $0.messages.isEmpty })
        try await node.stop()
    }

    @Test func oneClientTooManyIsToldSo() async throws {
        let node = try await node { $0.maxInboundConnections = 2 }
        var clients: [RawConnection] = []
        for _ in 0 ..< 2 {
            let raw = try await RawConnection.connect(to: node.endpoint)
            try await raw.say(.helloClient())
            try await raw.wait("its hello") { $0.heard.count == 1 }
            clients.append(raw)
        }
        let third = try await RawConnection.connect(to: node.endpoint)
        try await third.say(.helloClient())
        #expect(try await third.waitForEnd().refusal?.reason == .tooManyConnections)
        try await clients[0].close()
        try await node.waitFor(.clientGone(first))
        let fourth = try await RawConnection.connect(to: node.endpoint)
        try await fourth.say(.helloClient(), .get(4))
        try await node.wait("the fourth") { $0.messages == [.get(4)] }
        try await node.stop()
    }

    @Test func aSlowReaderIsReadNoFurtherAndThenServedInOrder() async throws {
        let node = try await node { $0.pauseClientBytes = 256 << 10 }
        try await node.run {
            $0.respond = { node, message, origin in
                guard case .client(let id) = origin else { return }
                _ = node.network.send(.answer(message.sequence ?? 0, size: 100_000), to: id)
            }
        }
        let raw = try await RawConnection.connect(to: node.endpoint, reading: false)
        var bytes = ByteBuffer()
        Message.helloClient().encode(into: &bytes)
        for sequence in 0 ..< UInt64(300) { Message.get(sequence).encode(into: &bytes) }
        try await raw.say(bytes)
        try await node.wait("something to be answered") { !$0.messages.isEmpty }
        // All 30 MB would wait here if reading went on; the kernel's buffers take a few.
        let before = try await node.run { $0.messages.count }
        #expect(before < 200)
        try await raw.read()
        try await raw.wait("all answers") { $0.heard.count == 301 }
        let heard = try await raw.conditions.eventLoop.submit { raw.heard.compactMap(\.sequence) }.get()
        #expect(heard == Array(0 ..< 300))
        try await node.stop()
    }

    @Test func aClientThatNeverReadsIsDisconnectedAtTheBound() async throws {
        let node = try await node {
            $0.pauseClientBytes = 1 << 20
            $0.maxClientBacklogBytes = 2 << 20
        }
        let raw = try await RawConnection.connect(to: node.endpoint, reading: false)
        try await raw.say(.helloClient(), .get(1))
        try await node.waitFor(.received(.get(1), .client(first)))
        var sent = 0
        while try await node.run({ $0.network.send(.answer(1, size: 100_000), to: ConnectionID(rawValue: 1)) }) {
            sent += 1
            try #require(sent < 2_000, "the backlog is not bounded")
        }
        try await node.waitFor(.clientGone(first))
        try await node.stop()
    }

    @Test func anAnswerThatNoFrameHoldsBecomesOneThatSaysSo() async throws {
        var limits = Limits()
        limits.maxValueBytes = 1_000
        limits.maxFrameBytes = 70_000
        let node = try await node(limits: limits)
        let raw = try await RawConnection.connect(to: node.endpoint)
        try await raw.say(.helloClient(), .get(1))
        try await node.waitFor(.received(.get(1), .client(first)))
        var object = CausalObject()
        let replica = ReplicaID(member: MemberNumber(1), incarnation: Incarnation(nonce: 1))
        object.write(dot: Dot(replica, 1), payload: ByteBuffer(repeating: 1, count: 80_000), observed: .init())
        let big = object
        let id = RequestID(origin: 1, sequence: 1)
        let receipt = Receipt(coordinator: MemberNumber(1), epoch: Epoch(1))
        for result in [ClientResult.object(big), .stored(context: big.context, object: big)] {
            let reply = Message.response(Response(id: id, reply: ClientReply(result: result, receipt: receipt)))
            #expect(try await node.run { $0.network.send(reply, to: ConnectionID(rawValue: 1)) })
        }
        try await raw.wait("both answers") { $0.heard.count == 3 }
        let heard = try await raw.conditions.eventLoop.submit { raw.heard }.get()
        guard case .response(let read) = heard[1], case .failed(let failure) = read.reply.result,
            case .response(let write) = heard[2]
        else {
            Issue.record("not two responses: \(heard.map(\.kind))")
            return
        }
        #expect(failure.code == .valueTooLarge && failure.outcome == .notApplied)
        #expect(write.reply.result == .stored(context: big.context, object: nil), "it was stored, and is said to be")
        try await node.stop()
    }

    @Test func aGracefulEndSendsWhatWaitsAndSaysGoodbye() async throws {
        let node = try await node()
        let raw = try await RawConnection.connect(to: node.endpoint)
        try await raw.say(.helloClient(), .get(1))
        try await node.waitFor(.received(.get(1), .client(first)))
        try await node.eventLoop.flatSubmit {
            for sequence in 0 ..< UInt64(100) {
                _ = node.network.send(.answer(sequence, size: 10_000), to: ConnectionID(rawValue: 1))
            }
            return node.network.shutdown()
        }.get()
        let heard = try await raw.waitForEnd()
        #expect(heard.compactMap(\.sequence) == Array(0 ..< 100))
        #expect(heard.refusal?.reason == .shuttingDown)
        await #expect(throws: (any Error).self) { try await RawConnection.connect(to: node.endpoint) }
    }
}
