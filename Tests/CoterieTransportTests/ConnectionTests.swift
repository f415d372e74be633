// One connection without sockets: ticks, flushes, back-pressure, byte by byte.

import CoteriePrimitives
import CoterieWire
import NIOCore
import NIOEmbedded
import Testing

@testable import CoterieTransport

/// Keeps what a connection tells; answers as the test says.
private final class Owner: ConnectionOwner {
    var received: [Message] = []
    var opened = 0
    var end: ConnectionEnd?
    var respond: (Connection, Message) -> Void = { _, _ in }

    func connectionOpened(_ connection: Connection) { opened += 1 }
    func connection(_ connection: Connection, received message: Message) {
        received.append(message)
        respond(connection, message)
    }
    func connectionEnded(_ connection: Connection, _ end: ConnectionEnd) {
        #expect(self.end == nil, "ended twice")
        self.end = end
    }
}

struct ConnectionTests {
    private let channel: EmbeddedChannel
    private let tick: EndOfTick
    private let owner = Owner()
    private let connection: Connection

    init() throws {
        channel = EmbeddedChannel()
        tick = EndOfTick(eventLoop: channel.embeddedEventLoop)
        connection = Connection(side: .accepted, owner: owner, tick: tick, settings: TransportSettings())
        connection.raiseLimits(maxFrameBytes: 1 << 20, maxBacklogBytes: 10_000, pauseBytes: 4_000)
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func frames(_ messages: [Message]) -> ByteBuffer {
        var bytes = ByteBuffer()
        for message in messages { message.encode(into: &bytes) }
        return bytes
    }

    /// All that was written, as messages, and in how many writes.
    private func written() throws -> (messages: [Message], writes: Int) {
        var decoder = FrameDecoder(maxFrameBytes: 1 << 20)
        var messages: [Message] = []
        var writes = 0
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
            writes += 1
            decoder.append(bytes)
            while let frame = try decoder.next() { messages.append(try Message.decode(frame)) }
        }
        #expect(decoder.bufferedBytes == 0)
        return (messages, writes)
    }

    private func accepted(_ message: Message) -> Bool {
        if case .accepted = connection.send(message) { true } else { false }
    }

    @Test func aBurstIsAnsweredByOneFlushAtTheEndOfTheTick() throws {
        var ticks = 0
        tick.whenTouched = { ticks += 1 }
        let tick = tick
        owner.respond = { connection, message in
            tick.touch()
            _ = connection.send(.answer(message.sequence ?? 0))
        }
        try channel.writeInbound(frames((0 ..< 50).map { .get($0) }))
        #expect(owner.received == (0 ..< 50).map { .get($0) })
        #expect(try written().writes == 0, "nothing goes out before the end of the tick")

        channel.embeddedEventLoop.run()
        let (messages, writes) = try written()
        #expect(messages == (0 ..< 50).map { .answer($0) })
        #expect(writes == 1)
        #expect(ticks == 1)
        #expect(connection.traffic.flushes == 1)

        _ = connection.send(.heartbeat(1))
        channel.embeddedEventLoop.run()
        #expect(try written().writes == 1)
        #expect(ticks == 1, "a tick in which nothing came in is only flushed")
    }

    @Test func whatIsSentAtTheEndOfTheTickGoesWithTheSameFlush() throws {
        let connection = connection
        tick.whenTouched = { _ = connection.send(.heartbeat(2)) }
        tick.touch()
        _ = connection.send(.heartbeat(1))
        channel.embeddedEventLoop.run()
        let (messages, writes) = try written()
        #expect(messages == [.heartbeat(1), .heartbeat(2)])
        #expect(writes == 1)
    }

    @Test func messagesArriveByteByByte() throws {
        for byte in frames([.get(1), .heartbeat(2), .get(3)]).readableBytesView {
            try channel.writeInbound(ByteBuffer(bytes: [byte]))
        }
        #expect(owner.received == [.get(1), .heartbeat(2), .get(3)])
    }

