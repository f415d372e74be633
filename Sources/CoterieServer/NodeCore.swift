// The shell around the machine: one exhaustive switch over effects, on one event loop.
//
// Bytes come in, a burst of frames is decoded, the machine runs in place, and at the end of the tick the disk's work is
// handed out and every connection that was written to is flushed once. Nothing here decides anything.

import CoterieMembership
import CoteriePrimitives
import CoterieReplication
import CoterieRing
import CoterieStorage
import CoterieTransport
import CoterieWire
import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A machine on its event loop. Everything but `layout` is called there.
final class NodeCore: NetworkReceiver, @unchecked Sendable {
    let eventLoop: any EventLoop
    private let network: Network
    private let lanes: DiskLanes
    private let logger: Logger
    private var machine: NodeMachine
    private var effects = Effects()
    private var unsent: [Input] = []
    private var isHandling = false
    private var waiting: [ReplyToken: @Sendable (ClientReply) -> Void] = [:]
    private var nextToken: UInt64 = 0
    private var timers: [TimerName: Scheduled<Void>] = [:]
    private var whenServing: (@Sendable () -> Void)?
    private var whenStopped: (@Sendable () -> Void)?
    /// The layout that the machine acts on, for whoever asks from another thread.
    private let currentLayout: Mutex<Layout>

    init(eventLoop: any EventLoop, machine: NodeMachine, network: Network, lanes: DiskLanes, logger: Logger) {
        self.eventLoop = eventLoop
        self.machine = machine
        self.network = network
        self.lanes = lanes
        self.logger = logger
        currentLayout = Mutex(machine.layout)
    }

    /// Safe from any thread.
    var layout: Layout { currentLayout.withLock { $0 } }

    /// Starts the machine; calls back once when it serves.
    func start(whenServing: @escaping @Sendable () -> Void) {
        self.whenServing = whenServing
        feed(.start)
        network.touch()
    }

    /// Finishes what is under way; calls back when all is answered and durable.
    func stop(whenStopped: @escaping @Sendable () -> Void) {
        self.whenStopped = whenStopped
        feed(.stop)
        network.touch()
    }

    /// Asks for a door; calls back on the event loop.
    func ask(_ request: ClientRequest, _ done: @escaping @Sendable (ClientReply) -> Void) {
        feed(.client(token(done), request))
        network.touch()
    }

    func setProperties(_ change: PropertiesChange, _ done: @escaping @Sendable (ClientReply) -> Void) {
        feed(.setProperties(token(done), change))
        network.touch()
    }

    func effectiveProperties(bucket: ByteBuffer, of type: BucketType) -> BucketProperties {
        machine.effectiveProperties(bucket: bucket, of: type)
    }

    func overriddenProperties(bucket: ByteBuffer) -> BucketProperties {
        machine.overriddenProperties(bucket: bucket)
    }

    /// The own replica of a key; calls back on the event loop.
    func inspect(_ key: ObjectKey, _ done: @escaping @Sendable (ClientReply) -> Void) {
        feed(.inspect(token(done), key))
        network.touch()
    }

    func rememberedMerges(of key: ObjectKey) -> [RememberedMerge] { machine.rememberedMerges(of: key) }
    var instant: Instant { now.monotonic }

    var status: MachineStatus { machine.status(at: now.monotonic) }
    var latencies: Latencies { machine.latencies }

    private func token(_ done: @escaping @Sendable (ClientReply) -> Void) -> ReplyToken {
        nextToken += 1
        let token = ReplyToken(rawValue: nextToken)
        waiting[token] = done
        return token
    }

    // MARK: NetworkReceiver

    func received(_ message: Message, from origin: MessageOrigin) {
        switch origin {
        case .member(let member): feed(.peer(message, from: member))
        case .client(let connection): feed(.connection(message, from: ConnectionToken(rawValue: connection.rawValue)))
        }
    }

    func memberConnected(_ member: MemberNumber, hello: Hello) {
        guard case .member(_, _, let nonce) = hello.speaker else { return }
        feed(.memberConnected(member, nonce: nonce))
        network.touch()
    }

    func memberDisconnected(_ member: MemberNumber, _ end: ConnectionEnd) {
        feed(.memberDisconnected(member))
        network.touch()
    }

    func memberRefused(_ member: MemberNumber, _ refusal: Refusal, byUs: Bool) {
        logger.warning(
            "\(byUs ? "refused a member" : "a member refused this node")",
            metadata: ["member": "\(member)", "reason": "\(refusal.reason)", "text": "\(refusal.text)"])
    }

    func clientDisconnected(_ connection: ConnectionID) {
        feed(.connectionClosed(ConnectionToken(rawValue: connection.rawValue)))
    }

