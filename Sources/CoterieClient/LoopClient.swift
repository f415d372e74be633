// The shell around the client's machine: one event loop, its connections, its timers. Everything here is synchronous
// and confined to the loop; the async surface is `CoterieClient`. Programs that make many thousand requests a second
// (the benchmark) use this level: a call costs no task, no promise and no lock.

import CoterieClientMachine
import CoteriePrimitives
import CoterieRing
import CoterieWire
import DequeModule
import Logging
import NIOCore

/// Who waits for a call's outcome at the level of the event loop.
public protocol CompletionReceiver: AnyObject {
    /// Once for each call, on the event loop; `tag` is what the call was submitted with. It may submit more.
    func completed(_ tag: UInt64, _ completion: Completion)
}

/// A call on its way, to cancel it by.
public struct CallToken: Hashable, Sendable {
    let slot: Int
    let generation: UInt64
}

/// A client on one event loop, without concurrency. All functions are called on that loop.
///
/// ```swift
/// loop.execute {
///     let client = LoopClient(seeds: [seed], eventLoop: loop, logger: logger)
///     client.start()
///     _ = client.submit(ClientRequest(key: key, operation: .get), tag: 7, to: receiver)
/// }
/// ```
public final class LoopClient: @unchecked Sendable {
    public let eventLoop: any EventLoop
    let limits: Limits
    let logger: Logger
    var machine: ClientMachine
    var links: [LinkID: any ClientLink] = [:]
    let network: any ClientNetwork

    private var waiters: [Waiter] = []
    private var freeWaiters: [Int] = []
    private var generations: UInt64 = 0
    private var timers: [ClientTimer: Scheduled<Void>] = [:]
    private var inbox = Deque<ClientInput>()
    private var effects: [ClientEffect] = []
    private var isBusy = false
    private var whenClosed: [() -> Void] = []
    private var isClosed = false
    /// Called on the loop for each newer layout.
    public var whenLearnt: ((Layout) -> Void)?

    private struct Waiter {
        var receiver: (any CompletionReceiver)?
        var tag: UInt64
        var generation: UInt64
        var request: RequestID?
    }

    init(
        settings: ClientSettings, seeds: [Endpoint], clusterName: String?, limits: Limits, origin: UInt64,
        network: any ClientNetwork, logger: Logger
    ) {
        self.limits = limits
        self.logger = logger
        self.network = network
        eventLoop = network.eventLoop
        machine = ClientMachine(settings: settings, seeds: seeds, clusterName: clusterName, origin: origin)
    }

    // MARK: Calls

    /// Begins to connect. Once, before anything else.
    public func start() {
        eventLoop.assertInEventLoop()
        handle(.start)
    }

    /// Makes a request. `receiver` is retained until it has been told.
    @discardableResult
    public func submit(_ request: ClientRequest, tag: UInt64, to receiver: any CompletionReceiver) -> CallToken {
        eventLoop.assertInEventLoop()
        generations += 1
        let waiter = Waiter(receiver: receiver, tag: tag, generation: generations, request: nil)
        let slot: Int
        if let free = freeWaiters.popLast() {
            slot = free
            waiters[slot] = waiter
        } else {
            slot = waiters.count
            waiters.append(waiter)
        }
        handle(.call(CallID(UInt64(slot)), request))
        return CallToken(slot: slot, generation: waiter.generation)
    }

    /// Ends a call if it has no outcome yet: its receiver is told at once.
    public func cancel(_ token: CallToken) {
        eventLoop.assertInEventLoop()
        guard waiters.indices.contains(token.slot), waiters[token.slot].generation == token.generation else { return }
        if let request = waiters[token.slot].request {
            handle(.cancel(request))
        } else {
            // It waits in the inbox still, behind what is being handled.
            eventLoop.assumeIsolated().execute { self.cancel(token) }
        }
    }

    /// Takes no more calls, answers those that wait and disconnects.
    public func close(_ then: @escaping () -> Void) {
        eventLoop.assertInEventLoop()
        if isClosed { return then() }
        whenClosed.append(then)
        handle(.close)
    }

    /// As `close`, without waiting for answers.
    public func abort() {
        eventLoop.assertInEventLoop()
        handle(.abort)
    }

    /// The newest layout learnt.
    public var layout: Layout? { machine.layout }
    /// Calls without an outcome.
    public var pending: Int { machine.pending }

    // MARK: The machine

    /// Feeds the machine. What its effects lead to meanwhile (a receiver that submits more) is handled behind them, so
    /// that no effect is overtaken by one of a later input.
    func handle(_ input: ClientInput) {
        guard !isBusy else {
            inbox.append(input)
            return
        }
        isBusy = true
        step(input)
        while let next = inbox.popFirst() { step(next) }
        isBusy = false
    }