    @Test func malformedBytesAreAnsweredAndEndTheConnection() throws {
        var bytes = frames([.get(1)])
        bytes.writeString("GET / HTTP/1.1\r\n\r\n")
        try channel.writeInbound(bytes)
        #expect(owner.received == [.get(1)])
        channel.embeddedEventLoop.run()
        let refusal = try #require(try written().messages.refusal)
        #expect(refusal.reason == .malformed)
        try channel.writeInbound(frames([.get(2)]))
        #expect(owner.received == [.get(1)], "nothing is read behind malformed bytes")
        channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(owner.end == .refusing(refusal))
        #expect(!channel.isActive)
    }

    @Test func whileTheChannelTakesNothingBytesWaitUpToTheLimit() throws {
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        var sent: UInt64 = 0
        while accepted(.answer(sent, size: 500)) { sent += 1 }
        #expect(connection.backlogBytes <= 10_000)
        #expect(connection.backlogBytes > 9_000)
        #expect(connection.traffic.dropped == 1)
        channel.embeddedEventLoop.run()
        #expect(try written().writes == 0)

        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try written().messages == (0 ..< sent).map { .answer($0, size: 500) })
        #expect(accepted(.heartbeat(1)))
    }

    @Test func oneFrameMayExceedTheBacklogButNotTheFrameLimit() throws {
        #expect(accepted(.answer(1, size: 50_000)))
        channel.embeddedEventLoop.run()
        #expect(try written().messages == [.answer(1, size: 50_000)])
        guard case .tooLong(let bytes) = connection.send(.answer(1, size: 1 << 20)) else {
            Issue.record("a frame beyond the limit was taken")
            return
        }
        #expect(bytes > 1 << 20)
        channel.embeddedEventLoop.run()
        #expect(try written().messages.isEmpty)
    }

    @Test func whoDoesNotReadAnswersIsNotReadFrom() throws {
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        owner.respond = { connection, message in _ = connection.send(.answer(message.sequence ?? 0, size: 500)) }
        try channel.writeInbound(frames((0 ..< 100).map { .get($0) }))
        #expect(owner.received.count < 12, "the rest of the burst waits undecoded")
        #expect(connection.backlogBytes < 5_000)
        let autoRead = channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool
        #expect(autoRead == false)

        // Each time the channel empties, some more is read, until all are answered in order.
        var answers: [Message] = []
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        for _ in 0 ..< 100 where answers.count < 100 {
            channel.embeddedEventLoop.run()
            answers += try written().messages
        }
        #expect(answers == (0 ..< 100).map { .answer($0, size: 500) })
    }

    @Test func whatWaitsGoesOutBeforeADrainedConnectionCloses() throws {
        for sequence in 0 ..< UInt64(5) { _ = connection.send(.answer(sequence)) }
        connection.refuse(Refusal(.shuttingDown, "bye"))
        #expect(!accepted(.heartbeat(1)))
        let messages = try written().messages
        #expect(messages == (0 ..< 5).map { .answer($0) } + [.refused(Refusal(.shuttingDown, "bye"))])
        channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(owner.end == .refusing(Refusal(.shuttingDown, "bye")))
    }

    @Test func theOtherEndsCloseIsToldOnce() throws {
        _ = connection.send(.heartbeat(1))
        _ = try channel.finish(acceptAlreadyClosed: true)
        #expect(owner.end == .lost("the other end closed the connection"))
        #expect(!accepted(.heartbeat(2)))
    }

    @Test func aDoomedConnectionEndsAtTheEndOfTheTickNotWithinTheCall() throws {
        connection.doom(.lost("enough"))
        #expect(owner.end == nil)
        #expect(!connection.isOpen)
        channel.embeddedEventLoop.run()
        #expect(owner.end == .lost("enough"))
    }
}
