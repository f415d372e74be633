// One connection: bytes to messages, messages to bytes, and how much of either may wait.
//
// Messages are encoded straight into one outbound buffer, which is handed to the channel at the end of the tick. While
// the channel cannot take more, bytes wait here, where they are counted.

import CoterieWire
import NIOCore

/// Who a connection belongs to. Calls come on the event loop, never from within the connection's own functions.
protocol ConnectionOwner: AnyObject {
    func connectionOpened(_ connection: Connection)
    func connection(_ connection: Connection, received message: Message)
    /// Exactly once, the last call; also where `connectionOpened` never came.
    func connectionEnded(_ connection: Connection, _ end: ConnectionEnd)
}

/// The last handler of a channel. Confined to the channel's event loop.
final class Connection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who is at the other end, as far as it has said; the owner's to set.
    enum Identity {
        case unknown
        /// Dialled: it has our hello and owes us its own.
        case greeting(Peer)
        case member(Peer)
        case client(ConnectionID)
        /// A newcomer under a number whose bearer is being probed.
        case candidate(Peer)
    }

    private enum State {
        /// Not connected yet, or being read and written.
        case open
        /// Everything was said: what is unsent goes out, what comes in is ignored.
        case draining(ConnectionEnd)
        case ended
    }

    let side: ConnectionSide
    var identity = Identity.unknown
    /// As a client has introduced itself; kept where faults are allowed.
    var clientName = ""
    private(set) var traffic = Traffic()
    private(set) var remoteAddress = "unknown address"
    private(set) var wasOpened = false

    private var owner: (any ConnectionOwner)?
    private let tick: EndOfTick
    private let settings: TransportSettings
    private var state = State.open
    private var context: ChannelHandlerContext?
    private var channel: (any Channel)?
    private var decoder: FrameDecoder
    private var outbound = ByteBuffer()
    private var isDirty = false
    private var bytesInChannel = 0
    /// The connection is ended at the end of the tick, for this reason.
    private var doom: ConnectionEnd?

    private var maxFrameBytes: Int
    private var maxBacklogBytes: Int
    /// Nil: reading goes on whatever the other end reads.
    private var pauseBytes: Int?
    private var isPaused = false
    /// Nil on every link that nothing was done to on purpose.
    private var faults: ConnectionFaults?

    init(side: ConnectionSide, owner: any ConnectionOwner, tick: EndOfTick, settings: TransportSettings) {
        self.side = side
        self.owner = owner
        self.tick = tick
        self.settings = settings
        maxFrameBytes = settings.maxHelloBytes
        maxBacklogBytes = settings.maxHelloBytes
        decoder = FrameDecoder(maxFrameBytes: settings.maxHelloBytes)
    }

    /// After the hellos: larger frames, another backlog. `pauseBytes`: unsent bytes beyond which nothing is read.
    func raiseLimits(maxFrameBytes: Int, maxBacklogBytes: Int, pauseBytes: Int?) {
        decoder.maxFrameBytes = maxFrameBytes
        self.maxFrameBytes = maxFrameBytes
        self.maxBacklogBytes = maxBacklogBytes
        self.pauseBytes = pauseBytes
    }

    /// Whether messages can be sent and are received.
    var isOpen: Bool {
        if case .open = state { doom == nil && context != nil } else { false }
    }

    /// Bytes that the operating system has not taken yet; an upper bound of them while it takes none.
    var backlogBytes: Int { outbound.readableBytes + bytesInChannel + (faults?.outgoing.count ?? 0) }

    // MARK: Sending

    /// What became of a message; all but `accepted`: certainly not sent.
    enum SendOutcome {
        /// It goes out at the end of the tick.
        case accepted
        case notConnected
        case backlogFull
        /// Longer than the other end would take.
        case tooLong(bytes: Int)
    }

    /// Encodes the message to be sent at the end of the tick.
    func send(_ message: Message) -> SendOutcome {
        guard isOpen else { return .notConnected }
        if backlogBytes >= maxBacklogBytes {
            measureChannel()
            guard backlogBytes < maxBacklogBytes else {
                traffic.dropped += 1
                return .backlogFull
            }
        }
        let start = outbound.writerIndex
        let waiting = backlogBytes
        let size = message.encode(into: &outbound)
        guard size <= maxFrameBytes, waiting == 0 || waiting + size <= maxBacklogBytes else {
            outbound.moveWriterIndex(to: start)
            traffic.dropped += 1
            return size > maxFrameBytes ? .tooLong(bytes: size) : .backlogFull
        }
        traffic.framesOut += 1
        markDirty()
        if let pauseBytes, backlogBytes > pauseBytes { pauseReading() }
        return .accepted
    }

    private func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        tick.flush(self)
    }

    /// The end of a tick.
    func flush() {
        isDirty = false
        if let doom {
            finish(doom)
        } else {
            handOver()
        }
    }

    /// Hands what waits to the channel, where that takes anything.
    private func handOver() {
        guard let context, outbound.readableBytes > 0, context.channel.isWritable else { return }
        // Emptied first: writing may call back to say that the channel can take more.
        var bytes = ByteBuffer()
        swap(&bytes, &outbound)
        traffic.flushes += 1
        traffic.bytesOut += UInt64(bytes.readableBytes)
        if let faults {
            faults.outgoing.append(bytes)
            return resumeWhereDrained()
        }
        context.write(wrapOutboundOut(bytes), promise: nil)
        context.flush()
        // Where the operating system took all at once, the buffer is ours alone again and is used on.
        if outbound.capacity == 0, bytes.capacity <= Self.keptCapacity {
            bytes.clear()
            outbound = bytes
        }
        measureChannel()
        resumeWhereDrained()
    }

    private static let keptCapacity = 64 << 10

    private func measureChannel() {
        guard let context, !context.channel.isWritable else {
            bytesInChannel = 0
            return
        }
        bytesInChannel = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    // MARK: Ending

    /// Ends the connection at the end of the tick: safe from within any call.
    func doom(_ end: ConnectionEnd) {
        guard case .open = state, doom == nil else { return }
        doom = end
        markDirty()
    }

    /// Says why, sends what waits, and ends the connection.
    func refuse(_ refusal: Refusal) {
        guard case .open = state else { return }
        Message.refused(refusal).encode(into: &outbound)
        drain(.refusing(refusal))
    }

    /// Sends what waits, then ends the connection; at the latest after `lingerTimeout`.
    func drain(_ end: ConnectionEnd) {
        guard case .open = state else { return }
        guard let context else {
            doom(end)
            return
        }
        state = .draining(end)
        resumeReading()
        handOver()
        closeOutputWhenDrained()
        // The other end sees the last bytes and then the end; closing at once could make its system discard them.
        context.eventLoop.scheduleTask(in: settings.lingerTimeout.timeAmount) { [weak self] in self?.finish(end) }
    }

    private func closeOutputWhenDrained() {
        guard case .draining = state, let context, outbound.readableBytes == 0, faults?.outgoing.isEmpty ?? true
        else { return }
        context.close(mode: .output, promise: nil)
    }

    /// Ends the connection now; what waits is lost.
    func finish(_ end: ConnectionEnd) {
        if case .ended = state { return }
        let told: ConnectionEnd = if case .draining(let first) = state { first } else { end }
        state = .ended
        outbound = ByteBuffer()
        faults?.discard()
        faults = nil
        decoder = FrameDecoder(maxFrameBytes: Frame.headerBytes)
        let context = context
        self.context = nil
        let owner = owner
        self.owner = nil
        context?.close(promise: nil)
        owner?.connectionEnded(self, told)
    }

    /// Succeeds when the channel is closed.
    func closed(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        channel?.closeFuture ?? eventLoop.makeSucceededVoidFuture()
    }

    // MARK: Receiving

    private func decode() {
        while isOpen, !isPaused {
            let message: Message
            do {
                guard let frame = try decoder.next() else { return }
                message = try Message.decode(frame)
            } catch {
                refuse(Refusal(.malformed, "\(error)"))
                return
            }
            traffic.framesIn += 1
            owner?.connection(self, received: message)
        }
    }

    private func pauseReading() {
        guard !isPaused else { return }
        isPaused = true
        setReading()
    }

    private func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        setReading()
    }

    private func setReading() {
        let reads = !isPaused && !(faults?.isFull ?? false)
        try? context?.channel.syncOptions?.setOption(.autoRead, value: reads)
    }

    private func resumeWhereDrained() {
        guard isPaused, backlogBytes <= (pauseBytes ?? 0) / 2 else { return }
        resumeReading()
        decode()
    }

    // MARK: Faults

    /// What is done to both directions from now on; nil: nothing. What waits for a fault that is healed passes at once.
    func setFaults(outgoing: FaultyLink?, incoming: FaultyLink?) {
        guard isOpen, let context else { return }
        if faults == nil {
            guard outgoing != nil || incoming != nil else { return }
            faults = ConnectionFaults(
                on: context.eventLoop, send: { [unowned self] in deliver($0) },
                receive: { [unowned self] in
                    receive($0)
                    setReading()
                })
        }
        guard let faults else { return }
        faults.outgoing.set(outgoing)
        faults.incoming.set(incoming)
        guard outgoing == nil, incoming == nil else { return }
        self.faults = nil
        setReading()
    }

    /// Bytes whose time has come.
    private func deliver(_ bytes: ByteBuffer) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        measureChannel()
        closeOutputWhenDrained()
        resumeWhereDrained()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        channel = context.channel
        if context.channel.isActive { opened() }
    }

    func channelActive(context: ChannelHandlerContext) { opened() }

    private func opened() {
        guard case .open = state, let context, !wasOpened else { return }
        wasOpened = true
        remoteAddress = context.channel.remoteAddress.map { "\($0)" } ?? remoteAddress
        owner?.connectionOpened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let faults {
            faults.incoming.append(bytes)
            if faults.isFull { setReading() }
            return
        }
        receive(bytes)
    }

    private func receive(_ bytes: ByteBuffer) {
        traffic.bytesIn += UInt64(bytes.readableBytes)
        guard isOpen else { return }
        decoder.append(bytes)
        decode()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else {
            measureChannel()
            return
        }
        bytesInChannel = 0
        handOver()
        closeOutputWhenDrained()
        resumeWhereDrained()
    }

    func channelInactive(context: ChannelHandlerContext) { finish(.lost("the other end closed the connection")) }

    func handlerRemoved(context: ChannelHandlerContext) { finish(.lost("the channel is gone")) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(.lost("\(error)")) }
}