    private func step(_ input: ClientInput) {
        if case .call(let id, _) = input { waiters[Int(id.rawValue)].request = machine.nextRequestID }
        machine.handle(input, at: network.now, into: &effects)
        var performing: [ClientEffect] = []
        swap(&performing, &effects)
        for effect in performing { perform(effect) }
        performing.removeAll(keepingCapacity: true)
        swap(&performing, &effects)
    }

    private func perform(_ effect: ClientEffect) {
        switch effect {
        case .send(let link, let message): send(message, over: link)
        case .complete(let id, let completion): complete(id, completion)
        case .connect(let link, let endpoint, let hello):
            links[link] = network.connect(endpoint, hello, LinkReceiver(client: self, link: link))
        case .disconnect(let link): links.removeValue(forKey: link)?.close()
        case .setTimer(let timer, let at): set(timer, at)
        case .cancelTimer(let timer): timers.removeValue(forKey: timer)?.cancel()
        case .learnt(let layout): whenLearnt?(layout)
        case .closed: closed()
        case .trace(let trace): log(trace)
        }
    }

    private func send(_ message: Message, over link: LinkID) {
        guard links[link]?.send(message) != true, case .request(let request) = message else { return }
        inbox.append(.notSent(link, request.id))
    }

    private func complete(_ id: CallID, _ completion: Completion) {
        let slot = Int(id.rawValue)
        let waiter = waiters[slot]
        waiters[slot] = Waiter(receiver: nil, tag: 0, generation: 0, request: nil)
        freeWaiters.append(slot)
        waiter.receiver?.completed(waiter.tag, completion)
    }

    private func set(_ timer: ClientTimer, _ at: Instant) {
        timers[timer]?.cancel()
        timers[timer] = network.schedule(at: at) { [weak self] in
            self?.timers[timer] = nil
            self?.handle(.timer(timer))
        }
    }

    private func closed() {
        isClosed = true
        let callbacks = whenClosed
        whenClosed = []
        for callback in callbacks { callback() }
    }

    private func log(_ trace: ClientTrace) {
        switch trace {
        case .connected(let endpoint, let member, let epoch):
            logger.debug("connected", metadata: ["node": "\(endpoint)", "member": "\(member)", "epoch": "\(epoch)"])
        case .disconnected(let endpoint, let why):
            logger.debug("disconnected", metadata: ["node": "\(endpoint)", "why": "\(why)"])
        case .cannotConnect(let endpoint, let why):
            logger.debug("cannot connect", metadata: ["node": "\(endpoint)", "why": "\(why)"])
        case .suspected(let endpoint): logger.debug("silent", metadata: ["node": "\(endpoint)"])
        case .badLayout(let endpoint, let why):
            logger.debug("unusable layout", metadata: ["node": "\(endpoint)", "why": "\(why)"])
        }
    }
}

/// One link's events, on their way to the machine. What comes of a link that was let go is dropped.
struct LinkReceiver {
    let client: LoopClient
    let link: LinkID

    func up(_ hello: Hello) {
        guard client.links[link] != nil else { return }
        client.handle(.linkUp(link, hello))
    }

    func received(_ message: Message) { client.handle(.received(link, message)) }

    func down(_ failure: LinkFailure) {
        guard client.links.removeValue(forKey: link) != nil else { return }
        client.handle(.linkDown(link, failure))
    }
}

/// A connection as the client uses it.
protocol ClientLink: AnyObject {
    /// False: certainly not sent.
    func send(_ message: Message) -> Bool
    /// Closes it; nothing more is told of it.
    func close()
}

/// What the client needs of the world: connections, time and timers of one event loop.
protocol ClientNetwork: AnyObject {
    var eventLoop: any EventLoop { get }
    var now: Now { get }
    /// Tells `receiver` later, never from within.
    func connect(_ endpoint: Endpoint, _ hello: Hello, _ receiver: LinkReceiver) -> any ClientLink
    func schedule(at instant: Instant, _ body: @escaping () -> Void) -> Scheduled<Void>
}

extension LoopClient {
    /// Whether the layout is known and every node that requests may go to has all its connections.
    public var isFullyConnected: Bool {
        eventLoop.assertInEventLoop()
        return machine.isFullyConnected
    }

    /// What is wrong with every node, where none is connected or being tried; else nil.
    public var connectionTrouble: String? {
        eventLoop.assertInEventLoop()
        return machine.connectionTrouble
    }
}
