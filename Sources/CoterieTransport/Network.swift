// A node's network: one duplex connection with every other member, and those of native clients.
//
// Everything happens on one event loop, without promises, locks or tasks per message. A message comes in, the node is
// called in place, what it sends is encoded into the connections' buffers, and at the end of the tick every connection
// that has something is flushed once (EndOfTick.swift).

import CoteriePrimitives
import CoterieRing
import CoterieWire
import Logging
import NIOCore

/// The connections of one node. Confined to its event loop: every function is called there.
public final class Network: @unchecked Sendable {
    public let eventLoop: any EventLoop
    public let local: LocalMember
    public internal(set) var layout: Layout
    let limits: Limits
    let settings: TransportSettings
    let logger: Logger
    let tick: EndOfTick

    /// From `start` to `shutdown`.
    var receiver: (any NetworkReceiver)?
    var listener: (any Channel)?
    var isShutDown = false

    /// By member; those of the layout without ourselves.
    var peers: [MemberNumber: Peer] = [:]
    var clients: [ConnectionID: Connection] = [:]
    /// Inbound connections that have not said who they are.
    var strangers: [ObjectIdentifier: Connection] = [:]

    var lastClient: UInt64 = 0
    var clientTraffic = Traffic()
    var refusedCount: UInt64 = 0
    var malformedCount: UInt64 = 0
    /// Nil: not allowed.
    var faults: NetworkFaults?

    /// - Parameters:
    ///   - local: a member of `layout`.
    ///   - settings: without a `problem`.
    public init(
        eventLoop: any EventLoop, local: LocalMember, layout: Layout, limits: Limits = Limits(),
        settings: TransportSettings = TransportSettings(), logger: Logger
    ) {
        precondition(layout.member(local.number) != nil, "\(local.number) is not in the layout")
        precondition(settings.problem == nil, settings.problem ?? "")
        self.eventLoop = eventLoop
        self.local = local
        self.layout = layout
        self.limits = limits
        self.settings = settings
        self.logger = logger
        tick = EndOfTick(eventLoop: eventLoop)
        faults = settings.allowsFaults ? NetworkFaults() : nil
        tick.whenTouched = { [weak self] in self?.receiver?.tickEnded() }
        adoptMembers()
    }

    /// Listens, unless `listen` did already, then begins to reach the other members. `receiver` is retained until
    /// `shutdown`.
    /// - Returns: where it listens; fails with `ListenError`.
    public func start(receiver: any NetworkReceiver) -> EventLoopFuture<Endpoint> {
        eventLoop.preconditionInEventLoop()
        precondition(self.receiver == nil, "started twice")
        self.receiver = receiver
        let bound = listener.map { eventLoop.makeSucceededFuture(endpoint(of: $0)) } ?? listen()
        return bound.map { endpoint in
            for peer in self.sortedPeers { self.dial(peer) }
            return endpoint
        }
    }

    // MARK: Sending

    /// Sends to a member at the end of the tick. False: certainly not sent, for want of a connection, or because more
    /// than `Limits.maxPeerBacklogBytes` wait for it, or because the frame would exceed `Limits.maxFrameBytes`.
    public func send(_ message: Message, to member: MemberNumber) -> Bool {
        eventLoop.assertInEventLoop()
        guard let connection = peers[member]?.connection else { return false }
        if case .accepted = connection.send(message) { return true }
        return false
    }

    /// Answers a client. False: certainly not sent; a client that does not read its answers is disconnected. An answer
    /// that no frame can hold is replaced by one that says so.
    public func send(_ message: Message, to client: ConnectionID) -> Bool {
        eventLoop.assertInEventLoop()
        guard let connection = clients[client] else { return false }
        switch connection.send(message) {
        case .accepted: return true
        case .notConnected: return false
        case .backlogFull:
            connection.doom(.lost("it does not read its answers: \(connection.backlogBytes) bytes wait"))
            return false
        case .tooLong(let bytes):
            guard let shorter = message.shortened(from: bytes, limit: limits.maxFrameBytes) else { return false }
            if case .accepted = connection.send(shorter) { return true }
            return false
        }
    }

    /// Has `tickEnded` called at the end of this tick.
    public func touch() {
        eventLoop.assertInEventLoop()
        tick.touch()
    }