    func tickEnded() { feed(.tickEnded) }

    // MARK: Inputs and effects

    private var now: Now {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return Now(
            monotonic: Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)),
            wall: WallTime(milliseconds: Int64(wall.tv_sec) * 1_000 + Int64(wall.tv_nsec) / 1_000_000))
    }

    private func feed(_ input: Input) {
        precondition(!isHandling, "the machine is entered once at a time")
        isHandling = true
        handle(input)
        while !unsent.isEmpty {
            let inputs = unsent
            unsent = []
            for input in inputs { handle(input) }
        }
        isHandling = false
    }

    private func handle(_ input: Input) {
        machine.handle(input, at: now, into: &effects)
        for effect in effects.list { perform(effect) }
        effects.removeAll()
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .send(let message, let member):
            if !network.send(message, to: member) { unsent.append(.unsent(message, to: member)) }
        case .answer(let message, let connection):
            _ = network.send(message, to: ConnectionID(rawValue: connection.rawValue))
        case .reply(let token, let reply): waiting.removeValue(forKey: token)?(reply)
        case .disk(let work):
            lanes.perform(work) { [self] completion in
                feed(.disk(completion))
                network.touch()
            }
        case .setTimer(let name, let instant): set(name, instant)
        case .cancelTimer(let name): timers.removeValue(forKey: name)?.cancel()
        case .note(let note): log(note)
        case .adopt(let layout):
            currentLayout.withLock { $0 = layout }
            network.updateLayout(layout)
        case .stopped:
            whenStopped?()
            whenStopped = nil
        }
    }

    private func set(_ name: TimerName, _ instant: Instant) {
        timers.removeValue(forKey: name)?.cancel()
        let deadline = NIODeadline.uptimeNanoseconds(UInt64(max(0, instant.nanoseconds)))
        timers[name] = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [unowned self] in
            timers[name] = nil
            feed(.timer(name))
            network.touch()
        }
    }

    /// The last thing: nothing fires any more.
    func cancelTimers() {
        for timer in timers.values { timer.cancel() }
        timers = [:]
    }

    private func log(_ note: Note) {
        switch note {
        case .serving:
            whenServing?()
            whenServing = nil
            logger.info("in service")
        case .quarantined:
            logger.warning("the store was lost: nothing is served until it is refilled by the other owners")
        case .refillProgress(let done, let of):
            // Some twenty lines, however many parts there are.
            if done == of || done % max(1, of / 20) == 0 {
                logger.info("refilling", metadata: ["done": "\(done)", "of": "\(of)"])
            }
        case .identityRenewed(let reason): logger.warning("new identity", metadata: ["reason": "\(reason)"])
        case .recordCorrupt(let fault):
            logger.error(
                "a record is corrupt",
                metadata: ["file": "\(fault.file)", "offset": "\(fault.offset)", "reason": "\(fault.reason)"])
        case .digestDisagrees(let group):
            logger.error("the index is not what was stored", metadata: ["group": "\(group)"])
        case .writesRefused(let failure): logger.error("writes are refused", metadata: ["reason": "\(failure)"])
        case .writesAccepted: logger.notice("writes are accepted again")
        case .manySiblings(let key, let count):
            logger.warning("many siblings", metadata: ["key": "\(key)", "siblings": "\(count)"])
        case .causalityFault(let key, let peer, let text):
            logger.error(
                "a message contradicts what is known",
                metadata: ["key": "\(key)", "from": "\(peer)", "text": "\(text)"])
        case .hintsDropped(let target, let waiting, let bytes):
            logger.warning(
                "the quota for hints is used up",
                metadata: ["for": "\(target)", "waiting": "\(waiting)", "bytes": "\(bytes)"])
        case .hintRefused(let key, let member, let code):
            logger.warning(
                "a hint is refused", metadata: ["key": "\(key)", "by": "\(member)", "code": "\(code)"])
        case .layoutLearnt(let epoch): logger.notice("new layout", metadata: ["epoch": "\(epoch)"])
        case .layoutRefused(let epoch, let reason):
            logger.error(
                "a new layout cannot be served; this node stays at the old one",
                metadata: ["epoch": "\(epoch)", "reason": "\(reason)"])
        case .memberChanged(let change):
            logger.log(
                level: change.to == .dead ? .notice : .info, "peer",
                metadata: [
                    "member": "\(change.member)", "state": "\(change.to)", "was": "\(change.from)",
                    "because": "\(change.cause)",
                ])
        case .malformedGossip(let member, let reason):
            logger.warning("gossip cannot be read", metadata: ["from": "\(member)", "reason": "\(reason)"])
        }
    }
}