    /// Gives up the connection with a member that does not answer; the dialling end soon tries again.
    public func drop(_ member: MemberNumber) {
        eventLoop.assertInEventLoop()
        peers[member]?.connection?.doom(.lost("the member does not answer"))
    }

    // MARK: Changes

    /// Acts on another layout: new members are reached, those that left are disconnected. Standing connections stand.
    public func updateLayout(_ layout: Layout) {
        eventLoop.preconditionInEventLoop()
        guard layout != self.layout else { return }
        self.layout = layout
        for peer in sortedPeers where layout.member(peer.number) == nil { remove(peer) }
        adoptMembers()
    }

    /// Stops to listen: whoever comes now is turned away by the operating system.
    public func stopListening() {
        eventLoop.preconditionInEventLoop()
        listener?.close(promise: nil)
        listener = nil
    }

    /// Ends all connections, the graceful way after saying so and sending what waits, at most `lingerTimeout` long.
    /// The receiver is told nothing more. The future succeeds when everything is closed.
    public func shutdown(graceful: Bool = true) -> EventLoopFuture<Void> {
        eventLoop.preconditionInEventLoop()
        stopListening()
        isShutDown = true
        receiver = nil
        let goodbye = Refusal(.shuttingDown, "\(local.name) is shutting down")
        let connections =
            Array(clients.values) + Array(strangers.values) + sortedPeers.flatMap(\.allConnections)
        for connection in connections {
            if graceful { connection.refuse(goodbye) } else { connection.doom(.closed) }
        }
        for peer in sortedPeers { remove(peer) }
        return EventLoopFuture.andAllComplete(connections.map { $0.closed(on: eventLoop) }, on: eventLoop)
    }

    public var statistics: NetworkStatistics {
        eventLoop.preconditionInEventLoop()
        let traffic = clients.values.reduce(into: clientTraffic) { $0 += $1.traffic }
        return NetworkStatistics(
            peers: sortedPeers.map(\.statistics), clientsConnected: clients.count, clients: lastClient,
            clientTraffic: traffic, refused: refusedCount, malformed: malformedCount)
    }

    // MARK: Members

    var sortedPeers: [Peer] { peers.values.sorted { $0.number < $1.number } }

    /// Peers for the members of the layout that have none yet, and new addresses for the others.
    private func adoptMembers() {
        for member in layout.members where member.number != local.number {
            if let peer = peers[member.number] {
                let hasMoved = peer.member.peer != member.peer
                peer.member = member
                if hasMoved { dial(peer) }
            } else {
                let seed = local.nonce ^ UInt64(member.number.rawValue)
                let backoff = Backoff(
                    initial: settings.reconnectInitial, longest: settings.reconnectMax, seed: seed)
                let peer = Peer(member: member, weDial: local.number < member.number, backoff: backoff)
                peers[member.number] = peer
                if receiver != nil { dial(peer) }
            }
        }
    }

    private func remove(_ peer: Peer) {
        peer.retry?.cancel()
        let connections = peer.allConnections
        peers[peer.number] = nil
        let wasConnected = peer.isConnected
        peer.state = .removed
        for connection in connections { connection.drain(.closed) }
        if wasConnected { tell { $0.memberDisconnected(peer.number, .closed) } }
    }

    /// Calls the receiver, outside of whatever it is doing.
    func tell(_ call: @escaping (any NetworkReceiver) -> Void) {
        eventLoop.assumeIsolated().execute {
            guard let receiver = self.receiver else { return }
            call(receiver)
            self.tick.touch()
        }
    }
}

extension Message {
    /// What is answered instead of a response whose object does not fit a frame; nil where nothing can be left out.
    fileprivate func shortened(from bytes: Int, limit: Int) -> Message? {
        guard case .response(var response) = self else { return nil }
        switch response.reply.result {
        case .object:
            let text = "the answer has \(bytes) bytes with all siblings; maxFrameBytes is \(limit)"
            response.reply.result = .failed(Failure(.valueTooLarge, text))
        case .stored(let context, .some): response.reply.result = .stored(context: context, object: nil)
        case .stored, .failed: return nil
        }
        return .response(response)
    }
}
